import { createSecureContext, type SecureContext, type TLSSocket, type TlsOptions } from 'node:tls'
import { commonName, nodeName, signedBy } from './certificates.ts'
import type { Keys } from './keys.ts'

/** In the order we like them; a client that names none gets HTTP. */
const PROTOCOLS = ['lmtp', 'imap', 'pop3', 'http/1.1']

/** TLS as the web port and the mail ports show it. Reads the keys of the moment, so joining needs no restart. */
export type WebTls = {
	/**
	 * For `tls.createServer`. Browsers get the identity; a node, which asks for `<our id>.node.panpipe`, gets our
	 * node certificate. A client certificate is asked for, never demanded: `nodeOf` says what it is worth.
	 */
	options(): TlsOptions
	/** The identity, for STARTTLS and implicit TLS on the mail ports. */
	secureContext(): SecureContext
	/** Id of the active member at the other end, by its certificate; null for anybody else. */
	nodeOf(socket: TLSSocket): string | null
}

export class WebContexts implements WebTls {
	#keys: Keys
	#isMember: (id: string) => boolean
	#identity: SecureContext
	#node: { name: string; context: SecureContext } | null = null

	constructor(keys: Keys, isMember: (id: string) => boolean) {
		this.#keys = keys
		this.#isMember = isMember
		this.#identity = this.#makeIdentity()
		this.renew()
	}

	/** To be called whenever the keys have changed. */
	renew(): void {
		this.#identity = this.#makeIdentity()
		const membership = this.#keys.membership
		this.#node = membership && {
			name: nodeName(membership.nodeId),
			context: createSecureContext({
				cert: membership.certificate,
				key: this.#keys.key,
				ca: membership.ca.certificate,
			}),
		}
	}

	options(): TlsOptions {
		return {
			...this.#identityOptions(),
			ALPNProtocols: PROTOCOLS,
			requestCert: true,
			rejectUnauthorized: false,
			SNICallback: (name, done) => done(null, this.#contextFor(name)),
		}
	}

	secureContext(): SecureContext {
		return this.#identity
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

	#contextFor(name: string): SecureContext {
		return this.#node && name.toLowerCase() === this.#node.name ? this.#node.context : this.#identity
	}

	#makeIdentity(): SecureContext {
		return createSecureContext(this.#identityOptions())
	}

	// The list of authorities that goes to browsers names one of which no person has a certificate; with an empty
	// list some of them would ask their user to choose one.
	#identityOptions() {
		const { certificate, key } = this.#keys.identity
		return { cert: certificate, key, ca: this.#keys.membership?.ca.certificate ?? certificate }
	}
}
