import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { sendMail, smtp } from './support/clients.ts'
import { endAll, PORTS, TestNode, until } from './support/nodes.ts'
import { description, Visitor } from './support/web.ts'

/* Each route once, with a real answer. `Visitor` holds every answer against the description at /api/docs. */

const a = new TestNode('127.0.41.11')
const b = new TestNode('127.0.41.12')
const folder = mkdtempSync(join(tmpdir(), 'panpipe-answers-'))
const admin = new Visitor(a)
after(async () => {
	await endAll()
	rmSync(folder, { recursive: true, force: true })
})

const ok = async (answer: ReturnType<Visitor['get']>, status = 200) => {
	const { status: got, body, text } = await answer
	assert.equal(got, status, text)
	return body
}

test('first start, and who is signed in', async () => {
	await Promise.all([a.start(), b.start()])
	await ok(admin.get('/setup'))
	const account = { address: 'alice@test.com', password: 'secret' }
	await ok(
		admin.post('/setup', { domain: 'test.com', admin: 'admin@test.com', password: 'secret', account }),
		201,
	)
	await ok(admin.get('/setup'))
	await ok(admin.post('/session', { login: 'admin@test.com', password: 'secret' }))
	await ok(admin.get('/session'))
	assert.equal((await ok(admin.get('/sessions'))).items.length, 2)
	await ok(admin.delete('/sessions'), 204)
	const [only] = (await ok(admin.get('/sessions'))).items
	assert.equal(only.current, true)
	const other = await new Visitor(a).signIn('admin@test.com')
	await ok(admin.delete(`/sessions/${(await ok(other.get('/session'))).session.id}`), 204)
	assert.equal((await other.get('/session')).status, 401)
	await ok(new Visitor(a).delete('/session'), 204)
})

test('nodes: one is taken in, seen from all sides, and refreshed', async () => {
	const { code } = await ok(new Visitor(b).post('/setup/code'), 201)
	await ok(admin.post('/nodes', { ip: b.ip, webPort: PORTS.web, code, description: 'Hong Kong' }), 201)
	await until('they hear each other', 30_000, async () =>
		(await Promise.all([a.say('status'), b.say('status')])).every(({ peers }) => peers[0]?.state === 'up'),
	)
	await ok(admin.get('/nodes'))
	await ok(admin.get('/nodes/names'))
	await ok(admin.patch(`/nodes/${b.ip}`, { site: 'HK' }))
	await ok(admin.patch('/nodes/Hong%20Kong', { enabled: true }))
	await ok(admin.post('/nodes/refresh'))
	await ok(admin.post('/nodes/refresh', {}, { prefer: 'respond-async' }), 202)
	await ok(admin.get('/links'))
	await ok(admin.get('/status'))
	assert.equal((await ok(admin.get(`/status?node=${b.ip}`))).hostname, (await b.say('status')).hostname)
	await ok(admin.get('/forwards'))
	await ok(admin.post('/cluster/rebuild'))
	await ok(admin.post('/cluster/rebuild', {}, { prefer: 'respond-async' }), 202)
	const [job] = (await ok(admin.get('/jobs'))).items
	await until('the engine is made anew', 60_000, async () => {
		return (await ok(admin.get(`/jobs/${job.id}`))).state === 'done'
	})
})

test('domains: their records, keys, policy and quota', async () => {
	await ok(admin.post('/domains', { domain: 'other.test' }), 201)
	await ok(admin.put('/domains/third.test'), 201)
	await ok(admin.put('/domains/third.test'))
	await ok(admin.get('/domains'))
	await ok(admin.get('/domains/test.com/dns'))
	await ok(admin.get('/domains/test.com/dns?check=true'))
	const slow = { prefer: 'respond-async' }
	await ok(admin.get('/domains/test.com/dns?check=true', slow), 202)
	const { items } = await ok(admin.post('/domains/test.com/dkim'), 201)
	await ok(admin.get('/domains/test.com/dkim'))
	await ok(admin.delete(`/domains/test.com/dkim/${items[1].selector}`), 204)
	await ok(admin.put('/domains/test.com/mta-sts', { mode: 'enforce' }))
	await ok(admin.put('/domains/test.com/quota', { storage: 2 ** 30, messages: null }))
	assert.deepEqual((await ok(admin.get('/domains/test.com/quota'))).set, {
		storage: 2 ** 30,
		messages: 'none',
	})
	await ok(admin.delete('/domains/third.test'), 204)
})

