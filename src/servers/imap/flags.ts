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

/** What FLAGS and PERMANENTFLAGS name. */
export const DEFINED_FLAGS = [...SYSTEM.map(([name]) => name), ...KNOWN].join(' ')

/** PERMANENTFLAGS of who has these rights (RFC 4314 section 5.1.1). */
export function permanentFlags(rights: string): string {
	const { flags, keywords } = mayFlag(rights)
	const system = SYSTEM.filter(([, bit]) => flags & bit).map(([name]) => name)
	return [...system, ...(keywords ? [...KNOWN, '\\*'] : [])].join(' ')
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

/** Flags as a client names them → bits and keywords. @throws Rejected */
export function readFlags(names: string[]): { flags: number; keywords: string[] } {
	let flags = 0
	const keywords = new Set<string>()
	for (const name of names) {
		const lower = name.toLowerCase()
		if (name.startsWith('\\')) {
			const known = SYSTEM.find(([flag]) => flag.toLowerCase() === lower)
			// \Recent is the server's alone to set (RFC 3501 section 2.3.2) and nothing here ever has it.
			if (!known && lower !== '\\recent') throw new Rejected(bad(`no such system flag: ${name}`))
			flags |= known?.[1] ?? 0
		} else {
			if (name.length > LONGEST_KEYWORD) throw new Rejected(no('that keyword is too long', 'LIMIT'))
			keywords.add(CANONICAL.get(lower) ?? name)
		}
	}
	if (keywords.size > MOST_KEYWORDS) throw new Rejected(no('too many keywords', 'LIMIT'))
	return { flags, keywords: [...keywords] }
}
