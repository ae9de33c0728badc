import { normalAddress } from '../../kit/index.ts'
import { type Conversation, readProxyLine } from '../connection.ts'
import type { Entrance, House } from '../types.ts'
import { Session } from './session.ts'

/** A mail program (110, and 995 with implicit TLS), or a node of ours that brings one (web port). */
export function servePop3(house: House, entrance: Entrance): Conversation {
	const { socket } = entrance
	if (entrance.node === null)
		return new Session(house, entrance, normalAddress(socket.remoteAddress), Buffer.alloc(0))
	let session: Session | null = null
	readProxyLine(socket)
		.then(({ client, rest }) => {
			session = new Session(house, entrance, client, rest)
		})
		.catch(error => {
			house.log.warn({ err: error, node: entrance.node }, 'pop3 from a node')
			socket.destroy()
		})
	return {
		farewell() {
			if (session) session.farewell()
			else socket.destroy()
		},
	}
}
