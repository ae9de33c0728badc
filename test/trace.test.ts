import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Journal, type TraceRow } from '../src/store/index.ts'
import { sendMail, smtp, submission } from './support/clients.ts'
import { nameServer } from './support/dns.ts'
import { type Exchanger, exchanger } from './support/exchanger.ts'
import { endAll, joinTo, TestNode, until } from './support/nodes.ts'
import { Visitor } from './support/web.ts'

/* Where is this mail: alice lives at a, bob at b. */

const extra = '[relay]\nport = 3025\n[dns]\nservers = ["127.0.26.42:3053"]\n'
const a = new TestNode('127.0.26.40', extra)
const b = new TestNode('127.0.26.41', extra)
let names: { close(): void }
let world: Exchanger

before(async () => {
	world = await exchanger('127.0.26.43', 3025, [])
	names = await nameServer('127.0.26.42', 3053, {
		'world.test': { MX: [[10, 'mx.world.test']] },
		'mx.world.test': { A: ['127.0.26.43'] },
	})
	await Promise.all([a.start(), b.start()])
	await a.say('domain add', { domain: 'test.com' })
	await joinTo(a, b, '成都')
	await a.addAccount('alice@test.com')
	await b.addAccount('bob@test.com')
	await until('all know all', 5000, async () => (await a.say('account list')).length === 2)
})
after(async () => {
	await endAll()
	names.close()
	await world.close()
})

type Traced = {
	id: string
	subject: string
	state: string[]
	steps: { node: string; event: string; via: string; detail: string }[]
}
type Traces = { messages: Traced[]; missing: string[] }
const steps = (traced: Traced) =>
	traced.steps.map(({ node, event }) => `${event} ${node === '成都' ? 'b' : 'a'}`)

async function sent(node: TestNode, from: string, to: string, subject: string): Promise<string> {
	const client = from.endsWith('@test.com') ? await submission(node.ip, from) : await smtp(node.ip)
	const message = `From: ${from}\r\nTo: ${to}\r\nSubject: =?UTF-8?B?${Buffer.from(subject).toString('base64')}?=\r\nMessage-ID: <${subject.length}.x@test.com>\r\n\r\nhello\r\n`
	const answer = await sendMail(client, from, to, message)
	client.close()
	return answer
}

test('a message is followed from the first contact to the mailbox over both nodes, asked at either', async () => {
	await sent(a, 'x@example.org', 'bob@test.com', '关于预算')
	for (const node of [a, b]) {
		let found: Traces = { messages: [], missing: [] }
		await until('all its steps are known', 8000, async () => {
			found = await node.json('trace', '--subject', '预算')
			return found.messages[0]?.state.join() === 'filed'
		})
		assert.deepEqual([found.messages.length, found.missing], [1, []])
		assert.deepEqual(steps(found.messages[0]!), ['accepted a', 'accepted b', 'delivered a'])
		assert.match(found.messages[0]!.steps[1]!.detail, /^here:bob@test\.com$/)
	}
	const by = async (...words: string[]) =>
		((await a.json('trace', ...words)) as Traces).messages.map(({ subject }) => subject)
	assert.deepEqual(await by('--address', 'BOB@test.com'), ['关于预算'])
	assert.deepEqual(await by('--message-id', '<4.x@test.com>'), ['关于预算'])
	assert.deepEqual(await by('--address', 'x@example', '--until', '2020-01-01T00:00:00Z'), [])
	assert.deepEqual(await by('--subject', '100%'), [])
	await assert.rejects(a.panpipe('trace'), /say what to look for/)
	assert.match(await a.panpipe('trace', '--address', 'bob@'), /关于预算 +filed\n +time/)
})

