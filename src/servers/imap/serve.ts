import { normalAddress } from '../../kit/index.ts'
import { type Conversation, readProxyLine } from '../connection.ts'
import type { Entrance, House } from '../types.ts'
import { Session } from './session.ts'

/** Talks IMAP on a connection, from the greeting on. A connection of one of our nodes begins with a PROXY line. */
export function serveImap(house: House, { socket, implicitTls, node }: Entrance): Conversation {
	if (node === null) {
		const guest = {
			socket,
			implicitTls,
			node,
			address: normalAddress(socket.remoteAddress),
			pending: NOTHING,
		}
		const session = new Session(house, guest)
		void session.run()
		return session
	}
	let session: Session | null = null
	let leaving = false
	readProxyLine(socket).then(
		({ client, rest }) => {
			if (leaving) return void socket.destroy()
			session = new Session(house, { socket, implicitTls, node, address: client, pending: rest })
			return session.run()
		},
		error => {
			house.log.warn({ err: error, node }, 'a node came without a PROXY line')
			socket.destroy()
		},
	)
	return {
		farewell() {
			leaving = true
			if (session) session.farewell()
			else socket.destroy()
		},
	}
}

const NOTHING = Buffer.alloc(0)
