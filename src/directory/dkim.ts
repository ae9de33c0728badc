import { createHash, createPrivateKey, createPublicKey, generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'
import { numberOf, textOf } from './records.ts'
import type { Fields } from './types.ts'

/** A key pair by which a domain signs the mail it sends (RFC 6376). Every node has it. */
export type DkimKey = {
	domain: string
	selector: string
	/** PEM, PKCS #8. */
	privateKey: string
	/** What is published under <selector>._domainkey.<domain>. */
	record: string
	created: number
}

// What every verifier takes (RFC 8301 section 3.2); a larger one does not fit into one DNS string.
const BITS = 2048

/** The selector is made from the key: two made on two sides of a cut are two, and each is found by its signatures. */
export async function makeDkimKey(): Promise<{ selector: string; privateKey: string }> {
	const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: BITS })
	const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
	const digest = createHash('sha256').update(publicOf(pem)).digest('hex')
	return { selector: `p${digest.slice(0, 10)}`, privateKey: pem }
}

export function dkimId(domain: string, selector: string): string {
	return `${domain} ${selector}`
}

/** Null when it cannot be read. */
export function dkimKeyOf(id: string, fields: Fields): DkimKey | null {
	const [domain = '', selector = ''] = id.split(' ')
	const privateKey = textOf(fields, 'key')
	try {
		const record = `v=DKIM1; k=rsa; p=${publicOf(privateKey).toString('base64')}`
		return { domain, selector, privateKey, record, created: numberOf(fields, 'created') }
	} catch {
		return null
	}
}

function publicOf(privateKey: string): Buffer {
	return createPublicKey(createPrivateKey(privateKey)).export({ type: 'spki', format: 'der' })
}
