/** Small wishes of the person at this browser (language, theme). Where nothing may be kept, nothing is. */
export const kept = {
	get(name: string): string | null {
		try {
			return localStorage.getItem(`panpipe.${name}`)
		} catch {
			return null
		}
	},
	set(name: string, value: string): void {
		try {
			localStorage.setItem(`panpipe.${name}`, value)
		} catch {}
	},
}
