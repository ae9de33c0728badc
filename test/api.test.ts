import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { endAll, joinTo, TestNode, until } from './support/nodes.ts'
import { Visitor } from './support/web.ts'

const a = new TestNode('127.0.25.1')
const b = new TestNode('127.0.25.2')
let admin: Visitor

before(async () => {
	await Promise.all([a.start(), b.start()])
	await a.say('domain add', { domain: 'test.com' })
	await a.addAccount('admin@test.com')
	await a.say('admin grant', { address: 'admin@test.com', role: 'admin' })
	await joinTo(a, b)
	await b.addAccount('bob@test.com')
	await until('bob is known at both', 5000, async () => (await a.say('account list')).length === 2)
	admin = await new Visitor(a).signIn('admin@test.com')
})
after(endAll)

test('nobody who is not signed in hears anything, and a problem has a stable code', async () => {
	const stranger = new Visitor(a)
	for (const path of ['/nodes', '/accounts', '/domains', '/forwards', '/session', '/grants']) {
		const { status, headers, body } = await stranger.get(path)
		assert.deepEqual([status, body.code], [401, 'not-signed-in'], path)
		assert.match(headers['content-type'], /^application\/problem\+json/)
		assert.deepEqual(Object.keys(body), ['type', 'title', 'status', 'code', 'detail'])
	}
	const wrong = await stranger.post('/session', { login: 'admin@test.com', password: 'wrong' })
	assert.deepEqual(
		[wrong.status, wrong.body.code, wrong.headers['set-cookie']],
		[401, 'login-wrong', undefined],
	)
	const nobody = await stranger.post('/session', { login: 'nobody@test.com', password: 'wrong' })
	assert.deepEqual(nobody.body, wrong.body)
})

test('the cookie is for this site and its pages only', async () => {
	const { headers } = await new Visitor(a).post('/session', { login: 'admin@test.com', password: 'secret' })
	assert.match(headers['set-cookie'][0], /; HttpOnly; Secure; SameSite=Strict$/)
})

test('a session begun at one node is known at the others, also while its node is dead', async () => {
	assert.equal((await admin.at(b).get('/session')).body.address, 'admin@test.com')
	await a.kill()
	const there = await admin.at(b).get('/session')
	assert.deepEqual([there.status, there.body.grants[0].role], [200, 'admin'])
	assert.equal((await admin.at(b).get('/nodes')).body.items.length, 2)
	await a.start()
	await until('they hear each other', 10_000, async () => (await a.say('status')).peers[0]?.state === 'up')
})

test('a session is listed, and ended from another node', async () => {
	const other = await new Visitor(a).signIn('admin@test.com')
	const id = (await other.get('/session')).body.session.id
	await until('b has the record', 5000, async () => {
		const { items } = (await admin.at(b).get('/sessions')).body
		return items.some((one: { id: string }) => one.id === id)
	})
	assert.equal((await admin.at(b).delete(`/sessions/${id}`)).status, 204)
	await until('a has heard it', 5000, async () => (await other.get('/session')).status === 401)
	assert.equal((await admin.get('/session')).status, 200)
})

test('a new password ends the sessions of the old one', async () => {
	await a.addAccount('carol@test.com')
	const carol = await new Visitor(a).signIn('carol@test.com')
	assert.equal((await admin.patch('/accounts/carol@test.com', { password: 'other' })).status, 200)
	assert.equal((await carol.get('/session')).status, 401)
	await carol.signIn('carol@test.com', 'other')
	assert.equal((await admin.delete('/accounts/carol@test.com')).status, 204)
	assert.equal((await carol.get('/session')).status, 401)
})

test('another site cannot use the cookie to change anything', async () => {
	const forged = new Visitor(a, {})
	forged.cookie = admin.cookie
	assert.equal((await forged.post('/domains', { domain: 'evil.test' })).body.code, 'foreign-page')
	const foreign = { 'x-panpipe': '1', origin: 'https://evil.test' }
	assert.equal((await forged.post('/domains', { domain: 'evil.test' }, foreign)).body.code, 'foreign-page')
	assert.equal((await forged.post('/session', { login: 'admin@test.com', password: 'secret' })).status, 403)
	const { items } = (await admin.get('/domains')).body
	assert.deepEqual(items, [{ domain: 'test.com', accounts: 2 }])
})

