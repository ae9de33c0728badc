import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type VerbName, verbs } from '../src/admin/index.ts'
import { forms } from '../src/main/command-line.ts'
import { RESOURCES } from '../src/servers/http/api/index.ts'
import type { Route } from '../src/servers/http/api/route.ts'

/* Everything an operator can say lives once, and is said by the command line (main/command-line.test.ts) and the API alike. */

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

/** What a form of the command line fills in. */
function givenBy({ words = [], rest, flags = {}, fixed = {}, secret }: (typeof forms)[string]): string[] {
	const named = Object.values(flags).map(([field]) => field)
	const others = [...(rest ? [rest] : []), ...Object.keys(fixed), ...(secret ? ['password'] : [])]
	return [...words, ...named, ...others]
}
const takenBy = (name: VerbName) => Object.keys((verbs[name].input as { shape?: object }).shape ?? {})

test('what the command line makes of words and flags are fields that the verb takes', () => {
	const wrong = Object.entries(forms).flatMap(([name, form]) => {
		const taken = takenBy(form.verb ?? (name as VerbName))
		return givenBy(form).flatMap(field => (taken.includes(field) ? [] : [`${name}: ${field}`]))
	})
	assert.deepEqual(wrong, [])
})

test('everything a verb takes can be given on the command line', () => {
	// A second account is made by "account add"; ids are for the other nodes.
	const not = new Set(['setup: account', 'trace here: ids'])
	const missing = names.flatMap(name => {
		const own = Object.entries(forms).filter(([form, { verb }]) => (verb ?? form) === name)
		const given = own.flatMap(([, form]) => givenBy(form))
		return takenBy(name).flatMap(field => (given.includes(field) ? [] : [`${name}: ${field}`]))
	})
	assert.deepEqual(
		missing.filter(one => !not.has(one)),
		[],
	)
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
