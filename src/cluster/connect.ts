import { connect as connectTls, type TLSSocket } from 'node:tls'
import { commonName, nodeName } from './certificates.ts'
import type { Membership } from './keys.ts'
import { plainReason } from './reason.ts'
import { type Member, Unreachable } from './types.ts'

/** A line that was cut says nothing: two minutes of silence, and whoever waits on it (IDLE, events) hears that it is gone. */
const KEPT_ALIVE = { enable: true, initialDelay: 60_000, interval: 10_000, count: 6 }

/** A TLS connection to a member's web port, each side certain who the other is. @throws Unreachable */
export function connectToNode(
	member: Member,
	us: { membership: Membership; key: string },
	protocol: string,
	timeoutMs: number,
): Promise<TLSSocket> {
	return new Promise((resolve, reject) => {
		const name = nodeName(member.id)
		const socket = connectTls({
			host: member.ip,
			port: member.webPort,
			servername: name,
			ca: us.membership.ca.certificate,
			cert: us.membership.certificate,
			key: us.key,
			ALPNProtocols: [protocol],
			// TLS 1.3 lets a client think it is connected before its certificate was looked at; the server still
			// decides by it (nodeOf) before the first answer.
			minVersion: 'TLSv1.2',
		})
		const give = (reason: string) => {
			clearTimeout(late)
			socket.destroy()
			reject(
				new Unreachable(
					`no connection to ${member.id} at ${member.ip} port ${member.webPort}: ${reason}`,
					reason,
				),
			)
		}
		const failed = (error: Error) => give(plainReason(error))
		const late = setTimeout(() => give(`no answer within ${timeoutMs / 1000} s`), timeoutMs)
		socket.once('error', failed)
		socket.once('close', () => give('it closed the connection'))
		socket.once('secureConnect', () => {
			const certificate = socket.getPeerX509Certificate()
			if (!certificate || commonName(certificate) !== member.id) return give('another node answers there')
			if (socket.alpnProtocol !== protocol) return give(`it does not speak ${protocol}`)
			clearTimeout(late)
			socket.removeListener('error', failed)
			socket.removeAllListeners('close')
			socket.setNoDelay(true)
			socket.setKeepAlive(KEPT_ALIVE)
			resolve(socket)
		})
	})
}
