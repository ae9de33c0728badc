import type { Conversation } from '../connection.ts'
import type { Entrance, House } from '../types.ts'
import { Session } from './session.ts'

/** Mail from other servers (port 25). */
export function serveSmtp(house: House, entrance: Entrance): Conversation {
	return new Session(house, entrance, 'smtp')
}

/** Mail from our users' programs (587, and 465 with implicit TLS). */
export function serveSubmission(house: House, entrance: Entrance): Conversation {
	return new Session(house, entrance, 'submission')
}

/** Mail from our other nodes: connections of the web port whose certificate named a node. */
export function serveLmtp(house: House, entrance: Entrance): Conversation {
	if (entrance.node === null) throw new Error('LMTP is for our own nodes')
	return new Session(house, entrance, 'lmtp')
}
