import { createSecureContext, type SecureContext, type TLSSocket, type TlsOptions } from 'node:tls'
import { Emitter } from '../kit/index.ts'
import type { Acme } from './acme.ts'
import { commonName, type KeyPair, nodeName, signedBy } from './certificates.ts'
import type { Keys } from './keys.ts'
import type { PublicCertificate } from './public-certificate.ts'

/** In the order we like them; a client that names none gets HTTP. */
const PROTOCOLS = ['lmtp', 'imap', 'pop3', 'http/1.1']
/** RFC 8737: an authority looks whether a name is ours. */
const PROOF = 'acme-tls/1'
/** Names that only nodes ask for. */
const OURS = '.panpipe'

/** TLS as the web port and the mail ports show it. Reads the keys of the moment, so joining needs no restart. */
export type WebTls = {
	/**
	 * For `tls.createServer`. Browsers get the public certificate; a node, which asks for `<our id>.node.panpipe`, gets
	 * our node certificate; one that is letting us join the self-signed one, whose key the join code names.
	 * A client certificate is asked for, never demanded: `nodeOf` says what it is worth.
	 */
	options(): TlsOptions
	/** Tells when who names no server is to be shown another certificate: `tls.Server.setSecureContext(options())`. */
	readonly changed: Emitter<void>
	/** The public certificate, for STARTTLS and implicit TLS on the mail ports. */
	secureContext(): SecureContext
	/** Id of the active member at the other end, by its certificate; null for anybody else. */
	nodeOf(socket: TLSSocket): string | null
}

export class WebContexts implements WebTls {
	#keys: Keys
	#isMember: (id: string) => boolean
	readonly changed = new Emitter<void>()
	#public: PublicCertificate
	#acme: Acme
	#shown: SecureContext
	#identity: SecureContext
	#node: { name: string; context: SecureContext } | null = null

	constructor(keys: Keys, shown: PublicCertificate, acme: Acme, isMember: (id: string) => boolean) {
		this.#keys = keys
		this.#public = shown
		this.#acme = acme
		this.#isMember = isMember
		this.#shown = this.#contextOf(shown.pair)
		this.#identity = this.#contextOf(keys.identity)
		this.renew()
		shown.changed.on(() => this.renew())
	}

	/** To be called whenever the keys have changed. */
	renew(): void {
		this.#shown = this.#contextOf(this.#public.pair)
		this.#identity = this.#contextOf(this.#keys.identity)
		const membership = this.#keys.membership
		this.#node = membership && {
			name: nodeName(membership.nodeId),
			context: createSecureContext({
				cert: membership.certificate,
				key: this.#keys.key,
				ca: membership.ca.certificate,
			}),
		}
		this.changed.emit()
	}

	options(): TlsOptions {
		const proof = (name: string) => this.#acme.proof(name)
		return {
			...this.#optionsOf(this.#public.pair),
			ALPNCallback(this: TLSSocket, { servername, protocols }) {
				const shown = protocols.includes(PROOF) && proof(servername)
				if (!shown) return PROTOCOLS.find(each => protocols.includes(each))
				this.setKeyCert(shown)
				return PROOF
			},
			requestCert: true,
			rejectUnauthorized: false,
			SNICallback: (name, done) => done(null, this.#contextFor(name)),
		}
	}

	secureContext(): SecureContext {
		return this.#shown
	}

	nodeOf(socket: TLSSocket): string | null {
		const membership = this.#keys.membership
		if (!membership || !socket.authorized) return null
		const certificate = socket.getPeerX509Certificate()
		// A resumed session was verified by the CA of its time; this one must be of the CA we have now.
		if (!certificate || !signedBy(certificate, membership.ca.certificate)) return null
		const id = commonName(certificate)
		return this.#isMember(id) ? id : null
	}

	/** Undefined: the server's own, so that ALPN, which is looked at later, may still choose the proof. */
	#contextFor(name: string): SecureContext | undefined {
		const wanted = name.toLowerCase()
		if (this.#node && wanted === this.#node.name) return this.#node.context
		if (wanted.endsWith(OURS)) return this.#identity
		return this.#acme.proof(wanted) ? undefined : this.#shown
	}

	#contextOf(pair: KeyPair): SecureContext {
		return createSecureContext(this.#optionsOf(pair))
	}

	// The list of authorities that goes to browsers names one of which no person has a certificate; with an empty
	// list some of them would ask their user to choose one.
	#optionsOf({ certificate, key }: KeyPair) {
		return {
			cert: certificate,
			key,
			ca: this.#keys.membership?.ca.certificate ?? this.#keys.identity.certificate,
		}
	}
}