test('accounts, their aliases, quota, and files of them', async () => {
	await ok(admin.post('/accounts', { address: 'bob@test.com', password: 'secret', node: b.ip }), 201)
	await ok(admin.put('/accounts/carol@test.com', { password: 'secret' }), 201)
	await ok(admin.put('/accounts/carol@test.com', { password: 'secret' }))
	await ok(admin.get('/accounts'))
	await ok(admin.get('/accounts/bob@test.com'))
	await ok(admin.patch('/accounts/bob@test.com', { name: 'Bob' }))
	await ok(admin.put('/accounts/bob@test.com/quota', { storage: 5_000_000 }))
	await until('its home knows the account', 10_000, async () => {
		const { used, holds } = await ok(admin.get('/accounts/bob@test.com/quota'))
		return used?.messages === 0 && holds.storage === 5_000_000
	})
	await ok(admin.put('/accounts/bob@test.com/quota', { storage: 'default' }))
	await ok(admin.put('/accounts/bob@test.com/aliases/robert@test.com'))
	await ok(admin.get('/accounts/bob@test.com/aliases'))
	await ok(
		admin.post('/aliases', { address: 'all@test.com', targets: ['bob@test.com', 'alice@test.com'] }),
		201,
	)
	await ok(admin.get('/aliases'))
	await ok(admin.delete('/aliases/all@test.com'), 204)
	await ok(admin.get('/conflicts'))
	await ok(admin.get('/accounts/export'))
	const file = Buffer.from('address,name\ndave@test.com,Dave\nalice@nowhere.test,x\n').toString('base64')
	const { id } = await ok(admin.post('/accounts/import', { file, generate: true }), 202)
	await until('it is imported', 60_000, async () => (await ok(admin.get(`/jobs/${id}`))).state === 'done')
	await ok(admin.delete('/accounts/dave@test.com'), 204)
	await ok(admin.get('/people?q=al'))
	await ok(admin.get('/people/units'))
	await ok(admin.get('/people/domains'))
})

test('a conflict of two nodes is seen and settled', async () => {
	// The node is away while the same address is made on both sides.
	await b.stop()
	const twice = async (node: TestNode) => {
		for (const address of ['twin@test.com', 'pair@test.com']) await node.say('account add', { address })
		await node.say('group add', { address: 'crew@test.com' })
	}
	await twice(a)
	const alone = await new TestNode('127.0.41.13').start()
	await alone.say('domain add', { domain: 'test.com' })
	await twice(alone)
	const { code } = await alone.say('node code')
	await ok(
		admin.post('/nodes', { ip: alone.ip, webPort: PORTS.web, code }, { prefer: 'respond-async, wait=60' }),
		201,
	)
	const { items } = await ok(admin.get('/conflicts'))
	const conflict = (name: string) => items.find(({ claimed }: { claimed: string }) => claimed === name)
	assert.equal(items.length, 2)
	await ok(admin.post(`/conflicts/${conflict('twin@test.com').id}/rename`, { to: 'twin.hk@test.com' }))
	await ok(admin.post(`/conflicts/${conflict('pair@test.com').id}/merge`, {}))
	await until('the two are one', 60_000, async () => (await ok(admin.get('/conflicts'))).items.length === 0)
	const groups = (await ok(admin.get('/groups?state=conflict'))).items
	assert.deepEqual(
		groups.map(({ claimed }: { claimed: string }) => claimed),
		['crew@test.com'],
	)
	await ok(admin.patch(`/groups/${groups[0].id}`, { address: 'crew.hk@test.com' }))
	assert.equal((await ok(admin.get('/groups?state=conflict'))).items.length, 0)
	await ok(admin.delete('/groups/crew@test.com'), 204)
	await ok(admin.delete('/groups/crew.hk@test.com'), 204)
	await ok(admin.delete(`/nodes/${alone.ip}`))
	await b.start()
	await until('b is heard', 30_000, async () => (await a.say('status')).peers[0]?.state === 'up')
})

test('units and groups', async () => {
	await ok(admin.post('/units', { name: 'Acme', kind: 'company', accounts: 50 }), 201)
	await ok(admin.post('/units', { name: 'Sales', parent: 'Acme' }), 201)
	await ok(admin.get('/units'))
	await ok(admin.patch('/units/Sales', { recipients: 10, parent: null }))
	await ok(admin.delete('/units/Sales'), 204)
	const group = { address: 'team@test.com', members: ['alice@test.com', 'x@example.org'], senders: 'inside' }
	await ok(admin.post('/groups', group), 201)
	await ok(admin.get('/groups'))
	await ok(admin.get('/groups/team@test.com'))
	await ok(admin.patch('/groups/team@test.com', { name: 'Team' }))
	await ok(admin.post('/groups/team@test.com/members', { add: ['bob@test.com'], remove: ['x@example.org'] }))
	assert.equal((await ok(admin.get('/groups/team@test.com/members'))).total, 2)
	await ok(admin.delete('/groups/team@test.com'), 204)
})

