import { isObject } from './values.ts'

/** The reference tokens of a JSON pointer (RFC 6901); null when it is none. `''` has none. */
export function pointerTokens(pointer: string): string[] | null {
	if (pointer === '') return []
	if (!pointer.startsWith('/') || /~(?![01])/.test(pointer)) return null
	return pointer
		.slice(1)
		.split('/')
		.map(token => token.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** What the pointer points to; `*` goes through an array (RFC 8620 section 3.7). Undefined: nothing is there. */
export function evaluate(value: unknown, tokens: string[], from = 0): unknown {
	const token = tokens[from]
	if (token === undefined) return value
	const rest = from + 1
	if (Array.isArray(value)) {
		if (token === '*') {
			const all: unknown[] = []
			for (const one of value) {
				const found = evaluate(one, tokens, rest)
				if (found === undefined) return undefined
				if (Array.isArray(found)) for (const each of found) all.push(each)
				else all.push(found)
			}
			return all
		}
		return /^(?:0|[1-9]\d*)$/.test(token) ? evaluate(value[Number(token)], tokens, rest) : undefined
	}
	return isObject(value) && Object.hasOwn(value, token) ? evaluate(value[token], tokens, rest) : undefined
}