test('what went out, what was refused and what waits says so', async () => {
	await sent(a, 'alice@test.com', 'who@world.test', 'to the world')
	await until('it is out', 8000, () => world.taken.length === 1)
	assert.match(await sent(a, 'spam@example.org', 'nobody@test.com', 'x'), /^550/)
	await b.stop()
	await until('b is missed', 10_000, async () => (await a.say('status')).peers[0]?.state !== 'up')
	await sent(a, 'alice@test.com', 'bob@test.com', 'waits')
	const one = async (...words: string[]) => (await a.json('trace', ...words)) as Traces
	const out = await one('--subject', 'to the world')
	assert.deepEqual([out.messages[0]!.state, out.missing], [['sent'], ['成都']])
	const refused = await one('--address', 'nobody@test.com')
	assert.deepEqual([refused.messages[0]!.state, steps(refused.messages[0]!)], [['refused'], ['refused a']])
	assert.match(refused.messages[0]!.steps[0]!.detail, /^550 5\.1\.1/)
	const waits = await one('--subject', 'waits')
	assert.deepEqual(waits.messages[0]!.state, ['waits'])
	assert.match(await a.panpipe('trace', '--subject', 'waits'), /not everything: 成都 did not answer/)
	for (const verb of ['queue', 'link']) assert.match(await a.panpipe(verb, 'everywhere'), /^missing: 成都$/m)
	assert.match(await a.panpipe('link', 'list'), /^成都 +unreachable /m)
	await b.start()
	await until(
		'it has come',
		15_000,
		async () => (await one('--id', waits.messages[0]!.id)).messages[0]!.state.join() === 'filed',
	)
})

test('a group: the address it was sent to finds what became of each member', async () => {
	await a.panpipe('group', 'add', 'team@test.com', 'alice@test.com', 'bob@test.com', 'who@world.test')
	await sent(a, 'x@example.org', 'team@test.com', 'to the team')
	let found: Traces = { messages: [], missing: [] }
	await until('all is done', 10_000, async () => {
		found = await b.json('trace', '--address', 'team@test.com')
		return found.messages[0]?.state.sort().join() === 'filed,sent'
	})
	assert.deepEqual(steps(found.messages[0]!).sort(), [
		'accepted a',
		'accepted b',
		'delivered a',
		'delivered a',
	])
})

test('by the API only for whoever may read mail traffic', async () => {
	await a.say('admin grant', { address: 'bob@test.com', role: 'admin' })
	await a.say('admin grant', { address: 'alice@test.com', role: 'auditor' })
	await a.addAccount('carol@test.com')
	const auditor = await new Visitor(a).signIn('alice@test.com')
	const { body } = await auditor.get('/trace?subject=waits')
	assert.deepEqual(
		body.messages.map(({ subject }: Traced) => subject),
		['waits'],
	)
	const user = await new Visitor(a).signIn('carol@test.com')
	assert.equal((await user.get('/trace?subject=waits')).status, 403)
})

test('the journal is bounded, forgets what is old, and a broken file is made anew', async t => {
	const dir = mkdtempSync(join(tmpdir(), 'panpipe-journal-'))
	t.after(() => rmSync(dir, { recursive: true }))
	const failures: string[] = []
	let now = Date.now() - 40 * 86_400_000
	const open = () =>
		new Journal({ dir, clock: { now: () => now }, failed: why => failures.push(why), mostRows: 50 })
	const row = (id: string, event: TraceRow['event'] = 'accepted'): Omit<TraceRow, 'time'> => ({
		id,
		event,
		via: 'smtp',
		from: 'a@x',
		to: 'b@y',
		subject: 's',
		messageId: '',
		peer: '',
		detail: '550 5.1.1 no',
		size: 1,
	})
	let journal = open()
	for (let i = 0; i < 20; i++) journal.note(row(`old${i}`))
	await journal.find({ limit: 1 })
	now = Date.now()
	for (let i = 0; i < 100; i++) journal.note(row(`new${i}`))
	journal.level('storage', 7)
	await journal.close()
	journal = open()
	await until('it has pruned', 5000, async () => (await journal.find({ limit: 1000 })).rows.length === 50)
	const { rows } = await journal.find({ limit: 1000 })
	assert.deepEqual([rows[0]!.id, rows.at(-1)!.id], ['new99', 'new50'])
	for (let i = 0; i < 700; i++) journal.note(row(`guess${i}`, 'refused'))
	const figures = Object.fromEntries((await journal.figures(now)).map(({ name, value }) => [name, value]))
	assert.deepEqual(figures, { in: 100, refused: 700, 'refused 5.1.1': 700, storage: 7 })
	assert.equal(
		(await journal.find({ limit: 10_000 })).rows.filter(({ event }) => event === 'refused').length,
		600,
	)
	await journal.close()
	for (const end of ['-wal', '-shm']) rmSync(join(dir, `journal.sqlite${end}`), { force: true })
	writeFileSync(
		join(dir, 'journal.sqlite'),
		'this is no database, and it is long enough to be looked at as one'.repeat(100),
	)
	journal = open()
	journal.note(row('fresh'))
	assert.equal((await journal.find({ limit: 10 })).rows.length, 1)
	assert.match(failures.join(), /made anew/)
	await journal.close()
})
