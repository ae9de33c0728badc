import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, test } from 'node:test'
import { sendMail, smtp } from './support/clients.ts'
import { endAll, joinTo, TestNode, until } from './support/nodes.ts'
import { Visitor } from './support/web.ts'

const [a, b, c] = ['127.0.25.31', '127.0.25.32', '127.0.25.33'].map(ip => new TestNode(ip)) as [
	TestNode,
	TestNode,
	TestNode,
]
let admin: Visitor

before(async () => {
	await Promise.all([a.start(), b.start(), c.start()])
	await a.say('setup', { domain: 'test.com', admin: 'admin@test.com', password: 'secret' })
	await joinTo(a, b)
	admin = await new Visitor(a).signIn('admin@test.com')
})
after(endAll)

type Entry = {
	verb: string
	name: string
	client: string
	object: string
	outcome: string
	before: unknown
	after: unknown
}
const log = async (visitor: Visitor, query = ''): Promise<Entry[]> =>
	(await visitor.get(`/audit?${query}`)).body.items

test('an act is written down: who, from where, what, before and after, and never a password', async () => {
	await admin.post('/accounts', { address: 'bob@test.com', password: 'hush-hush', name: 'Bob' })
	await admin.patch('/accounts/bob@test.com', { name: 'Robert', password: 'hush-hush-too' })
	const [named, password, made] = await log(admin, 'q=bob')
	assert.deepEqual(
		[made!.verb, made!.name, made!.client, made!.object, made!.outcome, made!.before],
		['account add', 'admin@test.com', '127.0.0.1', 'bob@test.com', 'done', null],
	)
	assert.equal((made!.after as { name: string }).name, 'Bob')
	assert.equal(password!.verb, 'account passwd')
	assert.deepEqual([named!.before, named!.after], [{ name: 'Bob' }, { name: 'Robert' }])
	const bob = await new Visitor(a).signIn('bob@test.com', 'hush-hush-too')
	assert.equal((await bob.delete('/accounts/admin@test.com')).status, 403)
	const [tried] = await log(admin, 'person=bob@test.com')
	assert.deepEqual(
		[tried!.verb, tried!.object, tried!.outcome],
		['account remove', 'admin@test.com', 'not-allowed'],
	)
	assert.doesNotMatch(JSON.stringify(await log(admin, 'limit=1000')), /hush|argon2/)
})

test('the command line is written down too, as the machine’s root', async () => {
	await a.say('account disable', { address: 'bob@test.com', disabled: true })
	await assert.rejects(a.say('domain remove', { domain: 'test.com' }))
	const [failed, done] = await log(admin, 'person=root')
	assert.deepEqual([failed!.verb, failed!.outcome], ['domain remove', 'in-use'])
	assert.deepEqual(
		[done!.verb, done!.before, done!.after],
		['account disable', { disabled: false }, { disabled: true }],
	)
})

test('it is on every node, also of a node that is gone when a third one comes', async () => {
	await b.say('account add', { address: 'made-at-b@test.com' })
	await until('a has it', 10_000, async () => (await log(admin, 'q=made-at-b')).length === 1)
	await until('b has all', 10_000, async () => (await log(admin.at(b), 'limit=1000')).length >= 6)
	await b.kill()
	const { code } = await c.say('node code')
	await a.say('node add', { ip: c.ip, webPort: 3443, code })
	await until('c has what b wrote', 15_000, async () => (await log(admin.at(c), 'q=made-at-b')).length === 1)
	const page = (await admin.at(c).get('/audit?limit=2')).body
	assert.equal(page.items.length, 2)
	assert.deepEqual(page.missing.length, 1)
	const next = (await admin.at(c).get(`/audit?limit=2&cursor=${page.next}`)).body
	assert.ok(next.items[0].time <= page.items[1].time)
	assert.notEqual(next.items[0].id, page.items[1].id)
	const whole = (await admin.at(c).get('/audit/verify')).body.items
	assert.ok(whole.length >= 2)
	assert.ok(whole.every((one: { state: string }) => one.state === 'whole'))
	await b.start()
})

