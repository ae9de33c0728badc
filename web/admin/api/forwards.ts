import { allOf, BASE, listOf } from './list.ts'

/** A line of the SMTP forwarding table: mail for the address goes to that node. */
export type Forward = { id: string; address: string; node: string; ip: string; description: string }
export type ForwardFilter = { q?: string; node?: string }

export const listForwards = (
	filter: ForwardFilter & { limit: number; cursor: string | null },
	signal: AbortSignal,
) => listOf<Forward>('/forwards', filter, signal)
export const forwardsFile = (filter: ForwardFilter): string => {
	const said = Object.entries({ ...filter, format: 'csv' }).filter(([, value]) => value)
	return `${BASE}/forwards?${new URLSearchParams(said as [string, string][])}`
}

/** What nodes are called; also for those who may not look into them. */
export type NodeName = { id: string; ip: string; description: string; hostname?: string; self?: boolean }
export const nodeNames = (signal?: AbortSignal) => allOf<NodeName>('/nodes/names', {}, signal)