test('a script comes with the password and no cookie', async () => {
	const basic = `Basic ${Buffer.from('admin@test.com:secret').toString('base64')}`
	const script = new Visitor(b, { authorization: basic })
	assert.equal((await script.put('/domains/second.test')).status, 201)
	assert.equal((await script.put('/domains/second.test')).status, 200)
	assert.equal((await script.delete('/domains/second.test')).status, 204)
	assert.equal((await new Visitor(b, { authorization: 'Basic bm9ib2R5Ong=' }).get('/nodes')).status, 401)
})

test('accounts are made, found, changed and removed', async () => {
	const made = await admin.post('/accounts', { address: '张伟@test.com', password: 'secret', name: '张伟' })
	assert.deepEqual([made.status, made.body.name, made.body.home], [201, '张伟', a.ip])
	assert.equal((await admin.post('/accounts', { address: '张伟@test.com' })).body.code, 'exists')
	assert.equal((await admin.put(`/accounts/${encodeURIComponent('张伟@test.com')}`)).status, 200)
	const changed = await admin.patch(`/accounts/${made.body.id}`, {
		name: 'Zhang Wei',
		disabled: true,
		address: 'zhang@test.com',
	})
	assert.deepEqual(
		[changed.status, changed.body.address, changed.body.name, changed.body.disabled],
		[200, 'zhang@test.com', 'Zhang Wei', true],
	)
	const found = async (query: string) =>
		(await admin.get(`/accounts?${query}`)).body.items.map((one: { address: string }) => one.address)
	assert.deepEqual(await found('q=zhang'), ['zhang@test.com'])
	assert.deepEqual(await found('state=disabled'), ['zhang@test.com'])
	assert.deepEqual(await found(`node=${b.ip}`), ['bob@test.com'])
	const first = (await admin.get('/accounts?limit=2')).body
	assert.deepEqual([first.items.length, first.total], [2, 3])
	assert.deepEqual(await found(`limit=2&cursor=${first.next}`), ['zhang@test.com'])
	assert.equal((await admin.put('/accounts/bob@test.com/aliases/robert@test.com')).status, 200)
	assert.equal((await admin.put('/accounts/bob@test.com/aliases/robert@test.com')).status, 200)
	assert.deepEqual((await admin.get('/accounts/bob@test.com/aliases')).body.items, [
		{ address: 'robert@test.com', targets: ['bob@test.com'] },
	])
	assert.equal((await admin.delete('/aliases/robert@test.com')).status, 204)
	assert.equal((await admin.delete('/accounts/zhang@test.com')).status, 204)
	assert.equal((await admin.get('/accounts/zhang@test.com')).body.code, 'no-such-account')
})

test('what is asked for once more with the same key is done once', async () => {
	const key = { 'idempotency-key': 'one' }
	const make = (name: string) => admin.post('/tokens', { name, scopes: ['read'] }, key)
	const [first, second] = await Promise.all([make('x'), make('x')])
	assert.deepEqual([first.status, second.status, first.body.id], [201, 201, second.body.id])
	assert.equal((await make('x')).body.id, first.body.id)
	assert.equal((await make('y')).body.code, 'idempotency-key-reused')
	assert.equal((await admin.get('/tokens')).body.total, 1)
})

test('how the nodes reach each other, and how each is, can be asked at any of them', async () => {
	await until('both are measured', 10_000, async () => {
		const { items, missing } = (await admin.get('/links')).body
		return (
			missing.length === 0 &&
			items.length === 2 &&
			items.every((one: { roundTripMs: number | null }) => one.roundTripMs !== null)
		)
	})
	const there = (await admin.get(`/status?node=${b.ip}`)).body
	assert.equal(there.node, (await b.say('status')).node)
	assert.equal((await admin.get(`/certificate?node=${b.ip}`)).status, 200)
	assert.equal((await admin.get('/status?node=nowhere')).body.code, 'no-such-node')
})