test('an act at another node is done there, with the right checked there, and written there', async () => {
	await until('b is heard', 10_000, async () => {
		const { items } = (await admin.get('/nodes')).body
		return items.find((one: { ip: string }) => one.ip === b.ip).state === 'up'
	})
	await c.kill()
	const client = await smtp(b.ip)
	await b.addAccount('carol@test.com')
	await a.say('account add', { address: 'away@test.com', node: c.ip })
	await until('b knows it', 5000, async () =>
		(await b.say('account list')).some((one: { address: string }) => one.address === 'away@test.com'),
	)
	await sendMail(client, 'x@example.org', 'away@test.com', 'Subject: x\r\n\r\nx\r\n')
	client.close()
	const there = (await admin.get(`/queue?node=${b.ip}`)).body.items
	assert.deepEqual([there.length, there[0].to], [1, 'away@test.com'])
	const ids = [there[0].id]
	assert.equal((await admin.post('/queue/hold', { node: b.ip, ids })).status, 200)
	const all = (await admin.get('/queue?node=all')).body
	assert.deepEqual([all.items.map((one: { held: boolean }) => one.held), all.missing.length], [[true], 1])
	assert.match((await admin.get(`/queue/${ids[0]}?node=${b.ip}`)).body.header, /^Subject: x/m)
	await until('a has the entry of b', 10_000, async () => (await log(admin, 'q=queue%20hold')).length === 1)
	const [held] = await log(admin, 'q=queue%20hold')
	const nodes = (await admin.get('/nodes')).body.items
	const id = nodes.find((one: { ip: string }) => one.ip === b.ip).id
	assert.deepEqual(
		[held!.name, held!.client, (held as Entry & { node: string }).node],
		['admin@test.com', '127.0.0.1', id],
	)
	assert.equal((await admin.post('/queue/drop', { node: b.ip, ids, report: false })).status, 200)
	assert.equal((await admin.post('/queue/drop', { node: b.ip, ids })).body.code, 'no-such-message')
	assert.equal((await admin.get(`/queue?node=${c.ip}`)).body.code, 'node-unreachable')
})

test('the command line has another node do something', async () => {
	const status = await a.json('status', '--at', b.ip)
	assert.equal(status.node, (await b.say('status')).node)
	await assert.rejects(a.panpipe('status', '--at', 'nowhere'), /no node "nowhere"/)
	await assert.rejects(a.panpipe('status', '--at', c.ip), /cannot be reached/)
})

test('an entry that was changed in the file is found', async () => {
	await a.stop()
	const db = new DatabaseSync(join(a.data, 'audit.sqlite'))
	assert.throws(() => db.exec("UPDATE entry SET body = '{}'"), /not changed/)
	assert.throws(() => db.exec('DELETE FROM entry'), /not changed/)
	db.exec('DROP TRIGGER entry_stays')
	const { chain } = db.prepare("SELECT value AS chain FROM fact WHERE name = 'chain'").get()!
	db.prepare("UPDATE entry SET body = replace(body, 'Robert', 'Rupert') WHERE chain = ?").run(chain!)
	db.close()
	await a.start()
	const found = (await a.say('audit verify')).filter((one: { state: string }) => one.state !== 'whole')
	assert.deepEqual(
		found.map(({ chain, state }: { chain: string; state: string }) => [chain, state]),
		[[chain, 'broken']],
	)
	assert.ok((await b.say('audit verify')).every((one: { state: string }) => one.state === 'whole'))
})

test('an entry that was changed with its hash made anew is found by the copies elsewhere', async () => {
	await b.stop()
	const db = new DatabaseSync(join(b.data, 'audit.sqlite'))
	db.exec('DROP TRIGGER entry_stays')
	const { chain } = db.prepare("SELECT value AS chain FROM fact WHERE name = 'chain'").get()!
	const [last, before] = db
		.prepare('SELECT seq, hash, body FROM entry WHERE chain = ? ORDER BY seq DESC LIMIT 2')
		.all(chain!) as { seq: number; hash: string; body: string }[]
	const body = last!.body.replace('"name":"root"', '"name":"admin@test.com"').replace('queue', 'QUEUE')
	assert.notEqual(body, last!.body)
	const hash = createHash('sha256')
		.update(`${before?.hash ?? ''}\n${body}`)
		.digest('base64url')
	db.prepare('UPDATE entry SET body = ?, hash = ? WHERE chain = ? AND seq = ?').run(
		body,
		hash,
		chain!,
		last!.seq,
	)
	db.close()
	await b.start()
	for (const node of [a, b]) {
		await until(`it is a problem at ${node.ip}`, 15_000, async () =>
			(await node.say('status')).problems.some((problem: string) =>
				problem.includes(`Part ${chain} of the audit log`),
			),
		)
		const states = await node.say('audit verify')
		assert.equal(states.find((one: { chain: string }) => one.chain === chain).state, 'differs')
	}
})
