import { ask } from '../../shared/api.ts'
import { jobDone } from './jobs.ts'
import { allOf, BASE, type List } from './list.ts'

export type NodeState = 'up' | 'unreachable' | 'disabled'

/** A node as the one we speak to sees it. Times and ages in milliseconds; null = not known. */
export type ClusterNode = {
	id: string
	ip: string
	webPort: number
	clusterPort: number
	hostname: string
	description: string
	site: string
	enabled: boolean
	state: NodeState
	self: boolean
	copyAgeMs: number | null
	lastHeardMs: number | null
	clockOffMs: number | null
	roundTripMs: number | null
	accounts: number
	/** Messages that wait there. */
	queue?: number | null
	/** Why its web port cannot be reached; a node of an older version does not say. */
	webPortProblem?: string | null
	version: string
}

export type NodeChanges = Partial<
	Pick<ClusterNode, 'description' | 'site' | 'ip' | 'webPort' | 'clusterPort' | 'enabled'>
>
export type NewNode = {
	ip: string
	webPort: number
	code: string
	description: string
	site: string
	enabled: boolean
}
/** What became of one node at a refresh. */
export type Refreshed = {
	node: string
	ip: string
	description: string
	state: 'done' | 'unreachable'
	/** Records looked at, and how many of them changed something here. */
	records: number
	changed: number
	/** Of the changed ones, where the node tells them apart. */
	added?: number
	conflicts?: number
}

const path = (id: string) => `${BASE}/nodes/${encodeURIComponent(id)}`

export const allNodes = (signal?: AbortSignal) => allOf<ClusterNode>('/nodes', {}, signal)
export const addNode = (node: NewNode) =>
	ask<{ id: string; merged: boolean; accounts: number }>('POST', `${BASE}/nodes`, { body: node })
export const editNode = (id: string, changes: NodeChanges) =>
	ask<ClusterNode>('PATCH', path(id), { body: changes })
/** `told` = it has heard of it already; else it will when it can be reached. `anyway`: also when mail waits there. */
export const removeNode = (id: string, anyway: boolean) =>
	ask<{ id: string; ip: string; told: boolean }>('DELETE', path(id), { query: { anyway } })
/** A refresh, to its end. `hear` is told how many nodes are done. @throws Problem */
export async function refreshNodes(hear: (done: number, total: number) => void): Promise<Refreshed[]> {
	const { items } = await jobDone<List<Refreshed>>(
		await ask('POST', `${BASE}/nodes/refresh`, { headers: { prefer: 'respond-async' } }),
		({ done, total }) => hear(done, total),
	)
	return items
}
export const joinCode = () =>
	ask<{ code: string; ip?: string; webPort: number }>('POST', `${BASE}/nodes/code`)

/** One way between two nodes, as its beginning sees it. */
export type Link = {
	from: string
	to: string
	state: 'up' | 'unreachable'
	roundTripMs: number | null
	/** Recipients whose mail waits at `from` to go to `to`. */
	waiting: number
	/** Recipients whose mail went from `from` to `to` in the last five minutes. */
	lately: number
}
/** `missing`: nodes that did not answer; their ends are not known. */
export const allLinks = (signal: AbortSignal) =>
	ask<{ items: Link[]; missing: string[] }>('GET', `${BASE}/links`, { signal })

/** What a node is called where a person reads it. */
export const nameOf = (node: Pick<ClusterNode, 'description' | 'hostname' | 'ip'>): string =>
	node.description || node.ip || node.hostname
