import { onScopeDispose, type Ref, ref } from 'vue'

/** Is the window as narrow as a phone? The same width as in the styles. */
export const usePhone = () => useWidth('(max-width: 720px)')

/** Wider than a phone, but not so wide that a table of ten columns fits beside the menu. */
export const useNarrow = () => useWidth('(min-width: 721px) and (max-width: 1280px)')

function useWidth(width: string): Ref<boolean> {
	const query = matchMedia(width)
	const so = ref(query.matches)
	const hear = (event: MediaQueryListEvent) => (so.value = event.matches)
	query.addEventListener('change', hear)
	onScopeDispose(() => query.removeEventListener('change', hear))
	return so
}
