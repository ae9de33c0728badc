import { Flag } from '../../store/index.ts'

/** Keywords of RFC 8621 section 4.1.1 that are system flags in IMAP. */
export const SYSTEM: Record<string, number> = {
	$seen: Flag.seen,
	$answered: Flag.answered,
	$flagged: Flag.flagged,
	$draft: Flag.draft,
}

/** Names of the keywords a message has, in lower case. */
export function namesOf({ flags, keywords }: { flags: number; keywords: string[] }): string[] {
	const names = Object.keys(SYSTEM).filter(name => flags & SYSTEM[name]!)
	return [...new Set([...names, ...keywords.map(word => word.toLowerCase())])]
}

export function keywordsOf(row: { flags: number; keywords: string[] }): Record<string, true> {
	return Object.fromEntries(namesOf(row).map(name => [name, true]))
}

export function has(row: { flags: number; keywords: string[] }, name: string): boolean {
	const flag = SYSTEM[name]
	if (flag !== undefined) return (row.flags & flag) !== 0
	return row.keywords.some(word => word.toLowerCase() === name)
}

/** 1 to 255 characters of ASCII, but no space and none of ( ) { ] % * " \. */
export function isKeyword(name: string): boolean {
	return /^[\x21-\x7e]{1,255}$/.test(name) && !/[(){\]%*"\\]/.test(name)
}

/** As the store keeps them. */
export function flagsOf(names: string[]): { flags: number; keywords: string[] } {
	const lower = [...new Set(names.map(name => name.toLowerCase()))]
	return {
		flags: lower.reduce((flags, name) => flags | (SYSTEM[name] ?? 0), 0),
		keywords: lower.filter(name => !(name in SYSTEM)),
	}
}
