import { imap } from '../../wire/index.ts'
import type { Box } from './mailboxes.ts'
import type { Session } from './session.ts'

export const MOST_OCTETS = 65_536
export const MOST_ENTRIES = 100

/** Octets as a binary string; null = there is no such entry. */
export type Entry = [name: string, value: string | null]

/** RFC 5464 section 3.2: levels of printable ASCII without `*` and `%`, the first one says who sees it. */
export function validEntry(name: string): boolean {
	return name.length <= 255 && /^\/(?:private|shared)(?:\/[^/*%\x00-\x1f\x7f-\xff]+)+$/.test(name)
}

/** Where everything below can be asked for, with DEPTH. */
export function validTop(name: string): boolean {
	return name === '/private' || name === '/shared' || validEntry(name)
}

/** /private entries are everybody's own, /shared ones their owner's. @param box null = the account itself */
export function allEntries(
	{ house, account }: Session,
	box: Pick<Box, 'id' | 'account'> | null,
): [entry: string, value: string][] {
	const own = house.reader.metadata(account!.id, box?.id ?? '')
	if (!box || box.account === account!.id) return own
	const shared = house.reader.metadata(box.account, box.id).filter(([entry]) => isShared(entry))
	return [...own, ...shared]
}

export function isShared(entry: string): boolean {
	return entry.startsWith('/shared/')
}

/** The entries asked for, and with `depth` those below them; asked for by name and not there: null. */
export function entriesOf(
	session: Session,
	box: Pick<Box, 'id' | 'account'> | null,
	names: string[],
	depth: imap.Depth,
): Entry[] {
	const all = allEntries(session, box)
	const out = new Map<string, string | null>()
	for (const name of names) {
		const found = all.filter(([entry]) => {
			if (entry === name) return true
			if (depth === 0 || !entry.startsWith(`${name}/`)) return false
			return depth === 'infinity' || !entry.slice(name.length + 1).includes('/')
		})
		for (const [entry, value] of found) out.set(entry, value)
		if (depth === 0 && found.length === 0) out.set(name, null)
	}
	return [...out]
}

/** entry-values. */
export function formatEntries(entries: Entry[]): string {
	return `(${entries.map(([name, value]) => `${formatName(name)} ${value === null ? 'NIL' : formatValue(value)}`).join(' ')})`
}

/** entry-list, of unsolicited responses: names only. */
export function formatNames(names: string[]): string {
	return names.map(formatName).join(' ')
}

function formatName(name: string): string {
	return /^[\w./-]+$/.test(name) ? name : imap.formatString(name)
}

function formatValue(octets: string): string {
	// 8-bit octets go out as they came in, in a literal.
	return /^[\x00-\x7f]*$/.test(octets) ? imap.formatString(octets) : `{${octets.length}}\r\n${octets}`
}
