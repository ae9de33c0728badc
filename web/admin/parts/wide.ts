import { onScopeDispose, type Ref, ref } from 'vue'

/** Is the window as narrow as a phone? The same width as in the styles. */
export function usePhone(): Ref<boolean> {
	const query = matchMedia('(max-width: 720px)')
	const phone = ref(query.matches)
	const hear = (event: MediaQueryListEvent) => (phone.value = event.matches)
	query.addEventListener('change', hear)
	onScopeDispose(() => query.removeEventListener('change', hear))
	return phone
}
