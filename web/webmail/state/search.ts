import { momentIn, zone } from '../../shared/zone.ts'
import type { Filter, Id } from '../jmap/types.ts'
import { ATTACHMENT, DAY, OPERATORS, STATES } from '../understood.ts'

/** What the words of a search ask for, beside plain words. */
type Wish = { filter: Filter } | null

export type FolderOf = (words: string) => Id | null
/** The keyword of a label by its name. */
export type LabelOf = (words: string) => string | null

/**
 * Reads what a person typed: words and "several words", and operators (from: to: cc: subject: body: in: is: has: before:
 * after: larger: smaller: label:), each with a Chinese name too; `-` before one means not. Days are those of the person's place.
 */
export function readSearch(text: string, folderOf: FolderOf, labelOf: LabelOf): Filter | null {
	const conditions: Filter[] = []
	for (const [, minus, operator, quoted, curly, plain] of text.matchAll(
		/(-)?(?:([\p{L}]+)[:：])?(?:"([^"]*)"?|“([^”]*)”?|(\S+))/gu,
	)) {
		const words = (quoted ?? curly ?? plain ?? '').trim()
		if (words === '') continue
		const wish =
			operator === undefined
				? { filter: { text: words } }
				: asked(operator.toLowerCase(), words, folderOf, labelOf)
		// What is no operator of ours is words: "RE:x", a time like 10:30.
		const filter = wish?.filter ?? { text: operator === undefined ? words : `${operator}:${words}` }
		conditions.push(minus ? { operator: 'NOT', conditions: [filter] } : filter)
	}
	if (conditions.length === 0) return null
	return conditions.length === 1 ? conditions[0]! : { operator: 'AND', conditions }
}

function asked(operator: string, words: string, folderOf: FolderOf, labelOf: LabelOf): Wish {
	switch (OPERATORS[operator] ?? operator) {
		case 'from':
			return { filter: { from: words } }
		case 'to':
			return { filter: { to: words } }
		case 'cc':
			return { filter: { cc: words } }
		case 'subject':
			return { filter: { subject: words } }
		case 'body':
			return { filter: { body: words } }
		case 'in': {
			const inMailbox = folderOf(words)
			return inMailbox ? { filter: { inMailbox } } : null
		}
		case 'is': {
			const filter = STATES[words.toLowerCase()]
			return filter ? { filter } : null
		}
		case 'label': {
			const hasKeyword = labelOf(words)
			return hasKeyword ? { filter: { hasKeyword } } : null
		}
		case 'has':
			return ATTACHMENT.test(words) ? { filter: { hasAttachment: true } } : null
		case 'before':
			return day(words, before => ({ before }))
		case 'after':
			return day(words, after => ({ after }))
		case 'larger':
			return octets(words, minSize => ({ minSize }))
		case 'smaller':
			return octets(words, maxSize => ({ maxSize }))
		default:
			return null
	}
}

function day(words: string, make: (utc: string) => Filter): Wish {
	const [, year, month = '1', date = '1'] = DAY.exec(words) ?? []
	if (!year) return null
	const midnight = Date.UTC(Number(year), Number(month) - 1, Number(date))
	if (Number.isNaN(midnight)) return null
	const at = new Date(momentIn(zone.value, midnight))
	return { filter: make(at.toISOString().replace(/\.\d+/, '')) }
}

function octets(words: string, make: (octets: number) => Filter): Wish {
	const [, number, unit = ''] = /^(\d+(?:\.\d+)?)([kmg]?)b?$/i.exec(words) ?? []
	if (!number) return null
	const factor = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 }[unit.toLowerCase()] ?? 1
	return { filter: make(Math.round(Number(number) * factor)) }
}
