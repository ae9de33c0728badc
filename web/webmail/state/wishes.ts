import { ref, watch } from 'vue'
import { kept } from '../../shared/kept.ts'

/** How this person likes the page at this browser. */
export const densities = ['comfortable', 'compact'] as const
export const density = wish('density', densities)
export const layouts = ['three', 'two'] as const
/** Panes on a wide screen: with the message beside the list, or in its place. */
export const layout = wish('layout', layouts)

function wish<Name extends string>(key: string, names: readonly Name[]) {
	const found = names.find(name => name === kept.get(key))
	const chosen = ref<Name>(found ?? names[0]!)
	watch(chosen, name => kept.set(key, name))
	return chosen
}
