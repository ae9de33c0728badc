import { join } from 'node:path'
import { createSecureContext, type SecureContext } from 'node:tls'
import type { Authorization, Client } from 'acme-client'
import { z } from 'zod'
import { backOff, type Clock, type Log, readIfThere, writeFileAtomic } from '../kit/index.ts'
import { makeKey } from './certificates.ts'
import type { PublicCertificate } from './public-certificate.ts'

export const LETS_ENCRYPT = 'https://acme-v02.api.letsencrypt.org/directory'

/** RFC 8555 section 8.3 and RFC 8737: how the authority sees that a name is ours. */
export type Challenge = 'tls-alpn-01' | 'http-01'

export type AcmeWish = {
	/** URL of the authority's directory. */
	directory: string
	/** The authority's terms of service were read and are agreed to. */
	agree: boolean
	email: string | null
	/** Names the certificate shall be good for. */
	names: string[]
	challenge: Challenge
}

const keptShape = z.object({
	directory: z.string(),
	email: z.string().nullable(),
	names: z.array(z.string()),
	challenge: z.enum(['tls-alpn-01', 'http-01']),
	accountKey: z.string(),
	accountUrl: z.string().nullable(),
})
type Kept = z.infer<typeof keptShape>

/** The authority would not give a certificate; the message says what it said. */
export class AcmeFailed extends Error {}

/** Loaded only where a certificate is ordered: it is large. */
const library = () => import('acme-client')

const HOUR = 3_600_000
/** Renewed when a third of its time is left, as authorities advise. */
const LEFT = 1 / 3

/** Certificates from an authority that speaks ACME (RFC 8555), ordered and renewed by the node itself. */
export class Acme {
	readonly #path: string
	readonly #certificate: PublicCertificate
	readonly #clock: Clock
	readonly #log: Log
	#kept: Kept | null
	#answers = new Map<string, string>()
	#proofs = new Map<string, SecureContext>()
	#busy: Promise<unknown> | null = null
	#problem: string | null = null
	#failures = 0
	#timer: NodeJS.Timeout | null = null

