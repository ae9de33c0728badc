import { z } from 'zod'
import { jmap } from '../../wire/index.ts'
import { read } from './arguments.ts'

/* Filters and comparators of /query (RFC 8620 section 5.5). */

/** A condition, or an operator and what it is about. */
export type Filter<C> = { operator: 'AND' | 'OR' | 'NOT'; conditions: Filter<C>[] } | { condition: C }

const DEEPEST = 20
/** Each may be looked up in every mailbox. */
const MOST_CONDITIONS = 500
const MOST_COMPARATORS = 20

export function readFilter<C>(
	filter: Record<string, unknown>,
	condition: (value: Record<string, unknown>) => C,
	depth = 0,
	seen = { conditions: 0 },
): Filter<C> {
	if (!('operator' in filter)) {
		if (++seen.conditions > MOST_CONDITIONS)
			throw new jmap.MethodRefused('unsupportedFilter', `at most ${MOST_CONDITIONS} conditions`)
		return { condition: condition(filter) }
	}
	const wrong = (why: string) => new jmap.MethodRefused('invalidArguments', why, { arguments: ['filter'] })
	if (depth > DEEPEST)
		throw new jmap.MethodRefused('unsupportedFilter', 'filters may not be nested so deeply')
	const { operator, conditions, ...rest } = filter
	if (operator !== 'AND' && operator !== 'OR' && operator !== 'NOT')
		throw wrong('filter: an operator is AND, OR or NOT')
	if (!Array.isArray(conditions) || !conditions.every(jmap.isObject) || Object.keys(rest).length > 0)
		throw wrong('filter: an operator has a list of conditions')
	return { operator, conditions: conditions.map(one => readFilter(one, condition, depth + 1, seen)) }
}

/** Does it hold? */
export function holds<C>(filter: Filter<C>, is: (condition: C) => boolean): boolean {
	if ('condition' in filter) return is(filter.condition)
	switch (filter.operator) {
		case 'AND':
			return filter.conditions.every(one => holds(one, is))
		case 'OR':
			return filter.conditions.some(one => holds(one, is))
		case 'NOT':
			return !filter.conditions.some(one => holds(one, is))
	}
}

export type Comparator = {
	property: string
	isAscending: boolean
	collation: string
	keyword?: string | undefined
}

export const COLLATIONS = ['i;ascii-numeric', 'i;ascii-casemap', 'i;unicode-casemap'] as const

const comparatorShape = z.object({
	property: z.string(),
	isAscending: z.boolean().default(true),
	collation: z.string().default('i;unicode-casemap'),
	keyword: z.string().optional(),
})

/** A condition of a filter. @throws MethodRefused invalidArguments, unsupportedFilter */
export function readCondition<T extends z.ZodObject>(shape: T, value: Record<string, unknown>): z.output<T> {
	const unknown = Object.keys(value).find(name => !(name in shape.shape))
	if (unknown !== undefined)
		throw new jmap.MethodRefused('unsupportedFilter', `nothing is filtered by "${unknown}"`)
	return (read(z.object({ filter: shape }), { filter: value }) as { filter: z.output<T> }).filter
}

/** @throws MethodRefused invalidArguments, unsupportedSort */
export function readSort(
	sort: Record<string, unknown>[] | null,
	properties: readonly string[],
): Comparator[] {
	if (sort && sort.length > MOST_COMPARATORS)
		throw new jmap.MethodRefused('unsupportedSort', `at most ${MOST_COMPARATORS} comparators`)
	return (sort ?? []).map(one => {
		const comparator = read(z.object({ sort: comparatorShape }), { sort: one }).sort
		if (!properties.includes(comparator.property))
			throw new jmap.MethodRefused('unsupportedSort', `nothing is sorted by "${comparator.property}"`)
		if (!COLLATIONS.includes(comparator.collation as never))
			throw new jmap.MethodRefused('unsupportedSort', `there is no collation "${comparator.collation}"`)
		return comparator
	})
}
