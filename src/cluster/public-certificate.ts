import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import { z } from 'zod'
import { Emitter, type Log, readIfThere, writeFileAtomic } from '../kit/index.ts'
import type { KeyPair } from './certificates.ts'

/** Where the certificate comes from that people's programs see. */
export type CertificateSource = 'self-signed' | 'files' | 'uploaded' | 'acme'

export type AboutCertificate = {
	source: CertificateSource
	/** DNS names and IP addresses it is good for. */
	names: string[]
	issuer: string
	/** Milliseconds since 1970. */
	validFrom: number
	validTo: number
	/** SHA-256, as programs show it: AB:CD:… */
	fingerprint: string
}

/** This pair cannot be used; the message says why, the code is for programs. */
export class CertificateRefused extends Error {
	readonly code: 'certificate-unreadable' | 'key-unreadable' | 'key-other' | 'certificate-ended'

	constructor(code: CertificateRefused['code'], message: string) {
		super(message)
		this.code = code
	}
}

const kept = z.object({ source: z.enum(['uploaded', 'acme']), certificate: z.string(), key: z.string() })

/** What programs like certbot write is looked at this often (milliseconds). */
const LOOK_EVERY = 60_000

export type PublicCertificateOptions = {
	/** `keys/`: what was uploaded or ordered is kept in `public.json`. */
	folder: string
	/** PEM files of the configuration; they win, and are read again when they have changed. */
	files: { certificate: string; key: string } | null
	/** Our own, which serves until there is a better one. */
	selfSigned: KeyPair
	log: Log
}

/**
 * The certificate of the mail ports, and of the web port for browsers. Nodes know each other by other ones (keys.ts).
 * It may be replaced at any time: `changed` tells those who show it.
 */
export class PublicCertificate {
	readonly changed = new Emitter<void>()
	readonly #options: PublicCertificateOptions
	readonly #path: string
	#kept: z.infer<typeof kept> | null
	#files: { pair: KeyPair; stamp: string } | null
	#looking: NodeJS.Timeout | null = null

	/** @throws CertificateRefused when the files of the configuration cannot be used */
	constructor(options: PublicCertificateOptions) {
		this.#options = options
		this.#path = join(options.folder, 'public.json')
		const text = readIfThere(this.#path)
		this.#kept = text ? kept.parse(JSON.parse(text)) : null
		this.#files = options.files && this.#readFiles(options.files)
		if (options.files) this.#looking = setInterval(() => this.#lookAgain(), LOOK_EVERY).unref()
	}

	get source(): CertificateSource {
		return this.#files ? 'files' : (this.#kept?.source ?? 'self-signed')
	}

	get pair(): KeyPair {
		return this.#files?.pair ?? this.#kept ?? this.#options.selfSigned
	}

	about(): AboutCertificate {
		const certificate = new X509Certificate(this.pair.certificate)
		return {
			source: this.source,
			names: namesOf(certificate),
			issuer: certificate.issuer.replaceAll('\n', ', '),
			validFrom: Date.parse(certificate.validFrom),
			validTo: Date.parse(certificate.validTo),
			fingerprint: certificate.fingerprint256,
		}
	}

	/** From now on this one is shown, on all ports. @throws CertificateRefused */
	use(source: 'uploaded' | 'acme', pair: KeyPair): void {
		check(pair)
		this.#kept = { source, ...pair }
		writeFileAtomic(this.#path, JSON.stringify(this.#kept))
		this.changed.emit()
	}

	/** Back to our own. */
	forget(): void {
		if (!this.#kept) return
		this.#kept = null
		writeFileAtomic(this.#path, '')
		this.changed.emit()
	}

	close(): void {
		if (this.#looking) clearInterval(this.#looking)
	}

	#readFiles({ certificate, key }: { certificate: string; key: string }) {
		const stamp = [certificate, key].map(path => statSync(path).mtimeMs).join(' ')
		const pair = { certificate: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') }
		check(pair)
		return { pair, stamp }
	}

	#lookAgain(): void {
		try {
			// One of two may be written already, the other not yet: such a pair is refused, and looked at again.
			const files = this.#readFiles(this.#options.files!)
			if (files.stamp === this.#files?.stamp) return
			this.#files = files
			this.changed.emit()
		} catch (error) {
			this.#options.log.warn({ err: error }, 'the certificate files cannot be used; the one before serves on')
		}
	}
}

function check(pair: KeyPair): void {
	let certificate: X509Certificate
	try {
		certificate = new X509Certificate(pair.certificate)
	} catch {
		throw new CertificateRefused(
			'certificate-unreadable',
			'this is no certificate in PEM form: it begins with -----BEGIN CERTIFICATE-----, the server certificate first, then those that signed it',
		)
	}
	try {
		if (!certificate.checkPrivateKey(createPrivateKey(pair.key)))
			throw new CertificateRefused('key-other', 'this key belongs to another certificate')
	} catch (error) {
		if (error instanceof CertificateRefused) throw error
		throw new CertificateRefused('key-unreadable', 'this is no private key in PEM form without a password')
	}
	if (Date.parse(certificate.validTo) < Date.now())
		throw new CertificateRefused('certificate-ended', `this certificate ended on ${certificate.validTo}`)
	createSecureContext({ cert: pair.certificate, key: pair.key })
}

function namesOf(certificate: X509Certificate): string[] {
	const names = [...(certificate.subjectAltName ?? '').matchAll(/(?:DNS|IP Address):("?)([^,"]+)\1/g)]
	return names.map(([, , name]) => name!)
}
