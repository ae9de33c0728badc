import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { endAll, joinTo, TestNode, until } from './support/nodes.ts'
import { Visitor } from './support/web.ts'

/* What takes long is a job for whoever will not wait, and a node that hangs keeps nobody waiting. */

const a = new TestNode('127.0.41.1')
const b = new TestNode('127.0.41.2')
let admin: Visitor
const inBackground = { prefer: 'respond-async' }

before(async () => {
	await Promise.all([a.start(), b.start()])
	await a.say('domain add', { domain: 'test.com' })
	for (const name of ['admin', 'alice']) await a.addAccount(`${name}@test.com`)
	await a.say('admin grant', { address: 'admin@test.com', role: 'admin' })
	await joinTo(a, b, 'Hong Kong')
	await until('they hear each other', 30_000, async () =>
		(await Promise.all([a.say('status'), b.say('status')])).every(({ peers }) => peers[0]?.state === 'up'),
	)
	admin = await new Visitor(a).signIn('admin@test.com')
})
after(endAll)

test('a refresh is answered at once with a job, which then has what came of each node', async () => {
	const { status, headers, body } = await admin.post('/nodes/refresh', {}, inBackground)
	assert.deepEqual([status, body.what, body.total], [202, 'node refresh', 1])
	assert.equal(headers['preference-applied'], 'respond-async')
	const { pathname } = new URL(headers.location, 'https://here')
	let job = body
	await until('it is done', 60_000, async () => {
		job = (await admin.get(`/${pathname}`)).body
		return job.state !== 'running'
	})
	const [result] = job.result.items
	assert.deepEqual([job.state, job.done, result.ip, result.state], ['done', 1, b.ip, 'done'])
	const { items } = (await admin.get('/jobs')).body
	assert.deepEqual([items[0].id, items[0].state, items[0].result], [body.id, 'done', null])
	const alice = await new Visitor(a).signIn('alice@test.com')
	assert.deepEqual((await alice.get('/jobs')).body.items, [])
	assert.equal((await alice.get(`/jobs/${body.id}`)).body.code, 'no-such-job')
})

test('whoever waits a little gets the answer itself when it comes in that time', async () => {
	const { status, body } = await admin.post('/nodes/refresh', {}, { prefer: 'respond-async, wait=60' })
	assert.deepEqual([status, body.items[0].state], [200, 'done'])
})

test('what is refused at once is no job', async () => {
	const alice = await new Visitor(a).signIn('alice@test.com')
	assert.equal((await alice.post('/nodes/refresh', {}, inBackground)).body.code, 'not-allowed')
	assert.equal((await admin.post('/nodes', { ip: '' }, inBackground)).body.code, 'input-invalid')
	const nonsense = { file: Buffer.from('alice@test.com,secret\n').toString('base64') }
	assert.equal((await admin.post('/accounts/import', nonsense)).status, 409)
})

test('what fails later is a job that failed, with the code and a sentence', async () => {
	const nobody = { ip: '127.0.41.9', webPort: 3443, code: 'ABCD-EFGH' }
	const { status, body } = await admin.post('/nodes', nobody, { prefer: 'respond-async, wait=60' })
	const later = await admin.post('/nodes', nobody, inBackground)
	let job = later.body
	if (later.status === 202) {
		await until('it has failed', 60_000, async () => {
			job = (await admin.get(`/jobs/${later.body.id}`)).body
			return job.state === 'failed'
		})
	}
	assert.equal(status, 409)
	assert.deepEqual([job.code, typeof (job.problem ?? job.detail)], [body.code, 'string'])
})

test('a node that hangs is named as missing, and nobody waits for it', async t => {
	t.after(() => b.child?.kill('SIGCONT'))
	b.child!.kill('SIGSTOP')
	const pages = ['/figures', '/alerts', '/links', '/queue?node=all', '/trace?address=alice@test.com']
	const ask = async () => {
		const began = performance.now()
		const answers = await Promise.all(pages.map(page => admin.get(page)))
		for (const { status, body } of answers) assert.deepEqual([status, body.missing.length], [200, 1])
		return performance.now() - began
	}
	const first = await ask()
	await until('a knows', 30_000, async () => (await a.say('status')).peers[0].state === 'unreachable')
	const again = await ask()
	console.log(`with a node that hangs: ${Math.round(first)} ms, then ${Math.round(again)} ms`)
	// Its beats are missed for three seconds; without that each page would wait ten.
	assert.ok(first < 9_500, `${first} ms`)
	assert.ok(again < 3_000, `${again} ms`)
	assert.equal((await admin.get(`/queue?node=${b.ip}`)).body.code, 'node-unreachable')
	const refresh = await admin.post('/nodes/refresh', {}, inBackground)
	let job = refresh.body
	await until('the refresh says so', 60_000, async () => {
		job = (await admin.get(`/jobs/${refresh.body.id}`)).body
		return job.state !== 'running'
	})
	assert.equal(job.result.items[0].state, 'unreachable')
})
