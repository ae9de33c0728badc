import { parseJson } from './json.ts'
import { type Invocation, type Request, RequestRefused } from './types.ts'
import { isId, isObject } from './values.ts'

/** RFC 8620 section 3.3. @throws RequestRefused */
export function parseRequest(octets: Uint8Array): Request {
	return requestOf(parseJson(octets))
}

/** @throws RequestRefused */
export function requestOf(value: unknown): Request {
	if (!isObject(value)) throw wrong('a request is an object')
	const { using, methodCalls, createdIds = null, id = null } = value
	if (!Array.isArray(using) || !using.every(uri => typeof uri === 'string'))
		throw wrong('"using" is a list of strings')
	if (!Array.isArray(methodCalls)) throw wrong('"methodCalls" is a list')
	if (createdIds !== null && !(isObject(createdIds) && Object.entries(createdIds).every(areIds)))
		throw wrong('"createdIds" maps ids to ids')
	if (id !== null && typeof id !== 'string') throw wrong('"id" is a string')
	return {
		using,
		methodCalls: methodCalls.map(invocationOf),
		createdIds: createdIds as Record<string, string> | null,
		id,
	}
}

function areIds([key, value]: [string, unknown]): boolean {
	return isId(key) && isId(value)
}

function invocationOf(value: unknown): Invocation {
	if (
		!Array.isArray(value) ||
		value.length !== 3 ||
		typeof value[0] !== 'string' ||
		!isObject(value[1]) ||
		typeof value[2] !== 'string'
	)
		throw wrong('a method call is [name, arguments, id]')
	return value as Invocation
}

function wrong(detail: string): RequestRefused {
	return new RequestRefused('notRequest', detail)
}
