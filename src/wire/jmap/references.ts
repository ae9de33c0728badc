import { evaluate, pointerTokens } from './pointer.ts'
import { type Invocation, MethodRefused } from './types.ts'
import { isObject } from './values.ts'

/** How much there may still be, in characters; each value counts as one at least. */
export type Budget = { left: number }

/**
 * Puts the results of earlier calls where `#name` asks for them (RFC 8620 section 3.7). What is asked for twice is there
 * twice, and again in what asks for that: the budget ends it.
 * @throws MethodRefused
 */
export function resolveReferences(
	args: Record<string, unknown>,
	earlier: Invocation[],
	budget: Budget,
): Record<string, unknown> {
	const names = Object.keys(args)
	if (!names.some(name => name.startsWith('#'))) return args
	const resolved: Record<string, unknown> = {}
	for (const name of names) {
		if (!name.startsWith('#')) {
			resolved[name] = args[name]
			continue
		}
		const plain = name.slice(1)
		if (Object.hasOwn(args, plain))
			throw new MethodRefused('invalidArguments', `"${plain}" and "${name}" are both there`, {
				arguments: [plain],
			})
		const found = resultOf(args[name], earlier)
		spend(found, budget)
		if (budget.left < 0)
			throw new MethodRefused('invalidResultReference', 'the request asks for too much of its results')
		resolved[plain] = found
	}
	return resolved
}

/** Takes what it weighs from the budget, until nothing is left. */
export function spend(value: unknown, budget: Budget): void {
	budget.left -= typeof value === 'string' ? value.length + 1 : 1
	if (typeof value !== 'object' || value === null) return
	for (const [key, one] of Object.entries(value)) {
		if (budget.left < 0) return
		if (!Array.isArray(value)) budget.left -= key.length
		spend(one, budget)
	}
}

function resultOf(reference: unknown, earlier: Invocation[]): unknown {
	const wrong = (why: string) => new MethodRefused('invalidResultReference', why)
	if (!isObject(reference)) throw wrong('a result reference is an object')
	const { resultOf, name, path } = reference
	if (typeof resultOf !== 'string' || typeof name !== 'string' || typeof path !== 'string')
		throw wrong('a result reference has "resultOf", "name" and "path"')
	const response = earlier.find(([, , callId]) => callId === resultOf)
	if (!response) throw wrong(`no call before this one has the id "${resultOf}"`)
	if (response[0] !== name) throw wrong(`the call "${resultOf}" was answered by ${response[0]}, not ${name}`)
	const tokens = pointerTokens(path)
	const found = tokens && evaluate(response[1], tokens)
	if (found === undefined || (found === null && tokens === null)) throw wrong(`"${path}" points nowhere`)
	return found
}
