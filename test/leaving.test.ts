import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { newId } from '../src/kit/index.ts'
import { inbox, sendMail, submission } from './support/clients.ts'
import { endAll, joinTo, TestNode, until } from './support/nodes.ts'

/* A node is taken out of its cluster while mail waits there. alice lives at a, bob at b, carol at c. */

const a = new TestNode('127.0.147.1')
const b = new TestNode('127.0.147.2', '[alerts]\neverySeconds = 0.2\n')
const c = new TestNode('127.0.147.3')
const ALICE = 'alice@test.com'
const BOB = 'bob@test.com'
const CAROL = 'carol@test.com'

before(async () => {
	await Promise.all([a, b, c].map(node => node.start()))
	await a.say('domain add', { domain: 'test.com' })
	await joinTo(a, b)
	await joinTo(a, c)
	await until('c is one of them', 15_000, async () => (await c.say('domain list')).length === 1)
	await a.addAccount(ALICE)
	await b.addAccount(BOB)
	await c.addAccount(CAROL)
	await until('all know all', 15_000, async () => {
		const lists = await Promise.all([a, b, c].map(node => node.say('account list')))
		return lists.every(list => list.length === 3)
	})
})
after(endAll)

const message = (subject: string) => `From: <${ALICE}>\r\nSubject: ${subject}\r\n\r\nx\r\n`
type Waiting = { id: string; to: string; why: string; reason: string }
const queue = async (): Promise<Waiting[]> => b.say('queue list')
const isAlone = async () => (await b.say('status').catch(() => null))?.role === 'alone'

test('a node where mail waits is taken out only by whoever says so knowing of it', async () => {
	await c.kill()
	const client = await submission(b.ip, ALICE)
	for (const subject of ['1', '2', '3'])
		assert.match(await sendMail(client, ALICE, CAROL, message(subject)), /^250 /)
	assert.match(await sendMail(client, ALICE, 'somebody@example.org', message('out')), /^250 /)
	client.close()
	await until('a hears of it', 15_000, async () => {
		const nodes: { ip: string; queue: number }[] = await a.say('node list')
		return nodes.find(({ ip }) => ip === b.ip)?.queue === 4
	})
	await assert.rejects(a.panpipe('node', 'remove', b.ip), /4 recipients' mail waits/)
	assert.equal((await a.json('node', 'list')).length, 3)
	await a.panpipe('node', 'remove', b.ip, '--anyway')
	await until('it is alone', 15_000, isAlone)
})

test('mail for members of the cluster it was taken out of stays at a node that is alone, and says why', async () => {
	await c.start()
	const toCarol = () => queue().then(all => all.filter(({ to }) => to === CAROL))
	await until('it says why', 30_000, async () => (await toCarol()).every(({ reason }) => reason !== ''))
	assert.equal((await toCarol()).length, 3)
	for (const { why, reason } of await toCarol()) {
		assert.equal(why, 'node-unknown')
		assert.match(reason, /cluster that this node has left/)
	}
	await until('it is a trouble', 15_000, async () =>
		(await b.say('status')).problems.some((one: string) => /3 recipients of the cluster/.test(one)),
	)
})

test('a report for somebody of that cluster waits too', async () => {
	const [out] = (await queue()).filter(({ to }) => to === 'somebody@example.org')
	await b.say('queue drop', { ids: [out!.id] })
	assert.deepEqual((await queue()).map(({ to }) => to).sort(), [ALICE, CAROL, CAROL, CAROL])
	assert.deepEqual(await inbox(b.ip, BOB), [])
})

test('let in again it delivers what waited, once', async () => {
	await joinTo(a, b)
	await until('nothing waits', 60_000, async () => (await queue()).length === 0)
	const subjects = (mails: string[]) => mails.map(mail => /^Subject: (.*)\r$/m.exec(mail)![1])
	assert.deepEqual(subjects(await inbox(c.ip, CAROL)), ['1', '2', '3'])
	const [report, ...more] = await inbox(a.ip, ALICE)
	assert.match(report!, /Final-Recipient: rfc822; somebody@example\.org/i)
	assert.deepEqual(more, [])
})

test('a node whose power failed while it left its cluster has its users when it starts', async () => {
	const path = join(b.data, 'node.json')
	const { id } = JSON.parse(readFileSync(path, 'utf8'))
	const left = { id, at: Date.now(), leaving: true }
	const next = JSON.stringify({ id: newId(), announced: {}, left })
	for (const _ of ['its directory has not heard yet', 'its directory has']) {
		await b.kill()
		writeFileSync(path, next)
		await b.start()
		assert.ok(await isAlone())
		assert.deepEqual(await inbox(b.ip, BOB), [])
		const accounts: { address: string }[] = await b.say('account list')
		assert.deepEqual(
			accounts.map(({ address }) => address),
			[BOB],
		)
		assert.equal(JSON.parse(readFileSync(path, 'utf8')).left.leaving, false)
	}
})
