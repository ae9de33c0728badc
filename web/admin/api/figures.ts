import { ask } from '../../shared/api.ts'
import { BASE } from './list.ts'

/** One value for each hour; null where nobody looked. */
export type Series = Record<string, (number | null)[]>
export type Figures = {
	/** When each hour begins. */
	hours: string[]
	nodes: { node: string; name: string; series: Series }[]
	/** Of all nodes that answered. */
	total: Series
	missing: string[]
}
export type Alert = {
	id: string
	code: string
	/** The nodes that see it. */
	nodes: string[]
	/** A sentence that says what to do. */
	en: string
	zh: string
	began: string
	ended: string | null
}

export const figures = (hours: number, signal: AbortSignal) =>
	ask<Figures>('GET', `${BASE}/figures`, { query: { hours }, signal })
export const allAlerts = (signal: AbortSignal) =>
	ask<{ items: Alert[]; missing: string[] }>('GET', `${BASE}/alerts`, { signal })
