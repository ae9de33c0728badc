import { pointerTokens } from './pointer.ts'
import { RecordRefused } from './types.ts'
import { isObject } from './values.ts'

function invalid(description: string): RecordRefused {
	return new RecordRefused({ type: 'invalidPatch', description })
}

/**
 * Applies a PatchObject (RFC 8620 section 5.3) to a record, which stays as it is. A path to null takes away what is
 * there; `defaults` says what a property becomes then. The result has what was changed only at the first level.
 * @throws RecordRefused invalidPatch
 */
export function applyPatch(
	record: Record<string, unknown>,
	patch: Record<string, unknown>,
	defaults: Record<string, unknown> = {},
): Record<string, unknown> {
	const paths = Object.keys(patch).map(path => {
		const tokens = pointerTokens(`/${path}`)
		if (!tokens) throw invalid(`"${path}" is not a path`)
		return { path, tokens }
	})
	const taken = new Set(paths.map(({ tokens }) => JSON.stringify(tokens)))
	for (const { path, tokens } of paths) {
		for (let length = 1; length < tokens.length; length++) {
			if (taken.has(JSON.stringify(tokens.slice(0, length))))
				throw invalid(`"${path}" lies within another path of the patch`)
		}
	}
	const changed: Record<string, unknown> = {}
	for (const { path, tokens } of paths) {
		const value = patch[path]
		const [first, ...rest] = tokens as [string, ...string[]]
		if (rest.length === 0) {
			changed[first] = value === null && first in defaults ? defaults[first] : value
			continue
		}
		if (!Object.hasOwn(changed, first)) changed[first] = structuredClone(record[first])
		put(changed[first], path, rest, value)
	}
	return changed
}

function put(within: unknown, path: string, tokens: string[], value: unknown): void {
	let parent = within
	for (const token of tokens.slice(0, -1))
		parent = isObject(parent) && Object.hasOwn(parent, token) ? parent[token] : undefined
	if (!isObject(parent)) throw invalid(`what "${path}" lies in is not there, or not an object`)
	const last = tokens.at(-1)!
	if (value === null) delete parent[last]
	else parent[last] = value
}
