import { ref, watchEffect } from 'vue'
import { kept } from './kept.ts'

export type Theme = 'system' | 'light' | 'dark'
export const themes: Theme[] = ['system', 'light', 'dark']

const wish = kept.get('theme') as Theme | null
export const theme = ref<Theme>(wish && themes.includes(wish) ? wish : 'system')
/** What is shown: `system` is settled. */
export const dark = ref(false)

/** Dresses the page, and again whenever the person or the system changes their mind. */
export function startTheme(): void {
	const system = matchMedia('(prefers-color-scheme: dark)')
	const systemDark = ref(system.matches)
	system.addEventListener('change', event => (systemDark.value = event.matches))
	watchEffect(() => {
		dark.value = theme.value === 'dark' || (theme.value === 'system' && systemDark.value)
		// The class is the one Element Plus looks for.
		document.documentElement.classList.toggle('dark', dark.value)
	})
}

export function chooseTheme(chosen: Theme): void {
	theme.value = chosen
	kept.set('theme', chosen)
}
