import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { inbox, sendMail, smtp, submission } from './support/clients.ts'
import { endAll, joinTo, PORTS, TestNode, until } from './support/nodes.ts'
import { Visitor } from './support/web.ts'

/* Figures by the hour, and troubles that become alerts: alice administers and lives at a, bob lives at b. */

const quick = '[alerts]\neverySeconds = 0.2\ngraceSeconds = 0.5\n'
const a = new TestNode('127.0.26.50', quick)
const b = new TestNode('127.0.26.51', quick)

before(async () => {
	await Promise.all([a.start(), b.start()])
	await a.say('domain add', { domain: 'test.com' })
	await a.addAccount('alice@test.com')
	await a.say('admin grant', { address: 'alice@test.com', role: 'admin' })
	await joinTo(a, b, '成都')
	await b.addAccount('bob@test.com')
	await until('all know all', 5000, async () => (await a.say('account list')).length === 2)
})
after(endAll)

type Listed = { ip: string; state: string }
const isUp = ({ state }: Listed) => state === 'up'
type Alert = { code: string; nodes: string[]; began: string; ended: string | null; en: string; zh: string }
const alerts = async (node: TestNode, ...flags: string[]): Promise<Alert[]> =>
	(await node.json('alert', 'list', ...flags)).alerts
const letters = async (about: RegExp) => {
	const all = await inbox(a.ip, 'alice@test.com')
	return all.map(mail => Buffer.from(mail, 'latin1').toString()).filter(mail => about.test(mail))
}

test('a node that cannot be reached is an alert with beginning and end, and the administrator hears of it once', async () => {
	await b.kill()
	await until('it is an alert', 15_000, async () =>
		(await alerts(a, '--open')).some(({ code }) => code === 'unreachable'),
	)
	await until(
		'the administrator has a letter',
		5000,
		async () => (await letters(/cannot be reached/)).length === 1,
	)
	const [letter] = await letters(/cannot be reached/)
	assert.match(letter!, /^Auto-Submitted: auto-generated\r$/m)
	assert.match(letter!, /无法连接节点 成都/)
	const [alert] = await alerts(a)
	assert.match(alert!.en, /成都 cannot be reached/)
	assert.deepEqual((await a.json('status')).problems, [alert!.en])
	await a.stop()
	await a.start() // it goes on, and nobody is written to again
	await b.start()
	await until('it has ended', 15_000, async () => (await alerts(a, '--open')).length === 0)
	const past = (await alerts(a)).filter(({ code }) => code === 'unreachable')
	assert.ok(past[0]!.ended! > past[0]!.began)
	assert.equal((await letters(/成都 cannot be reached/)).length, 1)
})

test('a node that is heard while its web port cannot be reached is an alert that says so', async () => {
	await until('they hear each other', 30_000, async () => (await a.json('node', 'list')).every(isUp))
	await assert.rejects(a.panpipe('node', 'edit', '成都', '--ip', '999.1.1.1'), /IPv4 or IPv6 address/)
	await assert.rejects(a.panpipe('node', 'edit', '成都', '--ip', '0.0.0.0'), /IPv4 or IPv6 address/)
	await a.panpipe('node', 'edit', '成都', '--web-port', '444')
	await until('it is an alert', 60_000, async () => {
		const [alert] = (await alerts(a, '--open')).filter(({ code }) => code === 'unreachable')
		return /成都 runs, and its web port .* port 444: nothing listens there/.test(alert?.en ?? '')
	})
	const [problem] = (await a.json('status')).problems
	assert.match(problem, /firewalls let port 444 through/)
	const there = async () => (await a.json('node', 'list')).find((one: Listed) => one.ip === b.ip)
	assert.equal((await there()).state, 'unreachable')
	assert.match((await there()).webPortProblem, /connection refused/)
	assert.equal((await a.json('link', 'list'))[0].state, 'unreachable')
	await a.panpipe('node', 'edit', '成都', '--web-port', String(PORTS.web))
	await until('it has ended', 60_000, async () => (await alerts(a, '--open')).length === 0)
	assert.deepEqual([(await there()).state, (await a.json('status')).problems], ['up', []])
})

test('what both nodes see is one alert and one letter', async () => {
	await until('they hear each other', 10_000, async () => (await b.say('status')).peers[0]?.state === 'up')
	await b.stop()
	await until('b is missed', 15_000, async () => (await a.say('status')).peers[0]?.state !== 'up')
	await a.say('account add', { address: 'twice@test.com' })
	await a.stop()
	await b.start()
	await b.say('account add', { address: 'twice@test.com' })
	await a.start()
	await until('both see the conflict', 20_000, async () => {
		const open = await alerts(b, '--open')
		return open.some(({ code, nodes }) => code === 'conflict' && nodes.length === 2)
	})
	const conflicts = (await alerts(a, '--open')).filter(({ code }) => code === 'conflict')
	assert.equal(conflicts.length, 1)
	await until('there is a letter', 10_000, async () => (await letters(/was made twice/)).length > 0)
	const [lost] = await a.say('conflict list')
	await a.say('account rename', { address: lost.address, to: 'once@test.com' })
	await until('it is settled', 10_000, async () => (await alerts(a, '--open')).length === 0)
	assert.equal((await letters(/was made twice/)).length, 1)
})

