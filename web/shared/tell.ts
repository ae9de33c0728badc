import { ref } from 'vue'

export type Told = { id: number; kind: 'good' | 'bad'; text: string }

// A sentence of twenty words is read in so long (milliseconds).
const SHOWN = 6000

/** What was done, told in passing; Toasts.vue shows it. What needs an answer belongs on the page instead. */
export const told = ref<Told[]>([])
let last = 0

export function tell(text: string, kind: Told['kind'] = 'good'): void {
	const id = ++last
	told.value.push({ id, kind, text })
	setTimeout(() => forget(id), SHOWN)
}

export function forget(id: number): void {
	told.value = told.value.filter(one => one.id !== id)
}