test('what is wrong with a request is said by field', async () => {
	const { status, body } = await admin.post('/accounts', { address: 7, password: '' })
	assert.deepEqual([status, body.code], [422, 'input-invalid'])
	assert.deepEqual(
		body.errors.map(({ path, code }: { path: string; code: string }) => [path, code]),
		[
			['password', 'too_small'],
			['address', 'invalid_type'],
		],
	)
	assert.equal((await admin.ask('POST', '/accounts', '{')).body.code, 'request-unreadable')
	assert.equal((await admin.get('/nothing')).body.code, 'no-such-page')
})

test('the nodes, and the settings of one from the other', async () => {
	const { items } = (await admin.get('/nodes')).body
	assert.deepEqual(items.map((one: { ip: string }) => one.ip).sort(), [a.ip, b.ip])
	const id = items.find((one: { self: boolean }) => !one.self).id
	const changed = await admin.patch(`/nodes/${id}`, { description: '香港', site: 'south' })
	assert.deepEqual(
		[changed.body.description, changed.body.site, changed.body.enabled],
		['香港', 'south', true],
	)
	await until('b has heard it', 5000, async () =>
		(await admin.at(b).get('/nodes?site=south')).body.items.some((one: { self: boolean }) => one.self),
	)
	assert.equal((await admin.post('/nodes/refresh')).body.items[0].state, 'done')
	assert.equal((await admin.post('/nodes/code')).body.code, 'already-member')
})

test('a node that cannot be added says by its code what is wrong', async () => {
	const add = async (input: object) => (await admin.post('/nodes', input)).body.code
	const code = (await new TestNodeAlone().code()) as string
	assert.equal(await add({ ip: '127.0.25.3', webPort: 1, code }), 'port-closed')
	assert.equal(await add({ ip: b.ip, webPort: 3443, code: 'nonsense' }), 'code-wrong')
	assert.equal(await add({ ip: b.ip, webPort: 3443, code }), 'code-wrong')
	assert.equal(await add({ ip: b.ip, webPort: 99_999, code }), 'input-invalid')
})

/** Shows a code and goes away. */
class TestNodeAlone {
	async code(): Promise<unknown> {
		const node = await new TestNode('127.0.25.3').start()
		const { code } = await node.say('node code')
		await node.stop()
		return code
	}
}

test('the forwarding table is of the other nodes, and comes as a file too', async () => {
	const { items } = (await admin.get('/forwards')).body
	assert.deepEqual(
		items.map(({ address, node }: { address: string; node: string }) => [address, node]),
		[['bob@test.com', b.ip]],
	)
	assert.deepEqual((await admin.get('/forwards?q=nobody')).body, { items: [], next: null })
	const file = await admin.get('/forwards?format=csv')
	assert.match(file.headers['content-type'], /^text\/csv/)
	assert.equal(file.text, `\ufeffaddress,node,description\r\nbob@test.com,${b.ip},香港\r\n`)
})

test('the command line filters it alike', async () => {
	assert.deepEqual(
		(await a.json('forwards', '--search', 'bob', '--node', b.ip)).map(
			(one: { address: string }) => one.address,
		),
		['bob@test.com'],
	)
	assert.deepEqual(await a.json('forwards', '--search', 'nobody'), [])
})

test('the API describes itself, for machines and without a script', async () => {
	const spec = (await new Visitor(a).get('//api/docs/openapi.json')).body
	assert.equal(spec.openapi, '3.1.0')
	assert.deepEqual(Object.keys(spec.paths['/api/v1/accounts']), ['get', 'post'])
	const body = spec.paths['/api/v1/accounts'].post.requestBody.content['application/json'].schema
	assert.deepEqual([body.properties.address.type, body.required], ['string', ['address']])
	const answer = spec.paths['/api/v1/accounts'].get.responses['200'].content['application/json'].schema
	assert.deepEqual(answer.properties.next.type, ['string', 'null'])
	assert.equal(answer.properties.items.items.properties.address.type, 'string')
	const html = await new Visitor(a).get('//api/docs')
	assert.match(html.text, /\/api\/v1\/nodes\/refresh/)
	assert.doesNotMatch(html.text, /<script|style=|onclick/)
	assert.match(html.headers['content-security-policy'], /default-src 'none'; style-src 'self'/)
})