/** RFC 6238, as the app on a phone does it. */
function codeOf(secret: string): string {
	const bits = [...secret].map(letter =>
		'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'),
	)
	const octets = bits
		.join('')
		.match(/.{8}/g)!
		.map(byte => Number.parseInt(byte, 2))
	const step = Buffer.alloc(8)
	step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)))
	const mac = createHmac('sha1', Buffer.from(octets)).update(step).digest()
	return String((mac.readUInt32BE(mac.at(-1)! & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

test("one's own password, second factor, devices and tokens; and an administrator's view of them", async () => {
	const alice = await new Visitor(a).signIn('alice@test.com')
	await ok(alice.get('/session/totp'))
	const { secret } = await ok(alice.post('/session/totp'))
	const { recoveryCodes } = await ok(alice.put('/session/totp', { secret, code: codeOf(secret) }))
	assert.ok(recoveryCodes.length > 5)
	assert.deepEqual(await ok(admin.get('/accounts/alice@test.com/totp')), {
		address: 'alice@test.com',
		on: true,
		recoveryCodesLeft: recoveryCodes.length,
	})
	await ok(admin.delete('/accounts/alice@test.com/totp'), 204)
	const again = await ok(alice.post('/session/totp'))
	await ok(alice.put('/session/totp', { secret: again.secret, code: codeOf(again.secret) }))
	await ok(alice.ask('DELETE', '/session/totp', { password: 'secret' }))
	const phone = await ok(alice.post('/session/app-passwords', { name: 'phone' }), 201)
	await ok(alice.get('/session/app-passwords'))
	await ok(alice.delete(`/session/app-passwords/${phone.id}`), 204)
	const tablet = await ok(alice.post('/session/app-passwords', { name: 'tablet' }), 201)
	assert.equal((await ok(admin.get('/accounts/alice@test.com/app-passwords'))).items[0].name, 'tablet')
	await ok(admin.delete(`/accounts/alice@test.com/app-passwords/${tablet.id}`), 204)
	await ok(alice.post('/session/password', { old: 'secret', password: 'other' }), 204)
	const second = await new Visitor(a).signIn('alice@test.com', 'other')
	const places = await ok(admin.get('/accounts/alice@test.com/sessions'))
	const { session } = await ok(second.get('/session'))
	assert.ok(places.items.some((one: { id: string }) => one.id === session.id))
	await ok(admin.delete(`/accounts/alice@test.com/sessions/${session.id}`), 204)
	assert.deepEqual([(await second.get('/session')).status, (await alice.get('/session')).status], [401, 200])
	await ok(admin.delete('/accounts/alice@test.com/sessions'), 204)
	assert.equal((await alice.get('/session')).status, 401)
	const token = await ok(admin.post('/tokens', { name: 'script', scopes: ['read'], days: 1 }), 201)
	await ok(admin.get('/tokens'))
	await ok(admin.delete(`/tokens/${token.id}`), 204)
	const grant = { address: 'alice@test.com', role: 'auditor' }
	await ok(admin.post('/grants', grant), 201)
	await ok(admin.get('/grants'))
	await ok(admin.delete('/grants?address=alice@test.com&role=auditor'), 204)
	const { id } = await ok(admin.post('/grants', grant), 201)
	await ok(admin.delete(`/grants/${encodeURIComponent(id)}`), 204)
})

test('the queue of all nodes: searched, paged, held, released, retried and dropped', async () => {
	for (const node of [a, b]) {
		const client = await smtp(node.ip)
		await sendMail(client, 'x@example.org', 'carol@test.com', 'Subject: hello\r\n\r\nx\r\n')
		client.close()
		await node.say('account add', {
			address: `away${node.ip.at(-1)}@test.com`,
			node: node === a ? b.ip : a.ip,
		})
	}
	await until('both know both', 20_000, async () =>
		(await Promise.all([a, b].map(node => node.say('account list')))).every(
			all => all.filter(({ address }: { address: string }) => address.startsWith('away')).length === 2,
		),
	)
	const waits = async () => (await ok(admin.get('/queue?node=all'))).items
	await until('what came for carol has gone home', 20_000, async () => (await waits()).length === 0)
	// Disabled nodes get no mail: what is for them waits.
	await Promise.all([
		admin.patch(`/nodes/${a.ip}`, { enabled: false }),
		admin.patch(`/nodes/${b.ip}`, { enabled: false }),
	])
	await until('both know that', 20_000, async () =>
		(await b.say('node list')).every((one: { enabled: boolean }) => !one.enabled),
	)
	for (const node of [a, b]) {
		const client = await smtp(node.ip)
		const to = `away${node.ip.at(-1)}@test.com`
		for (const subject of ['one', 'two']) {
			await sendMail(client, `${subject}@example.org`, to, `Subject: ${subject}\r\n\r\nx\r\n`)
		}
		client.close()
	}
	const list = (query = '') => ok(admin.get(`/queue?node=all${query}`))
	const all = await list()
	assert.deepEqual([all.total, all.next, all.missing], [4, null, []], JSON.stringify(all.items))
	assert.equal(all.items.length, 4)
	assert.deepEqual(
		all.items.map(({ why, at }: { why: string; at: string }) => [why, at]).sort(),
		[a, b, a, b].map(({ ip }) => ['node-disabled', `${ip}:${PORTS.web}`]).sort(),
	)
	assert.deepEqual(
		all.items.map((one: { arrived: string }) => one.arrived),
		all.items.map((one: { arrived: string }) => one.arrived).sort(),
	)
	const paged: string[] = []
	for (let next: string | null = ''; next !== null; ) {
		const page = await list(`&limit=1${next ? `&cursor=${encodeURIComponent(next)}` : ''}`)
		paged.push(...page.items.map((one: { id: string }) => one.id))
		next = page.next
	}
	const ids = all.items.map((one: { id: string }) => one.id)
	assert.deepEqual(paged, ids)
	assert.equal((await list('&q=two@')).total, 2)
	assert.equal((await ok(admin.get('/queue'))).total, 2)
	assert.equal((await ok(admin.get(`/queue?node=${b.ip}`))).total, 2)
	await ok(admin.get(`/queue/${all.items[0].id}?node=${all.items[0].node}`))
	const chosen = { node: 'all', ids: [ids[0], ids[3]] }
	await ok(admin.post('/queue/hold', chosen))
	assert.deepEqual(
		(await list('&held=true')).items.map((one: { id: string }) => one.id),
		[ids[0], ids[3]],
	)
	assert.equal((await list('&held=true')).items[0].why, 'held')
	await ok(admin.post('/queue/release', chosen))
	assert.equal((await list('&held=true')).total, 0)
	await ok(admin.post('/queue/retry', { node: 'all', ids: [] }))
	const nobodys = await admin.post('/queue/hold', { node: 'all', ids: ['nothing'] })
	assert.equal(nobodys.body.code, 'no-such-message')
	assert.equal((await a.json('queue', 'everywhere', '--search', 'one@')).total, 2)
	await a.panpipe('queue', 'drop', ids[1], ids[2], '--everywhere', '--no-report')
	assert.equal((await list()).total, 2)
	await ok(admin.post('/queue/drop', { ...chosen, report: false }))
	assert.equal((await list()).total, 0)
	for (const node of [a, b]) await ok(admin.patch(`/nodes/${node.ip}`, { enabled: true }))
})

test('what happened: trace, figures, alerts, audit log', async () => {
	const { messages } = await ok(admin.get('/trace?address=carol@test.com'))
	assert.equal(messages.length, 2)
	await ok(admin.get('/figures'))
	await ok(admin.get('/alerts?open=true'))
	await ok(admin.get('/alerts?limit=1'))
	await ok(admin.get('/audit?limit=5'))
	await ok(admin.get('/audit/verify'))
})

test('the certificate of a node', async () => {
	const [certificate, key] = [join(folder, 'one.crt'), join(folder, 'one.key')]
	const make = [
		'req',
		'-x509',
		'-newkey',
		'ec',
		'-pkeyopt',
		'ec_paramgen_curve:P-256',
		'-nodes',
		'-days',
		'30',
	]
	const names = ['-subj', '/CN=mail.test.com', '-addext', 'subjectAltName=DNS:mail.test.com']
	execFileSync('openssl', [...make, '-keyout', key, '-out', certificate, ...names], { stdio: 'ignore' })
	const pair = { certificate: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') }
	await ok(admin.get(`/certificate?node=${b.ip}`))
	assert.deepEqual((await ok(admin.put('/certificate', { ...pair, node: b.ip }))).names, ['mail.test.com'])
	await ok(admin.delete(`/certificate?node=${b.ip}`))
	assert.equal((await admin.post('/certificate/order', { agree: false })).status, 409)
})

test('every route has been seen to answer as it says', () => {
	const { all, seen } = description()!
	// These need an authority, or a node that nobody has set up; certificate.test.ts and setup.test.ts have them.
	const elsewhere = /^POST \/api\/v1\/(certificate\/(order|renew)|nodes\/code) |^POST \/api\/v1\/nodes 202/
	assert.deepEqual(
		all.filter(one => !seen.has(one) && !elsewhere.test(one)),
		[],
	)
})
