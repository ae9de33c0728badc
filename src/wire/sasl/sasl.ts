import { randomBytes } from 'node:crypto'
import { type BearerError, parseBearer } from './bearer.ts'
import { ScramExchange, type ScramKeys } from './scram.ts'
import { octetText } from './text.ts'

/** What the server does next. `refused` is the client's fault in form: the password was never looked at. */
export type SaslStep =
	| { is: 'challenge'; challenge: Buffer }
	| { is: 'password'; authzid: string; login: string; password: string }
	| { is: 'external'; authzid: string }
	/** SCRAM: go on with `keys`. */
	| { is: 'scram'; authzid: string; login: string }
	/** Index of the key the client has, null = none of them. */
	| { is: 'proved'; key: number | null }
	/** OAUTHBEARER: when the token is not good go on with `notGood`. */
	| { is: 'bearer'; authzid: string; token: string }
	/** The token was not good, and the client knows it. */
	| { is: 'not-good' }
	| { is: 'refused'; why: string }

const EMPTY = Buffer.alloc(0)
const USERNAME = Buffer.from('Username:')
const PASSWORD = Buffer.from('Password:')

/** Data of the TLS connection by the name of the channel binding's type: tls-exporter, tls-server-end-point. */
export type ChannelBindings = ReadonlyMap<string, Buffer>

/**
 * The server's half of one authentication exchange (RFC 4422), after base64 was taken off. PLAIN (RFC 4616),
 * LOGIN (never an RFC, but some mail programs know nothing else), EXTERNAL (RFC 4422 appendix A), SCRAM-SHA-256 and
 * SCRAM-SHA-256-PLUS (RFC 7677), OAUTHBEARER (RFC 7628).
 * That a client breaks off with `*` is the protocol's business. After a step that is no challenge it is used up, but for
 * the two that say how it goes on.
 */
export class SaslServer {
	#mechanisms: ReadonlySet<string>
	#bindings: ChannelBindings
	#plusAnnounced: boolean
	#nonce: () => string
	#scram: ScramExchange | null = null
	#next: (response: Buffer) => SaslStep = () => ({ is: 'refused', why: 'no exchange is under way' })

	/**
	 * @param mechanisms those allowed now, in capitals
	 * @param options `plusAnnounced` false: the client was not told that SCRAM-SHA-256-PLUS is among them. `nonce`: of
	 * printable ASCII without commas
	 */
	constructor(
		mechanisms: string[],
		options: { bindings?: ChannelBindings; plusAnnounced?: boolean; nonce?: () => string } = {},
	) {
		this.#mechanisms = new Set(mechanisms)
		this.#bindings = options.bindings ?? new Map()
		this.#plusAnnounced = this.#mechanisms.has('SCRAM-SHA-256-PLUS') && options.plusAnnounced !== false
		this.#nonce = options.nonce ?? (() => randomBytes(18).toString('base64'))
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
			case 'SCRAM-SHA-256':
			case 'SCRAM-SHA-256-PLUS': {
				const scram = new ScramExchange(name.endsWith('-PLUS'), this.#bindings, {
					announced: this.#plusAnnounced,
					nonce: this.#nonce(),
				})
				return this.#ask(EMPTY, response => this.#scramFirst(scram, response), initial)
			}
			case 'OAUTHBEARER':
				return this.#ask(EMPTY, bearer, initial)
			default:
				return { is: 'refused', why: `mechanism ${name} is not offered` }
		}
	}

	next(response: Buffer): SaslStep {
		const next = this.#next
		this.#next = () => ({ is: 'refused', why: 'the exchange is over' })
		return next(response)
	}

	/** After `scram`: what is known of that login. */
	keys(keys: ScramKeys): SaslStep {
		const scram = this.#scram
		if (!scram) return { is: 'refused', why: 'no exchange is under way' }
		this.#scram = null
		return this.#ask(scram.challenge(keys), response => this.#scramFinal(scram, response), null)
	}

	/** After `bearer`: the token is not good. The client hears why, and then that it is not let in. */
	notGood(error: BearerError): SaslStep {
		return this.#ask(Buffer.from(JSON.stringify(error)), () => ({ is: 'not-good' }), null)
	}

	#scramFirst(scram: ScramExchange, response: Buffer): SaslStep {
		const step = scram.first(response)
		if (step.is !== 'login') return step
		this.#scram = scram
		return { is: 'scram', login: step.login, authzid: step.authzid }
	}

	/** Our own proof goes out as a challenge: none of our protocols has room for it beside the success (RFC 5802 section 5). */
	#scramFinal(scram: ScramExchange, response: Buffer): SaslStep {
		const step = scram.final(response)
		if (step.is === 'unproved') return { is: 'proved', key: null }
		if (step.is !== 'proved') return step
		return this.#ask(
			step.final,
			answer =>
				answer.length === 0
					? { is: 'proved', key: step.key }
					: { is: 'refused', why: 'an empty response was expected' },
			null,
		)
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
	const authzid = octetText(response.subarray(0, first))
	const step = pair(response.subarray(first + 1, second), response.subarray(second + 1))
	if (authzid === null) return { is: 'refused', why: 'malformed PLAIN response' }
	return step.is === 'password' ? { ...step, authzid } : step
}

function pair(loginOctets: Uint8Array, passwordOctets: Uint8Array): SaslStep {
	const login = octetText(loginOctets)
	const password = octetText(passwordOctets)
	if (!login || !password) return { is: 'refused', why: 'name or password is missing or malformed' }
	return { is: 'password', authzid: '', login, password }
}

function external(response: Buffer): SaslStep {
	const authzid = octetText(response)
	return authzid === null
		? { is: 'refused', why: 'malformed EXTERNAL response' }
		: { is: 'external', authzid }
}

function bearer(response: Buffer): SaslStep {
	const said = parseBearer(response)
	if (!said) return { is: 'refused', why: 'malformed OAUTHBEARER message' }
	return { is: 'bearer', authzid: said.authzid, token: said.token }
}
