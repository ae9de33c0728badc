import { fold } from '../../store/index.ts'
import type { imap } from '../../wire/index.ts'

/*
 * FUZZY (RFC 6203): all words of a text, in any order and wherever in the field, endings of English words aside. What is
 * there as it was written is worth more than that.
 */

const EXACT = 100
const INEXACT = 50

/** Words with fewer letters lose no ending, and as many are left of the others. */
const SHORTEST = 4

const words = new Intl.Segmenter('zh', { granularity: 'word' })

/** The key without FUZZY in it. @param inexact as it stands for what is looked for; else for what is there to the letter */
export function settled(key: imap.SearchKey, inexact: boolean, within = false): imap.SearchKey {
	switch (key.key) {
		case 'FUZZY':
			return settled(key.of, inexact, inexact)
		case 'NOT':
			return { ...key, of: settled(key.of, inexact, within) }
		case 'OR':
			return { ...key, either: settled(key.either, inexact, within), or: settled(key.or, inexact, within) }
		case 'AND':
			return all(key.all.map(one => settled(one, inexact, within)))
		default:
			return within && 'text' in key ? loosened(key) : key
	}
}

function loosened(key: Extract<imap.SearchKey, { text: string }>): imap.SearchKey {
	const wanted: imap.SearchKey[] = []
	for (const { segment, isWordLike } of words.segment(fold(key.text).toLowerCase()))
		if (isWordLike) wanted.push({ ...key, text: stem(segment) })
	return wanted.length > 0 ? all(wanted) : key
}

/** Side by side, where the index narrows the search by each of them. */
function all(keys: imap.SearchKey[]): imap.SearchKey {
	return { key: 'AND', all: keys.flatMap(one => (one.key === 'AND' ? one.all : [one])) }
}

function stem(word: string): string {
	if (!/^[a-z]+$/.test(word)) return word
	const bare = word.replace(/(?:ings?|ers?|ed|es|s|y|ies|e)$/, '')
	return bare.length >= SHORTEST ? bare : word
}

export function isFuzzy(key: imap.SearchKey): boolean {
	switch (key.key) {
		case 'FUZZY':
			return true
		case 'NOT':
			return isFuzzy(key.of)
		case 'OR':
			return isFuzzy(key.either) || isFuzzy(key.or)
		case 'AND':
			return key.all.some(isFuzzy)
		default:
			return false
	}
}

/** By place: how well the messages found fit, from 1 to 100. @param exact those that match to the letter */
export function scores(places: number[], exact: number[]): Map<number, number> {
	const there = new Set(exact)
	return new Map(places.map(place => [place, there.has(place) ? EXACT : INEXACT]))
}
