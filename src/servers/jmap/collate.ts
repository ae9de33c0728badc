import { fold } from '../../store/index.ts'
import type { Comparator } from './filter.ts'

/** Compares by each comparator in turn; what is equal keeps its order. Text is compared by the collation asked for. */
export function compareBy<T>(
	sort: Comparator[],
	read: (record: T, comparator: Comparator) => string | number | boolean,
): (a: T, b: T) => number {
	return (a, b) => {
		for (const comparator of sort) {
			const order = compare(read(a, comparator), read(b, comparator), comparator.collation)
			if (order !== 0) return comparator.isAscending ? order : -order
		}
		return 0
	}
}

function compare(a: string | number | boolean, b: string | number | boolean, collation: string): number {
	if (typeof a !== 'string' || typeof b !== 'string') return Number(a) - Number(b)
	switch (collation) {
		case 'i;ascii-numeric':
			return numberOf(a) - numberOf(b) || 0
		case 'i;ascii-casemap':
			return order(upper(a), upper(b))
		default:
			return order(fold(a), fold(b))
	}
}

/** RFC 4790 section 9.1: what does not begin with a digit is infinity. */
function numberOf(text: string): number {
	const digits = /^\d+/.exec(text)
	return digits ? Number(digits[0]) : Number.MAX_VALUE
}

function upper(text: string): string {
	return text.replace(/[a-z]+/g, letters => letters.toUpperCase())
}

function order(a: string, b: string): number {
	return a < b ? -1 : a > b ? 1 : 0
}
