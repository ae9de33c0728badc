import { type Entry, entries, groups } from './pages.ts'

export type Menu = { name: string; parts: { name: string; entries: Entry[] }[] }[]

/** The menu as one person sees it: groups in order, in them parts, in them pages; nothing empty. */
export function menuOf(sees: (entry: Entry) => boolean): Menu {
	return groups
		.map(name => {
			const mine = entries.filter(entry => entry.group === name && sees(entry))
			const parts = [...new Set(mine.map(entry => entry.part ?? ''))].map(part => ({
				name: part,
				entries: mine.filter(entry => (entry.part ?? '') === part),
			}))
			return { name, parts }
		})
		.filter(group => group.parts.length > 0)
}

/** The way to a page, as the keys of the menu: system settings / distributed service / node management. */
export function placeOf(name: string): string[] {
	if (name === 'domain') return placeOf('domains')
	const entry = entries.find(one => one.name === name)
	if (!entry) return []
	return entry.part ? [entry.group, entry.part, entry.name] : [entry.group, entry.name]
}
