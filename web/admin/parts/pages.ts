import { onScopeDispose, type Ref, ref, type ShallowRef, shallowRef, watch } from 'vue'
import type { Problem } from '../../shared/api.ts'
import { asProblem } from '../../shared/ask.ts'
import type { List } from '../api/list.ts'

export type Paged<Item> = {
	/** What was fetched up to now; undefined before the first answer. */
	items: ShallowRef<Item[] | undefined>
	total: Ref<number | null>
	/** The first answer as it came: some lists say more than what is in them. */
	page: ShallowRef<List<Item> | undefined>
	problem: Ref<Problem | undefined>
	busy: Ref<boolean>
	/** Is there more to fetch? */
	unfinished: Ref<boolean>
	more(): Promise<void>
	/** From the beginning: something changed. */
	again(): Promise<void>
}

// People type faster than anybody wants answers.
const PAUSE_MS = 200

/** A long list, fetched page by page as somebody looks further; anew when what is asked for changes. */
export function usePaged<Item, Filter>(
	filter: () => Filter,
	fetchPage: (filter: Filter, cursor: string | null, signal: AbortSignal) => Promise<List<Item>>,
): Paged<Item> {
	const items = shallowRef<Item[]>()
	const total = ref<number | null>(null)
	const first = shallowRef<List<Item>>()
	const problem = ref<Problem>()
	const busy = ref(false)
	const unfinished = ref(false)
	let next: string | null = null
	let current: AbortController | null = null

	async function load(fresh: boolean): Promise<void> {
		if (!fresh && (busy.value || !unfinished.value)) return
		current?.abort()
		const mine = new AbortController()
		current = mine
		busy.value = true
		try {
			const page = await fetchPage(filter(), fresh ? null : next, mine.signal)
			if (current !== mine) return
			items.value = fresh ? page.items : [...(items.value ?? []), ...page.items]
			if (fresh) {
				total.value = page.total ?? null
				first.value = page
			}
			next = page.next
			unfinished.value = next !== null
			problem.value = undefined
		} catch (error) {
			if (current !== mine) return
			problem.value = asProblem(error)
		}
		busy.value = false
	}

	void load(true)
	let timer: ReturnType<typeof setTimeout> | undefined
	watch(
		filter,
		() => {
			clearTimeout(timer)
			timer = setTimeout(() => load(true), PAUSE_MS)
		},
		{ deep: true },
	)
	onScopeDispose(() => {
		clearTimeout(timer)
		current?.abort()
		current = null
	})
	return {
		items,
		total,
		page: first,
		problem,
		busy,
		unfinished,
		more: () => load(false),
		again: () => load(true),
	}
}
