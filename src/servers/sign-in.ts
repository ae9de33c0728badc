import type { Socket } from 'node:net'
import type { Account, SignIn } from '../directory/index.ts'
import { SaslServer, type SaslStep } from '../wire/index.ts'
import { channelBindings } from './channel.ts'
import type { House } from './types.ts'

/** Failed sign-ins on one connection before it is ended; the house counts them per address too. */
export const MOST_FAILURES = 5

/** Who wants to come in, on which connection. */
export type Comer = {
	house: House
	/** The real client's address. */
	address: string
	/** Nobody can listen in: TLS, or a client on this machine. */
	secure: boolean
	/** The client's own connection; null when a node of ours brought it here, for its TLS is not the client's. */
	socket: Socket | null
	/** SCRAM-SHA-256-PLUS is taken, but not announced. */
	plusUnannounced?: boolean
	/** A node of ours that may say whom it has let in (EXTERNAL). */
	node: string | null
}

/** What a sign-in came to. */
export type Settled =
	/** Let in; where the account lives is another question. `vouched`: by a node of ours. */
	| { is: 'in'; account: Account; vouched: boolean }
	| { is: 'not-in'; why: WhyNot }
	/** The form was wrong: no password was looked at. */
	| { is: 'malformed'; why: string }

export type Outcome = Settled | { is: 'challenge'; challenge: Buffer }

/** `acting`: as somebody else, which nobody may. */
export type WhyNot = Extract<SignIn, { ok: false }>['why'] | 'acting'

const WORDS: Record<WhyNot, string> = {
	wrong: 'name or password is wrong',
	code: 'name or password is wrong',
	disabled: 'this account is switched off, please ask your administrator',
	'app-password':
		'this account has two-step sign-in: make an app password in the webmail settings and use it here',
	'not-now': 'this server does not know everybody yet, please try again in a moment',
	acting: 'nobody acts for somebody else here',
}

/** For the person before the mail program. */
export function wordsFor(why: WhyNot): string {
	return WORDS[why]
}

/** What AUTH takes now, the best first. */
export function mechanismsFor({ house, secure, socket, node }: Comer): string[] {
	if (node !== null) return ['EXTERNAL']
	if (!secure) return []
	const scram = house.scram ? ['SCRAM-SHA-256'] : []
	if (house.scram && channelBindings(socket).size > 0) scram.unshift('SCRAM-SHA-256-PLUS')
	return [...scram, ...(house.bearer ? ['OAUTHBEARER'] : []), 'PLAIN', 'LOGIN']
}

/** What a client is told of them. */
export function announcedTo(comer: Comer): string[] {
	return mechanismsFor(comer).filter(name => !comer.plusUnannounced || name !== 'SCRAM-SHA-256-PLUS')
}

/** Name and password told in plain words: LOGIN, USER and PASS. */
export async function signIn({ house, address }: Comer, login: string, password: string): Promise<Settled> {
	return outcomeOf(await house.authenticate(login, password, address))
}

/** One SASL exchange, the same in every protocol; what is said in base64 and how is the protocol's own. */
export class Exchange {
	#comer: Comer
	#sasl: SaslServer
	/** SCRAM: who it is when the key is proved. */
	#prove: (key: number | null) => SignIn | Promise<SignIn> = () => ({ ok: false, why: 'wrong' })

	constructor(comer: Comer) {
		this.#comer = comer
		this.#sasl = new SaslServer(mechanismsFor(comer), {
			bindings: channelBindings(comer.socket),
			plusAnnounced: !comer.plusUnannounced,
		})
	}

	start(mechanism: string, initial: Buffer | null): Promise<Outcome> {
		return this.#go(this.#sasl.start(mechanism, initial))
	}

	next(response: Buffer): Promise<Outcome> {
		return this.#go(this.#sasl.next(response))
	}

	async #go(step: SaslStep): Promise<Outcome> {
		const { house, address } = this.#comer
		switch (step.is) {
			case 'challenge':
				return step
			case 'refused':
				return { is: 'malformed', why: step.why }
			case 'password':
				if (!isSame(step.authzid, step.login)) return { is: 'not-in', why: 'acting' }
				return signIn(this.#comer, step.login, step.password)
			case 'external': {
				const account = house.accountOf(step.authzid)
				if (!account) return { is: 'not-in', why: 'wrong' }
				return account.disabled ? { is: 'not-in', why: 'disabled' } : { is: 'in', account, vouched: true }
			}
			case 'scram': {
				if (!isSame(step.authzid, step.login)) return { is: 'not-in', why: 'acting' }
				const scram = house.scram!(step.login, address)
				this.#prove = key => scram.signIn(key)
				return this.#go(this.#sasl.keys(scram))
			}
			case 'proved':
				return outcomeOf(await this.#prove(step.key))
			case 'bearer': {
				const { error, check } = house.bearer!
				const result = await check(step.authzid, step.token, address)
				if (result.ok || result.why === 'disabled') return outcomeOf(result)
				return this.#go(this.#sasl.notGood(error))
			}
			case 'not-good':
				return { is: 'not-in', why: 'wrong' }
		}
	}
}

function isSame(authzid: string, login: string): boolean {
	return authzid === '' || authzid.toLowerCase() === login.toLowerCase()
}

function outcomeOf(result: SignIn): Settled {
	return result.ok ? { is: 'in', account: result.account, vouched: false } : { is: 'not-in', why: result.why }
}