	constructor(folder: string, certificate: PublicCertificate, clock: Clock, log: Log) {
		this.#path = join(folder, 'acme.json')
		this.#certificate = certificate
		this.#clock = clock
		this.#log = log
		const text = readIfThere(this.#path)
		this.#kept = text ? keptShape.parse(JSON.parse(text)) : null
		this.#lookLater()
	}

	/** What is renewed by itself; null = nothing. */
	get wish(): Pick<Kept, 'directory' | 'email' | 'names' | 'challenge'> | null {
		if (!this.#kept) return null
		const { directory, email, names, challenge } = this.#kept
		return { directory, email, names, challenge }
	}

	/** Why the last attempt to renew failed, as a sentence; null = it did not. */
	get problem(): string | null {
		return this.#problem
	}

	/** What to answer below /.well-known/acme-challenge/ (RFC 8555 section 8.3). */
	answer(token: string): string | undefined {
		return this.#answers.get(token)
	}

	/** The certificate that proves that this name is ours (RFC 8737), while the authority is looking. */
	proof(name: string): SecureContext | undefined {
		return this.#proofs.get(name.toLowerCase())
	}

	/**
	 * Orders a certificate and shows it from then on; it is renewed as long as the node runs.
	 * @throws AcmeFailed with what the authority said; then all is as before
	 */
	async order(wish: AcmeWish): Promise<void> {
		if (this.#busy) throw new AcmeFailed('a certificate is being ordered already; wait until that is done')
		const same = this.#kept?.directory === wish.directory ? this.#kept : null
		const { directory, email, names, challenge } = wish
		const accountKey = same?.accountKey ?? (await makeKey())
		await this.#run(
			{ directory, email, names, challenge, accountKey, accountUrl: same?.accountUrl ?? null },
			wish.agree,
		)
	}

	async renew(): Promise<void> {
		if (!this.#kept) throw new AcmeFailed('no certificate was ordered here that could be renewed')
		if (!this.#busy) await this.#run(this.#kept, true)
		else await this.#busy
	}

	/** Nothing is renewed any more. What was got is shown on. */
	stop(): void {
		this.#kept = null
		this.#problem = null
		writeFileAtomic(this.#path, '')
	}

	close(): void {
		if (this.#timer) clearTimeout(this.#timer)
		this.#timer = null
	}

	async #run(kept: Kept, agree: boolean): Promise<void> {
		const work = this.#getCertificate(kept, agree)
		this.#busy = work.catch(() => {})
		try {
			await work
			this.#problem = null
			this.#failures = 0
		} catch (error) {
			throw asFailure(error)
		} finally {
			this.#busy = null
			this.#answers.clear()
			this.#proofs.clear()
		}
	}

	async #getCertificate(kept: Kept, agree: boolean): Promise<void> {
		await reach(kept.directory)
		const acme = await library()
		const client = new acme.Client({
			directoryUrl: kept.directory,
			accountKey: kept.accountKey,
			...(kept.accountUrl ? { accountUrl: kept.accountUrl } : {}),
			backoffMin: 1000,
			backoffAttempts: 20,
		})
		if (!kept.accountUrl) {
			await client.createAccount({
				termsOfServiceAgreed: agree,
				...(kept.email ? { contact: [`mailto:${kept.email}`] } : {}),
			})
			kept.accountUrl = client.getAccountUrl()
		}
		const order = await client.createOrder({ identifiers: kept.names.map(value => ({ type: 'dns', value })) })
		for (const authorization of await client.getAuthorizations(order)) {
			if (authorization.status !== 'valid') await this.#prove(client, authorization, kept.challenge)
		}
		const [key, csr] = await acme.crypto.createCsr(
			{ altNames: kept.names },
			await acme.crypto.createPrivateEcdsaKey('P-256'),
		)
		const certificate = await client.getCertificate(await client.finalizeOrder(order, csr))
		this.#certificate.use('acme', { certificate, key: key.toString() })
		this.#kept = kept
		writeFileAtomic(this.#path, JSON.stringify(kept))
		this.#log.info({ names: kept.names, directory: kept.directory }, 'a new certificate is in use')
	}

	async #prove(client: Client, authorization: Authorization, type: Challenge): Promise<void> {
		const name = authorization.identifier.value
		const challenge = authorization.challenges.find(each => each.type === type)
		if (!challenge) throw new Error(`the authority does not offer ${type} for ${name}`)
		const proof = await client.getChallengeKeyAuthorization(challenge)
		if (type === 'http-01') this.#answers.set(challenge.token, proof)
		else {
			const [key, cert] = await (await library()).crypto.createAlpnCertificate(authorization, proof)
			this.#proofs.set(name.toLowerCase(), createSecureContext({ key, cert }))
		}
		await client.completeChallenge(challenge)
		await client.waitForValidStatus(challenge)
	}

	/** Every few hours, sooner after a failure. */
	#lookLater(): void {
		const wait = this.#failures > 0 ? backOff(this.#failures, HOUR / 4, 12 * HOUR) : 6 * HOUR
		this.#timer = setTimeout(
			() => void this.#look(),
			this.#failures === 0 && !this.#timer ? 1000 : wait,
		).unref()
	}

	async #look(): Promise<void> {
		if (this.#kept && !this.#busy && this.isDue()) {
			try {
				await this.renew()
			} catch (error) {
				this.#failures++
				const { validTo } = this.#certificate.about()
				this.#problem = `The certificate could not be renewed; it ends on ${new Date(validTo).toISOString().slice(0, 10)}. ${(error as Error).message}`
				this.#log.warn({ err: error }, 'the certificate could not be renewed')
			}
		}
		if (this.#timer) this.#lookLater()
	}

	/** Is it time to renew what is shown? */
	isDue(): boolean {
		if (this.#certificate.source !== 'acme') return false
		const { validFrom, validTo } = this.#certificate.about()
		return validTo - this.#clock.now() < (validTo - validFrom) * LEFT
	}
}

/** The library tries for minutes and then has no words; a person waits. @throws when nobody answers there */
async function reach(directory: string): Promise<void> {
	try {
		await fetch(directory, { signal: AbortSignal.timeout(15_000) })
	} catch (error) {
		const { message, cause } = error as { message: string; cause?: { code?: string; message?: string } }
		const why = cause?.code ?? cause?.message ?? message
		throw new AcmeFailed(`${directory} cannot be reached (${why}); check the URL and the way to it`)
	}
}

function asFailure(error: unknown): AcmeFailed {
	if (error instanceof AcmeFailed) return error
	return new AcmeFailed(`the authority said: ${(error as { message?: string }).message ?? String(error)}`)
}
