import type { Directory } from '../directory/index.ts'
import type { Store } from '../store/index.ts'
import { type Reply, reply } from '../wire/index.ts'
import { type Destination, nodeRoute } from './route.ts'

/** Somebody may make room: it is worth while to come again. */
export const FULL: Reply = reply(452, '4.2.2', 'This mailbox is full; please try again later')

type House = { directory: Directory; store: Store; self: string }

/** Is there no room for one message more in an account that lives here? @param octets 0 = the size is not known */
export function isFull({ directory, store }: House, account: string, octets: number): boolean {
	const { storage, messages } = directory.quotaOf(account)
	if (storage === null && messages === null) return false
	const used = store.reader.usage(account)
	return (
		(storage !== null && (used.size >= storage || used.size + octets > storage)) ||
		(messages !== null && used.messages >= messages)
	)
}

/** Of those behind one address whoever has no room waits in the queue, and keeps nobody else from the message. */
export function withRoom(house: House, all: Destination[], octets: number): Destination[] {
	return all.map(one =>
		one.to === 'here' && isFull(house, one.account, octets)
			? { to: 'queue', route: nodeRoute(house.self), address: one.address }
			: one,
	)
}
