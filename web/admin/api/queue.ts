import { ask } from '../../shared/api.ts'
import { BASE, type List, listOf } from './list.ts'

/** A message on its way to one recipient. */
export type Waiting = {
	/** Of the message: the same for all its recipients. */
	id: string
	/** The node where it waits. */
	node: string
	from: string
	to: string
	size: number
	arrived: string
	next: string
	expires: string
	attempts: number
	held: boolean
	sendAt: string | null
	destination: string
	/** The address of the node it is for. */
	at: string | null
	why: 'held' | 'send-later' | 'told' | 'node-unreachable' | 'node-disabled' | 'node-unknown' | 'on-its-way'
	/** In English, or as another server said it. */
	reason: string
}
export type Queue = List<Waiting> & { missing: string[] }
export type QueueFilter = { node: string; q: string; held: string }
export type QueueAct = 'retry' | 'hold' | 'release' | 'drop'

export const listQueue = (filter: QueueFilter & { limit: number }, signal: AbortSignal) =>
	listOf<Waiting>('/queue', filter, signal) as Promise<Queue>
export const showWaiting = ({ id, node }: Pick<Waiting, 'id' | 'node'>) =>
	ask<Waiting & { recipients: Waiting[]; header: string }>('GET', `${BASE}/queue/${encodeURIComponent(id)}`, {
		query: { node },
	})
export const actOnQueue = (act: QueueAct, node: string, ids: string[], report = true) =>
	ask<unknown>('POST', `${BASE}/queue/${act}`, { body: { node, ids, ...(act === 'drop' ? { report } : {}) } })