test('a disk that fills is a trouble of that node', async () => {
	const c = new TestNode(
		'127.0.26.52',
		'[alerts]\neverySeconds = 0.2\ngraceSeconds = 0\ndiskFreeMiB = 1000000000\n',
	)
	await c.start()
	await until('it is an alert', 10_000, async () => (await alerts(c, '--open')).length === 1)
	assert.match((await alerts(c))[0]!.en, /^Only \d+ MiB are free/)
	await c.stop()
})

test('a queue that grows, and a certificate that ends soon, are troubles until they are over', async t => {
	const c = new TestNode('127.0.41.21', '[alerts]\neverySeconds = 0.2\ngraceSeconds = 0\nqueueLength = 3\n')
	await c.start()
	await c.say('domain add', { domain: 'test.com' })
	await c.addAccount('carol@test.com')
	const open = async () => (await alerts(c, '--open')).map(({ code }) => code)
	const client = await submission(c.ip, 'carol@test.com')
	for (let i = 0; i < 4; i++) {
		const letter = `From: carol@test.com\r\nSubject: ${i}\r\n\r\nx\r\n`
		assert.match(await sendMail(client, 'carol@test.com', 'x@example.org', letter), /^250/)
	}
	client.close()
	await until('the queue is an alert', 20_000, async () => (await open()).includes('queue'))
	const folder = mkdtempSync(join(tmpdir(), 'panpipe-ends-'))
	t.after(() => rmSync(folder, { recursive: true, force: true }))
	const [certificate, key] = [join(folder, 'ends.crt'), join(folder, 'ends.key')]
	const make = [
		'req',
		'-x509',
		'-newkey',
		'ec',
		'-pkeyopt',
		'ec_paramgen_curve:P-256',
		'-nodes',
		'-days',
		'5',
	]
	const names = ['-subj', '/CN=mail.test.com', '-addext', 'subjectAltName=DNS:mail.test.com']
	execFileSync('openssl', [...make, '-keyout', key, '-out', certificate, ...names], { stdio: 'ignore' })
	await c.panpipe('certificate', 'use', certificate, key)
	await until('the certificate is an alert', 20_000, async () => (await open()).includes('certificate'))
	await c.say('certificate reset')
	await until('it is over', 20_000, async () => !(await open()).includes('certificate'))
	const ids = (await c.say('queue list')).map(({ id }: { id: string }) => id)
	await c.say('queue drop', { ids, report: false })
	await until('nothing is left', 20_000, async () => (await open()).length === 0)
	await c.stop()
})

test('figures of all nodes by the hour: mail in, between nodes, refused and why, sign-ins, storage', async () => {
	const stranger = await smtp(a.ip)
	for (let i = 0; i < 3; i++) {
		assert.match(
			await sendMail(stranger, 'x@example.org', 'bob@test.com', `Subject: ${i}\r\n\r\nx\r\n`),
			/^250/,
		)
	}
	assert.match(await sendMail(stranger, 'x@example.org', 'nobody@test.com', 'x'), /^550/)
	stranger.close()
	const alice = await submission(a.ip, 'alice@test.com')
	assert.match(
		await sendMail(alice, 'alice@test.com', 'alice@test.com', 'From: alice@test.com\r\n\r\nx\r\n'),
		/^250/,
	)
	alice.close()
	await assert.rejects(submission(a.ip, 'alice@test.com', 'wrong'))
	const visitor = await new Visitor(b).signIn('alice@test.com')
	type Answer = {
		hours: string[]
		nodes: { name: string; series: Record<string, (number | null)[]> }[]
		total: Record<string, number[]>
		missing: string[]
	}
	// The hour may turn meanwhile.
	const sum = (values: (number | null)[] | undefined) =>
		(values ?? []).reduce((all: number, one) => all + (one ?? 0), 0)
	let body!: Answer
	await until('all is counted', 10_000, async () => {
		body = (await visitor.get('/figures?hours=2')).body
		const { total } = body
		return sum(total['to nodes']) >= 3 && sum(total['from nodes']) >= 3 && sum(total.storage) > 0
	})
	assert.deepEqual([body.hours.length, body.missing], [2, []])
	const there = body.nodes.find(({ name }) => name === '成都')!.series
	const here = body.nodes.find(({ name }) => name !== '成都')!.series
	assert.equal(sum(there['from nodes']), sum(here['to nodes']))
	assert.equal(sum(body.total.in), 3)
	assert.equal(sum(body.total.submitted), 1)
	assert.deepEqual([sum(body.total.refused), sum(body.total['refused 5.1.1'])], [1, 1])
	assert.ok(sum(body.total['sign-ins']) > 0 && sum(body.total['sign-ins failed']) >= 1)
	assert.match(await a.panpipe('figures'), /^in +3 +- +3$|^in +- +3 +3$/m)
	const { body: listed } = await visitor.get('/alerts')
	assert.ok(listed.items.length >= 2)
	await a.addAccount('dave@test.com')
	await until(
		'dave is known',
		5000,
		async () => (await b.say('account list', { search: 'dave' })).length === 1,
	)
	await until('dave is counted', 20_000, async () => {
		const { total } = (await visitor.get('/figures?hours=2')).body as Answer
		return Math.max(...(total.accounts ?? [0])) === (await a.say('account list')).length
	})
	const dave = await new Visitor(b).signIn('dave@test.com')
	for (const path of ['/figures', '/alerts']) assert.equal((await dave.get(path)).status, 403)
})
