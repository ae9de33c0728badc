import { createCipheriv, createECDH, hkdfSync, randomBytes } from 'node:crypto'

/** A device's keys, as they are in a PushSubscription: base64 of RFC 4648 section 5, with or without padding. */
export type PushKeys = { p256dh: string; auth: string }

const RECORD_SIZE = 4096

function octetsOf(text: unknown): Buffer | null {
	return typeof text === 'string' && /^[A-Za-z0-9_-]+={0,2}$/.test(text)
		? Buffer.from(text, 'base64url')
		: null
}

/** A point of the curve, uncompressed, and sixteen octets. */
export function areKeys(value: unknown): value is PushKeys {
	const { p256dh, auth, ...rest } = (value ?? {}) as Record<string, unknown>
	const [point, secret] = [octetsOf(p256dh), octetsOf(auth)]
	if (point?.length !== 65 || secret?.length !== 16 || Object.keys(rest).length > 0) return false
	try {
		const ours = createECDH('prime256v1')
		ours.generateKeys()
		ours.computeSecret(point)
		return true
	} catch {
		return false
	}
}

/** Only the device can read it (RFC 8291, RFC 8188: one record of aes128gcm). At most 4000 octets. */
export function seal(text: string, { p256dh, auth }: PushKeys): Buffer {
	const theirs = octetsOf(p256dh)!
	const ours = createECDH('prime256v1')
	const own = ours.generateKeys()
	const info = Buffer.concat([Buffer.from('WebPush: info\0'), theirs, own])
	const key = hkdfSync('sha256', ours.computeSecret(theirs), octetsOf(auth)!, info, 32)
	const salt = randomBytes(16)
	const derived = (what: string, length: number) =>
		Buffer.from(hkdfSync('sha256', Buffer.from(key), salt, `Content-Encoding: ${what}\0`, length))
	const cipher = createCipheriv('aes-128-gcm', derived('aes128gcm', 16), derived('nonce', 12))
	// Octet 2 ends the last record.
	const sealed = [cipher.update(text), cipher.update(Buffer.from([2])), cipher.final(), cipher.getAuthTag()]
	const size = Buffer.alloc(4)
	size.writeUInt32BE(RECORD_SIZE)
	return Buffer.concat([salt, size, Buffer.from([own.length]), own, ...sealed])
}
