/** What the server does next. `refused` is the client's fault in form: the password was never looked at. */
export type SaslStep =
	| { is: 'challenge'; challenge: Buffer }
	| { is: 'password'; authzid: string; login: string; password: string }
	| { is: 'external'; authzid: string }
	| { is: 'refused'; why: string }

const EMPTY = Buffer.alloc(0)
const USERNAME = Buffer.from('Username:')
const PASSWORD = Buffer.from('Password:')
const MOST = 1024 // octets of one name or password: RFC 4616 section 2 asks for 255 at least

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The text of octets, or null when they are no UTF-8, hold a NUL or are too long. */
function text(octets: Uint8Array): string | null {
	if (octets.length > MOST || octets.includes(0)) return null
	try {
		return utf8.decode(octets)
	} catch {
		return null
	}
}

/**
 * The server's half of one authentication exchange (RFC 4422), after base64 was taken off. PLAIN (RFC 4616),
 * LOGIN (never an RFC, but some mail programs know nothing else) and EXTERNAL (RFC 4422 appendix A).
 * That a client breaks off with `*` is the protocol's business. After a step that is no challenge it is used up.
 */
export class SaslServer {
	#mechanisms: ReadonlySet<string>
	#next: (response: Buffer) => SaslStep = () => ({ is: 'refused', why: 'no exchange is under way' })

	/** @param mechanisms those allowed now, in capitals */
	constructor(mechanisms: string[]) {
		this.#mechanisms = new Set(mechanisms)
	}

	/** @param initial the initial response; null = none was sent, an empty one is an empty buffer */
	start(mechanism: string, initial: Buffer | null): SaslStep {
		const name = mechanism.toUpperCase()
		if (!this.#mechanisms.has(name)) return { is: 'refused', why: `mechanism ${name} is not offered` }
		switch (name) {
			case 'PLAIN':
				return this.#ask(EMPTY, plain, initial)
			case 'EXTERNAL':
				return this.#ask(EMPTY, external, initial)
			case 'LOGIN':
				return this.#ask(
					USERNAME,
					login => this.#ask(PASSWORD, password => pair(login, password), null),
					initial,
				)
			default:
				return { is: 'refused', why: `mechanism ${name} is not offered` }
		}
	}

	next(response: Buffer): SaslStep {
		const next = this.#next
		this.#next = () => ({ is: 'refused', why: 'the exchange is over' })
		return next(response)
	}

	#ask(challenge: Buffer, then: (response: Buffer) => SaslStep, response: Buffer | null): SaslStep {
		if (response !== null) return then(response)
		this.#next = then
		return { is: 'challenge', challenge }
	}
}

/** RFC 4616 section 2: [authzid] NUL authcid NUL passwd. */
function plain(response: Buffer): SaslStep {
	const first = response.indexOf(0)
	const second = first < 0 ? -1 : response.indexOf(0, first + 1)
	if (second < 0) return { is: 'refused', why: 'malformed PLAIN response' }
	const authzid = text(response.subarray(0, first))
	const step = pair(response.subarray(first + 1, second), response.subarray(second + 1))
	if (authzid === null) return { is: 'refused', why: 'malformed PLAIN response' }
	return step.is === 'password' ? { ...step, authzid } : step
}

function pair(loginOctets: Uint8Array, passwordOctets: Uint8Array): SaslStep {
	const login = text(loginOctets)
	const password = text(passwordOctets)
	if (!login || !password) return { is: 'refused', why: 'name or password is missing or malformed' }
	return { is: 'password', authzid: '', login, password }
}

function external(response: Buffer): SaslStep {
	const authzid = text(response)
	return authzid === null
		? { is: 'refused', why: 'malformed EXTERNAL response' }
		: { is: 'external', authzid }
}
