import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { inbox, sendMail, smtp } from './support/clients.ts'
import { endAll, joinTo, TestNode, until } from './support/nodes.ts'

/* What docs/operating.md says of backups: the whole folder of a node that is stopped, put back. */

after(endAll)

const copyOf = (node: TestNode) => `${node.data}.copy`
function copy(from: string, to: string): void {
	rmSync(to, { recursive: true, force: true })
	cpSync(from, to, { recursive: true, filter: path => !path.endsWith('.sock') })
}

async function send(node: TestNode, to: string, subject: string): Promise<void> {
	const client = await smtp(node.ip)
	assert.match(await sendMail(client, 'x@example.org', to, `Subject: ${subject}\r\n\r\nx\r\n`), /^250/)
	client.close()
}
async function subjects(node: TestNode, address: string): Promise<string[]> {
	const all = await inbox(node.ip, address)
	return all.map(letter => /^Subject: (.*)\r$/m.exec(Buffer.from(letter, 'latin1').toString())![1]!)
}
const has = (node: TestNode, address: string, ...wanted: string[]) =>
	until(
		`${address} has ${wanted}`,
		30_000,
		async () => (await subjects(node, address)).join() === wanted.join(),
	)

test('a member put back from a copy has the mail of that time, and learns of users what changed meanwhile', async t => {
	const a = new TestNode('127.0.46.1')
	const b = new TestNode('127.0.46.2')
	t.after(() => rmSync(copyOf(b), { recursive: true, force: true }))
	await Promise.all([a.start(), b.start()])
	await a.say('domain add', { domain: 'test.com' })
	await a.addAccount('alice@test.com')
	await joinTo(a, b, '成都')
	await b.addAccount('bob@test.com')
	await until('a knows bob', 10_000, async () => (await a.say('account list')).length === 2)
	await send(a, 'bob@test.com', 'before')
	await has(b, 'bob@test.com', 'before')
	await b.stop()
	copy(b.data, copyOf(b))
	await b.start()
	await b.addAccount('carol@test.com')
	await send(b, 'bob@test.com', 'after')
	await has(b, 'bob@test.com', 'before', 'after')
	await until('a knows carol', 10_000, async () => (await a.say('account list')).length === 3)
	await b.stop()
	await send(a, 'bob@test.com', 'waits')
	copy(copyOf(b), b.data)
	await b.start()
	await has(b, 'bob@test.com', 'before', 'waits')
	await until('b knows carol', 30_000, async () => (await b.say('account list')).length === 3)
	await send(a, 'carol@test.com', 'welcome')
	await has(b, 'carol@test.com', 'welcome')
	await until('all is well', 30_000, async () => (await b.say('status')).problems.length === 0)
	await Promise.all([a.stop(), b.stop()])
})

test('a node alone is put back whole; its mail without its directory is mail of nobody, and said to be', async t => {
	const c = new TestNode('127.0.46.3')
	t.after(() => rmSync(copyOf(c), { recursive: true, force: true }))
	await c.start()
	// Two on one folder would be the end of both: the second says so, and nothing else.
	await assert.rejects(c.panpipe('serve'), ({ message }: Error) =>
		/^panpipe: another process serves \S+ already$/.test(message),
	)
	await c.say('domain add', { domain: 'test.com' })
	await c.addAccount('carol@test.com')
	await send(c, 'carol@test.com', 'before')
	await has(c, 'carol@test.com', 'before')
	await c.stop()
	copy(c.data, copyOf(c))
	rmSync(c.data, { recursive: true })
	mkdirSync(c.data)
	for (const name of readdirSync(copyOf(c)).filter(name => /^(mail\.sqlite|blobs)/.test(name)))
		cpSync(join(copyOf(c), name), join(c.data, name), { recursive: true })
	await c.start()
	await until('it is said', 30_000, async () => (await c.say('status')).problems.length > 0)
	const { problems, messages } = await c.say('status')
	assert.equal(messages, 1)
	assert.match(problems.join(), /^1 messages of 1 accounts .* put the whole folder of one backup back/)
	await c.stop()
	copy(copyOf(c), c.data)
	await c.start()
	await has(c, 'carol@test.com', 'before')
	assert.deepEqual((await c.say('status')).problems, [])
	// Whoever is removed takes his mail with him: that is no mail of nobody.
	await c.say('account remove', { address: 'carol@test.com' })
	await until('it is gone', 30_000, async () => (await c.say('status')).messages === 0)
	assert.deepEqual((await c.say('status')).problems, [])
	await c.stop()
})
