import assert from 'node:assert/strict'
import { test } from 'node:test'
import { verbs } from '../admin/index.ts'
import { forms, Usage, understand } from './command-line.ts'

test('every command means a verb there is, and every verb can be said', () => {
	const meant = Object.entries(forms).map(([name, form]) => form.verb ?? name)
	assert.deepEqual(new Set(meant), new Set(Object.keys(verbs)))
})

test('flags may stand anywhere, with a space or an equals sign', () => {
	const wanted = { ip: '192.0.2.1', webPort: 443, code: 'ABC', description: '香港 1' }
	for (const line of [
		['node', 'add', '192.0.2.1', '443', 'ABC', '--description', '香港 1', '--data', '/x', '--json'],
		['--data=/x', '--json', 'node', 'add', '--description=香港 1', '192.0.2.1', '443', 'ABC'],
	]) {
		const { verb, input, data, json } = understand(line)
		assert.deepEqual({ verb, input, data, json }, { verb: 'node add', input: wanted, data: '/x', json: true })
	}
})

test('a command may have three words', () => {
	const { verb, input } = understand(['account', 'app-password', 'add', 'alice@example.com', '我的手机'])
	assert.deepEqual(
		{ verb, input },
		{ verb: 'account app-password add', input: { address: 'alice@example.com', name: '我的手机' } },
	)
})

test('what is wrong is a Usage that names it', () => {
	for (const [line, said] of [
		[['node', 'add', '192.0.2.1', 'web', 'ABC'], /web port is a number/],
		[['node', 'add', '192.0.2.1'], /IP WEBPORT CODE/],
		[['node', 'list', 'all'], /does not know what to do with "all"/],
		[['status', '--fast'], /has no flag --fast/],
		[['account', 'ad'], /no command "account ad"/],
		[['status', '--data'], /--data wants a value/],
	] as const) {
		assert.throws(
			() => understand([...line]),
			(error: Error) => error instanceof Usage && said.test(error.message),
		)
	}
})
