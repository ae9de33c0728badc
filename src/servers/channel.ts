import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { ChannelBindings } from '../wire/index.ts'

const known = new WeakMap<TLSSocket, ChannelBindings>()
const NONE: ChannelBindings = new Map()

/**
 * What a password exchange on this connection can be bound to, so that nobody in the middle can pass it on: the
 * exporter of TLS 1.3 (RFC 9266; before 1.3 it is not safe without an extension that cannot be seen here), and the
 * certificate we showed (RFC 5929 section 4). Nothing where there is no TLS or its handshake is not done.
 */
export function channelBindings(socket: Socket | null): ChannelBindings {
	if (!(socket instanceof TLSSocket)) return NONE
	let bindings = known.get(socket)
	if (!bindings) known.set(socket, (bindings = bindingsOf(socket)))
	return bindings
}

function bindingsOf(socket: TLSSocket): ChannelBindings {
	const bindings = new Map<string, Buffer>()
	if (socket.getProtocol() === 'TLSv1.3') {
		const exported = socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
		bindings.set('tls-exporter', exported)
	}
	const certificate = socket.getX509Certificate()
	const hash = certificate && hashOf(certificate.signatureAlgorithm ?? '')
	if (hash) bindings.set('tls-server-end-point', createHash(hash).update(certificate.raw).digest())
	return bindings
}

/** That of the certificate's own signature, SHA-256 for those older; some signatures have none (RFC 5929 section 4.1). */
function hashOf(signatureAlgorithm: string): string | null {
	const [, hash] = /(md5|sha-?1|sha-?224|sha-?256|sha-?384|sha-?512)/i.exec(signatureAlgorithm) ?? []
	if (!hash) return null
	const name = hash.toLowerCase().replace('-', '')
	return name === 'md5' || name === 'sha1' ? 'sha256' : name
}
