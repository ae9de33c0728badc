import { onScopeDispose, type Ref, ref, type ShallowRef, shallowRef } from 'vue'
import { Problem } from './api.ts'

export type Asked<T> = {
	data: ShallowRef<T | undefined>
	problem: Ref<Problem | undefined>
	busy: Ref<boolean>
	/** Asks anew; what was known stays on the page meanwhile. */
	again(): Promise<void>
}

/**
 * What a page shows, asked of the node when the page opens, and every `everyMs` while somebody looks at it.
 * An answer that was overtaken by a newer question is dropped.
 */
export function useAsked<T>(question: (signal: AbortSignal) => Promise<T>, everyMs = 0): Asked<T> {
	const data = shallowRef<T>()
	const problem = ref<Problem>()
	const busy = ref(false)
	let current: AbortController | null = null

	async function again(): Promise<void> {
		current?.abort()
		const mine = new AbortController()
		current = mine
		busy.value = true
		try {
			const answer = await question(mine.signal)
			if (current !== mine) return
			data.value = answer
			problem.value = undefined
		} catch (error) {
			if (current !== mine) return
			problem.value = asProblem(error)
		}
		busy.value = false
	}

	void again()
	const timer =
		everyMs === 0 ? undefined : setInterval(() => !document.hidden && !busy.value && again(), everyMs)
	const look = () => !document.hidden && everyMs > 0 && again()
	document.addEventListener('visibilitychange', look)
	onScopeDispose(() => {
		clearInterval(timer)
		document.removeEventListener('visibilitychange', look)
		current?.abort()
		current = null
	})
	return { data, problem, busy, again }
}

export type Act<Args extends unknown[]> = {
	busy: Ref<boolean>
	problem: Ref<Problem | undefined>
	/** True when it was done. A second call while the first runs does nothing. */
	run(...args: Args): Promise<boolean>
}

/** Something a person does: a button that is busy meanwhile, and a problem to show when it failed. */
export function useAct<Args extends unknown[]>(act: (...args: Args) => Promise<unknown>): Act<Args> {
	const busy = ref(false)
	const problem = ref<Problem>()
	return {
		busy,
		problem,
		async run(...args) {
			if (busy.value) return false
			busy.value = true
			problem.value = undefined
			try {
				await act(...args)
				return true
			} catch (error) {
				problem.value = asProblem(error)
				return false
			} finally {
				busy.value = false
			}
		},
	}
}

export function asProblem(error: unknown): Problem {
	if (error instanceof Problem) return error
	console.error(error)
	return new Problem(0, 'ours')
}
