import RelaxedBody from 'nodemailer/lib/dkim/relaxed-body.js'
import signature from 'nodemailer/lib/dkim/sign.js'
import type { Directory } from '../directory/index.ts'
import { headerFields, parseAddresses } from '../message/index.ts'
import type { QueueItem, Store } from '../store/index.ts'

// A longer header is nobody's but an attacker's.
const MOST_HEADER = 256 * 1024

/**
 * The DKIM-Signature (RFC 6376) for a message that goes out into the world, '' when it gets none: it is signed by the
 * domain of its From when that is ours, and only when one of us has sent it. What comes from strangers and is passed
 * on may say anything of itself.
 */
export async function signatureFor(
	{ store, directory }: { store: Store; directory: Directory },
	item: QueueItem,
): Promise<string> {
	if (item.source !== 'report' && directory.lookup(item.source).is !== 'account') return ''
	let head: Buffer = Buffer.alloc(0)
	let body: RelaxedBody | null = null
	let domain: string | null = null
	let hash = ''
	let length = 0
	for await (const piece of store.reader.bodyStream(item.blob)) {
		if (body) {
			body.updateHash(piece)
			length += piece.length
			continue
		}
		head = head.length === 0 ? piece : Buffer.concat([head, piece])
		const end = head.indexOf('\r\n\r\n')
		if (end < 0) {
			if (head.length > MOST_HEADER) return ''
			continue
		}
		const rest = head.subarray(end + 4)
		head = head.subarray(0, end + 2)
		domain = signerOf(head, directory)
		if (domain === null) return ''
		body = new RelaxedBody()
		body.once('hash', (value: string) => (hash = value))
		body.updateHash(rest)
		length += rest.length
	}
	if (!body || domain === null || length === 0) return ''
	body.resume()
	await new Promise<void>((resolve, reject) => {
		body.once('error', reject)
		body.end(() => resolve())
	})
	const key = directory.dkimKeys(domain)[0]!
	const lines = headerFields(head).map(({ name, start, end }) => {
		return { key: name.toLowerCase(), line: head.toString('latin1', start, end).replace(/\r\n$/, '') }
	})
	const signed = signature(lines, 'sha256', hash, {
		domainName: domain,
		keySelector: key.selector,
		privateKey: key.privateKey,
	})
	return signed ? `${signed}\r\n` : ''
}

/** The domain that signs: of the one author, when it is ours and has a key. */
function signerOf(head: Buffer, directory: Directory): string | null {
	const from = headerFields(head).filter(({ name }) => name.toLowerCase() === 'from')
	if (from.length !== 1) return null
	const [author, ...more] = parseAddresses(from[0]!.value)
	if (!author || more.length > 0 || 'group' in author) return null
	const domain = author.host.toLowerCase()
	return directory.dkimKeys(domain).length > 0 ? domain : null
}
