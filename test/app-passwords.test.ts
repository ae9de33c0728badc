import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { LineClient } from './support/clients.ts'
import { endAll, joinTo, PORTS, TestNode, until } from './support/nodes.ts'
import { ScramClient } from './support/scram.ts'

/* App passwords as an administrator makes them at one node, used at both; the account lives at the second. */

const a = new TestNode('127.0.21.1')
const b = new TestNode('127.0.21.2')
const ALICE = 'alice@test.com'

before(async () => {
	await Promise.all([a.start(), b.start()])
	await a.say('domain add', { domain: 'test.com' })
	await joinTo(a, b)
	await b.addAccount(ALICE)
	await until('a knows alice', 10_000, async () => (await a.say('account list')).length === 1)
})
after(endAll)

/** Signs in by SCRAM-SHA-256 over POP3 at that node; the last answer. */
async function scram(node: TestNode, password: string): Promise<string> {
	const client = await LineClient.open(node.ip, PORTS.pop3)
	await client.line()
	const person = new ScramClient(ALICE, password)
	client.send(`AUTH SCRAM-SHA-256 ${person.first().toString('base64')}\r\n`)
	const challenge = Buffer.from((await client.line()).slice(2), 'base64')
	client.send(`${person.final(challenge).toString('base64')}\r\n`)
	let answer = await client.line()
	if (answer.startsWith('+ ')) {
		assert.ok(person.isServer(Buffer.from(answer.slice(2), 'base64')))
		client.send('\r\n')
		answer = await client.line()
	}
	client.send('QUIT\r\n')
	while (!client.closed) await client.line().catch(() => {})
	return answer
}

test('SCRAM at a node that is not the home: the password is proved there, and the connection walks home', async () => {
	for (const node of [a, b]) {
		assert.match(await scram(node, 'secret'), /^\+OK 0 messages/)
		assert.match(await scram(node, 'wrong'), /^-ERR \[AUTH\]/)
	}
})

test('an app password made at one node is good at every node, until it is removed at any', async () => {
	const made = await a.json('account', 'app-password', 'add', ALICE, '我的手机')
	assert.match(await scram(a, made.password), /^\+OK/)
	await until('b knows it', 10_000, async () => (await scram(b, made.password)).startsWith('+OK'))
	const [listed] = await a.json('account', 'app-password', 'list', ALICE)
	assert.deepEqual([listed.id, listed.name, 'password' in listed], [made.id, '我的手机', false])
	assert.ok(Date.parse(listed.lastUsed) >= Date.parse(listed.created))
	assert.match(await a.panpipe('account', 'app-password', 'list', ALICE), /我的手机/)
	await b.panpipe('account', 'app-password', 'remove', ALICE, made.id)
	await until('a knows that it is gone', 10_000, async () =>
		(await scram(a, made.password)).startsWith('-ERR [AUTH]'),
	)
	await assert.rejects(b.panpipe('account', 'app-password', 'remove', ALICE, made.id), {
		message: /there is no such app password/,
	})
	assert.deepEqual(await b.json('account', 'totp', 'show', ALICE), {
		address: ALICE,
		on: false,
		recoveryCodesLeft: 0,
	})
	await assert.rejects(a.panpipe('account', 'totp', 'reset', ALICE), { message: /has no second factor/ })
})
