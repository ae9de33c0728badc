import { ask } from '../../shared/api.ts'

/** A page of a list; `next` is asked for with `cursor` until it is null. */
export type List<Item> = { items: Item[]; next: string | null; total?: number | null }

type Query = Record<string, string | number | null | undefined>

export const BASE = '/api/v1'

export function listOf<Item>(path: string, query: Query = {}, signal?: AbortSignal): Promise<List<Item>> {
	return ask<List<Item>>('GET', BASE + path, { query, ...(signal ? { signal } : {}) })
}

/** All of a list that is short. */
export async function allOf<Item>(path: string, query: Query = {}, signal?: AbortSignal): Promise<Item[]> {
	const items: Item[] = []
	for (let cursor: string | null = null; ; ) {
		const page: List<Item> = await listOf<Item>(path, { limit: 1000, ...query, cursor }, signal)
		items.push(...page.items)
		if (page.next === null) return items
		cursor = page.next
	}
}
