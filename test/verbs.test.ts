import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type VerbName, verbs } from '../src/admin/index.ts'
import { forms } from '../src/main/command-line.ts'
import { RESOURCES } from '../src/servers/http/api/index.ts'
import type { Route } from '../src/servers/http/api/route.ts'

/* Everything an operator can say lives once, and is said by the command line and by the API alike. */

const names = Object.keys(verbs) as VerbName[]
const routes: Route[] = Object.values(RESOURCES).flat()
const said = new Set(routes.flatMap(({ says = [] }) => says))

/** One node's part of an answer, and the verb by which the API asks all of them. */
const PARTS: Partial<Record<VerbName, VerbName>> = {
	'figures here': 'figures',
	'alert here': 'alert list',
	'trace here': 'trace',
	'queue here': 'queue everywhere',
	'queue list': 'queue everywhere',
	'link list': 'link everywhere',
}

test('every verb can be said by the command line, and the command line says no other', () => {
	const spoken = new Set(Object.entries(forms).map(([name, { verb }]) => verb ?? name))
	assert.deepEqual(
		names.filter(name => !spoken.has(name)),
		[],
	)
	assert.deepEqual(
		[...spoken].filter(name => !names.includes(name as VerbName)),
		[],
	)
})

test('what the command line makes of words and flags are fields that the verb takes', () => {
	const wrong: string[] = []
	for (const [name, { verb, words = [], rest, flags = {}, fixed = {}, secret }] of Object.entries(forms)) {
		const taken = new Set(
			Object.keys((verbs[verb ?? (name as VerbName)].input as { shape?: object }).shape ?? {}),
		)
		const given = [...words, ...(rest ? [rest] : []), ...Object.values(flags).map(([field]) => field)]
		for (const field of [...given, ...Object.keys(fixed), ...(secret ? ['password'] : [])]) {
			if (!taken.has(field)) wrong.push(`${name}: ${field}`)
		}
	}
	assert.deepEqual(wrong, [])
})

test('every verb can be said by the API', () => {
	assert.deepEqual(
		names.filter(name => !said.has(PARTS[name] ?? name)),
		[],
	)
})

test('a route says what it answers, unless that is nothing or a file', () => {
	const files = new Set(['/accounts/export'])
	const silent = routes.filter(({ status, answer, path }) => status !== 204 && !answer && !files.has(path))
	assert.deepEqual(
		silent.map(({ method, path }) => `${method} ${path}`),
		[],
	)
})

test('every list has a page, the place where the next one begins, and a filter', () => {
	// A tree, which is no use in pieces.
	const whole = new Set(['/people/units'])
	const wrong: string[] = []
	for (const { method, path, answer, query } of routes) {
		const shape = (answer as { shape?: Record<string, unknown> } | undefined)?.shape ?? {}
		if (method !== 'GET' || !('items' in shape) || whole.has(path)) continue
		const asked = Object.keys(query?.shape ?? {})
		if (!['limit', 'cursor', 'q'].every(name => asked.includes(name))) wrong.push(`${path}: ${asked}`)
	}
	assert.deepEqual(wrong, [])
})

test('a slow verb is never said by a route that cannot make a job of it', () => {
	const slow = new Set(names.filter(name => (verbs[name] as { slow?: boolean }).slow))
	const waiting = routes.filter(({ says = [], slow: job }) => says.some(name => slow.has(name)) && !job)
	assert.deepEqual(
		waiting.map(({ method, path }) => `${method} ${path}`),
		[],
	)
})
