import { Flag } from '../../store/index.ts'
import { bad, no, Rejected } from './done.ts'
import { mayFlag } from './rights.ts'

const SYSTEM: readonly [name: string, bit: number][] = [
	['\\Seen', Flag.seen],
	['\\Answered', Flag.answered],
	['\\Flagged', Flag.flagged],
	['\\Deleted', Flag.deleted],
	['\\Draft', Flag.draft],
]

/** Keywords everybody means the same by, in the case they are registered in. */
const KNOWN = ['$Forwarded', '$MDNSent', '$Junk', '$NotJunk', '$Phishing']
const CANONICAL = new Map(KNOWN.map(word => [word.toLowerCase(), word]))

// A message with a thousand keywords is an attack or a bug.
const MOST_KEYWORDS = 64
const LONGEST_KEYWORD = 128

/** Keywords are told before they are used; of more than these only those are that were there at first. */
const MOST_TOLD = 400

/** What FLAGS names: all that messages here have, or may have (RFC 9051 section 7.3.5). @param keywords of this mailbox */
export function definedFlags(keywords: readonly string[]): string {
	return [...SYSTEM.map(([name]) => name), ...KNOWN, ...others(keywords)].join(' ')
}

/** PERMANENTFLAGS of who has these rights (RFC 4314 section 5.1.1). */
export function permanentFlags(rights: string, words: readonly string[]): string {
	const { flags, keywords } = mayFlag(rights)
	const system = SYSTEM.filter(([, bit]) => flags & bit).map(([name]) => name)
	// "]" would end the response code: older mailboxes may have keywords with it.
	const told = others(words).filter(word => !word.includes(']'))
	return [...system, ...(keywords ? [...KNOWN, ...told, '\\*'] : [])].join(' ')
}

function others(keywords: readonly string[]): string[] {
	return keywords.filter(word => !CANONICAL.has(word.toLowerCase()))
}

/** Those of the rows' keywords that are not among `told` yet. */
export function untold(told: readonly string[], rows: readonly ({ keywords: string[] } | null)[]): string[] {
	const fresh: string[] = []
	for (const row of rows) {
		if (!row || row.keywords.length === 0) continue
		for (const word of row.keywords) {
			if (told.includes(word)) continue
			const lower = word.toLowerCase()
			const same = (one: string) => one.toLowerCase() === lower
			if (!CANONICAL.has(lower) && !told.some(same) && !fresh.some(same)) fresh.push(word)
		}
	}
	return fresh.slice(0, Math.max(0, MOST_TOLD - told.length))
}

/** All 32 combinations of system flags, ready to be written. */
const TEXT = Array.from({ length: 32 }, (_, flags) =>
	SYSTEM.filter(([, bit]) => flags & bit)
		.map(([name]) => name)
		.join(' '),
)

export function formatFlags(flags: number, keywords: string[]): string {
	const system = TEXT[flags & 31]!
	if (keywords.length === 0) return system
	return system ? `${system} ${keywords.join(' ')}` : keywords.join(' ')
}

/**
 * Flags as a client names them → bits and keywords. @throws Rejected
 * @param there asked for a keyword: those that are in use; another case of one is the same (RFC 5788 section 3)
 */
export function readFlags(
	names: string[],
	there: () => readonly string[] = () => [],
): { flags: number; keywords: string[] } {
	let flags = 0
	const keywords = new Map<string, string>()
	for (const name of names) {
		const lower = name.toLowerCase()
		if (name.startsWith('\\')) {
			const known = SYSTEM.find(([flag]) => flag.toLowerCase() === lower)
			// \Recent is the server's alone to set (RFC 3501 section 2.3.2) and nothing here ever has it.
			if (!known && lower !== '\\recent') throw new Rejected(bad(`no such system flag: ${name}`))
			flags |= known?.[1] ?? 0
		} else {
			if (name.length > LONGEST_KEYWORD) throw new Rejected(no('that keyword is too long', 'LIMIT'))
			if (keywords.has(lower)) continue
			const known = CANONICAL.get(lower) ?? there().find(word => word.toLowerCase() === lower)
			// RFC 9051 section 9: no atom has a "]".
			if (known === undefined && name.includes(']'))
				throw new Rejected(no('no keyword has a "]" in it', 'CANNOT'))
			keywords.set(lower, known ?? name)
		}
	}
	if (keywords.size > MOST_KEYWORDS) throw new Rejected(no('too many keywords', 'LIMIT'))
	return { flags, keywords: [...keywords.values()] }
}
