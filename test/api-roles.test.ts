import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { endAll, joinTo, TestNode, until } from './support/nodes.ts'
import { description, Visitor, type WebAnswer } from './support/web.ts'

const a = new TestNode('127.0.25.21')
const b = new TestNode('127.0.25.22')

const people = {
	admin: { role: 'admin' },
	dora: { role: 'domain', domain: 'test.com' },
	una: { role: 'unit', unit: 'Acme' },
	helen: { role: 'helpdesk', domain: 'test.com' },
	otto: { role: 'auditor' },
}
type Name = keyof typeof people | 'alice'
const at = {} as Record<Name, Visitor>

before(async () => {
	await Promise.all([a.start(), b.start()])
	for (const domain of ['test.com', 'other.test']) await a.say('domain add', { domain })
	await a.say('unit add', { name: 'Acme', kind: 'company' })
	await a.say('unit add', { name: 'Branch', parent: 'Acme', kind: 'branch' })
	for (const name of [...Object.keys(people), 'alice', 'zoe']) await a.addAccount(`${name}@test.com`)
	for (const address of ['carol@other.test', 'dave@other.test', 'erin@test.com'])
		await a.say('account add', { address })
	await a.say('account move-unit', { address: 'carol@other.test', unit: 'Acme/Branch' })
	for (const [name, grant] of Object.entries(people)) {
		await a.say('admin grant', { address: `${name}@test.com`, ...grant })
	}
	await a.say('group add', { address: 'team@other.test' })
	await a.say('unit add', { name: 'Other', kind: 'company' })
	await joinTo(a, b)
	await until('b knows all grants', 5000, async () => (await b.say('admin list')).length === 5)
	for (const name of [...Object.keys(people), 'alice'] as Name[]) {
		at[name] = await new Visitor(a).signIn(`${name}@test.com`)
	}
})
after(endAll)

let made = 0

/** Every act, and who may do it; everybody else is told no, at either node. */
/** An import is a job; whether it, or the one line of its file, was refused. */
async function importOne(visitor: Visitor): Promise<WebAnswer> {
	const file = Buffer.from('address\r\nx@other.test\r\n').toString('base64')
	const begun = await visitor.post('/accounts/import', { file })
	if (begun.status !== 202) return begun
	let job = begun.body
	await until('the import has ended', 10_000, async () => {
		job = (await visitor.get(`/jobs/${begun.body.id}`)).body
		return job.state !== 'running'
	})
	const code = job.code ?? job.result.lines[0].code
	return code ? { ...begun, status: 403, body: { code } } : begun
}

const acts: [what: string, act: (visitor: Visitor) => Promise<WebAnswer>, who: Name[]][] = [
	['see the nodes', v => v.get('/nodes'), ['admin', 'otto']],
	['see what nodes are called', v => v.get('/nodes/names'), ['admin', 'otto', 'dora', 'una', 'helen']],
	['change a node', v => v.patch(`/nodes/${b.ip}`, { description: 'x' }), ['admin']],
	['refresh', v => v.post('/nodes/refresh'), ['admin']],
	['see the queue', v => v.get('/queue'), ['admin', 'otto']],
	['see the queue elsewhere', v => v.get(`/queue?node=${b.ip}`), ['admin', 'otto']],
	['read the audit log', v => v.get('/audit'), ['admin', 'otto']],
	['see the grants', v => v.get('/grants'), ['admin', 'otto', 'dora', 'una']],
	['make a domain', v => v.post('/domains', { domain: `new${++made}.test` }), ['admin']],
	[
		'see an account of the domain',
		v => v.get('/accounts/alice@test.com'),
		['admin', 'otto', 'dora', 'helen'],
	],
	['see an account of the unit', v => v.get('/accounts/carol@other.test'), ['admin', 'otto', 'una']],
	['see another account', v => v.get('/accounts/dave@other.test'), ['admin', 'otto']],
	['name somebody of the domain', v => v.patch('/accounts/zoe@test.com', { name: 'Zoe' }), ['admin', 'dora']],
	['name somebody of the unit', v => v.patch('/accounts/carol@other.test', { name: 'C' }), ['admin', 'una']],
	[
		'set a password in the domain',
		v => v.patch('/accounts/zoe@test.com', { password: 'new' }),
		['admin', 'dora', 'helen'],
	],
	['see what somebody holds', v => v.get('/accounts/zoe@test.com/quota'), ['admin', 'otto', 'dora', 'helen']],
	[
		'limit somebody of the domain',
		v => v.put('/accounts/zoe@test.com/quota', { storage: 2 ** 30 }),
		['admin', 'dora'],
	],
	[
		'limit somebody of the unit',
		v => v.put('/accounts/carol@other.test/quota', { messages: 9 }),
		['admin', 'una'],
	],
	['see what a domain allows', v => v.get('/domains/test.com/quota'), ['admin', 'otto', 'dora']],
	['limit a domain', v => v.put('/domains/other.test/quota', { storage: null }), ['admin']],
	['see the groups', v => v.get('/groups'), ['admin', 'otto', 'dora', 'una']],
	['make a group there', v => v.post('/groups', { address: `g${++made}@other.test` }), ['admin']],
	['see the units', v => v.get('/units'), ['admin', 'otto', 'una']],
	['make a unit', v => v.post('/units', { name: `U${++made}` }), ['admin']],
	['make a unit below', v => v.post('/units', { name: `U${++made}`, parent: 'Acme' }), ['admin', 'una']],
	['name a unit', v => v.patch('/units/Acme', { name: 'Acme' }), ['admin', 'una']],
	['widen a unit', v => v.patch('/units/Acme', { outside: true }), ['admin']],
	['say what kind a unit is', v => v.patch('/units/Acme', { kind: 'company' }), ['admin']],
	['widen a unit below', v => v.patch('/units/Acme%2FBranch', { storage: null }), ['admin', 'una']],
	['move a unit below', v => v.patch('/units/Acme%2FBranch', { parent: 'Acme' }), ['admin', 'una']],
	['put a unit below one of his', v => v.patch('/units/Other', { parent: 'Acme' }), []],
	['see conflicts', v => v.get('/conflicts'), ['admin', 'otto', 'dora', 'una', 'helen']],
	[
		'merge accounts',
		v => v.post('/conflicts/zoe@test.com/merge', { into: 'zoe@test.com' }),
		['admin', 'dora'],
	],
	['see the forward table', v => v.get('/forwards'), ['admin', 'otto', 'dora', 'una', 'helen']],
	['see a domain’s records', v => v.get('/domains/test.com/dns'), ['admin', 'otto', 'dora']],
	['make a key for a domain', v => v.post('/domains/test.com/dkim'), ['admin']],
	['follow a message', v => v.get('/trace?address=zoe@test.com'), ['admin', 'otto']],
	['see the figures', v => v.get('/figures'), ['admin', 'otto']],
	['see the alerts', v => v.get('/alerts'), ['admin', 'otto']],
	['see the links', v => v.get('/links'), ['admin', 'otto']],
	['see the certificate', v => v.get('/certificate'), ['admin', 'otto']],
	['drop mail', v => v.post('/queue/drop', { ids: ['none'] }), ['admin']],
	['take in a node', v => v.post('/nodes', { ip: '127.0.25.29', webPort: 1, code: 'x' }), ['admin']],
	['show the join code', v => v.post('/nodes/code'), ['admin']],
	['check the audit log', v => v.get('/audit/verify'), ['admin', 'otto']],
	['set the administrator’s password', v => v.patch('/accounts/admin@test.com', { password: 'secret' }), []],
	['disable the administrator', v => v.patch('/accounts/admin@test.com', { disabled: true }), []],
	['remove the auditor', v => v.patch('/accounts/otto@test.com', { name: 'Otto' }), ['admin']],
	[
		'move somebody into another domain',
		v => v.patch('/accounts/erin@test.com', { address: 'erin@other.test' }),
		[],
	],
	['make an administrator', v => v.post('/grants', { address: 'alice@test.com', role: 'admin' }), []],
	[
		'make an alias there',
		v => v.post('/aliases', { address: 'ceo@other.test', targets: ['x@test.com'] }),
		[],
	],
	[
		'see where somebody is signed in',
		v => v.get('/accounts/zoe@test.com/sessions'),
		['admin', 'otto', 'dora', 'helen'],
	],
	['sign somebody out', v => v.delete('/accounts/zoe@test.com/sessions'), ['admin', 'dora', 'helen']],
	['sign the administrator out', v => v.delete('/accounts/admin@test.com/sessions'), []],
	['see how things are', v => v.get('/status'), ['admin', 'otto']],
	['see the domains', v => v.get('/domains'), ['admin', 'otto', 'dora', 'una']],
	['take the accounts out', v => v.get('/accounts/export'), ['admin', 'otto', 'dora', 'una', 'helen']],
	['list accounts', v => v.get('/accounts'), ['admin', 'otto', 'dora', 'una', 'helen']],
	['list aliases', v => v.get('/aliases'), ['admin', 'otto', 'dora', 'una', 'helen']],
	['see a domain’s keys', v => v.get('/domains/other.test/dkim'), ['admin', 'otto']],
	['see aliases of an account', v => v.get('/accounts/dave@other.test/aliases'), ['admin', 'otto']],
	[
		'see app passwords of an account',
		v => v.get('/accounts/dave@other.test/app-passwords'),
		['admin', 'otto'],
	],
	['see whether there is a second factor', v => v.get('/accounts/dave@other.test/totp'), ['admin', 'otto']],
	['see a group there', v => v.get('/groups/team@other.test'), ['admin', 'otto']],
	['see members of a group there', v => v.get('/groups/team@other.test/members'), ['admin', 'otto']],
	['look at waiting mail', v => v.get('/queue/none'), ['admin', 'otto']],
	['see jobs of one’s own', v => v.get('/jobs'), ['admin', 'otto', 'dora', 'una', 'helen', 'alice']],
	['gather the engine anew', v => v.post('/cluster/rebuild'), []],
	['bring a certificate', v => v.put('/certificate', { certificate: 'x', key: 'x' }), []],
	['order a certificate', v => v.post('/certificate/order', { domains: ['x.test'], agree: true }), []],
	['renew the certificate', v => v.post('/certificate/renew'), []],
	['import accounts', importOne, []],
	['make an account there', v => v.post('/accounts', { address: 'new@other.test' }), []],
	['set up an account there', v => v.put('/accounts/fresh@other.test', { name: 'x' }), []],
	['remove an account there', v => v.delete('/accounts/dave@other.test'), []],
	['try mail again', v => v.post('/queue/retry', { ids: ['none'] }), []],
	['hold mail', v => v.post('/queue/hold', { ids: ['none'] }), []],
	['release mail', v => v.post('/queue/release', { ids: ['none'] }), []],
	['take all roles', v => v.delete('/grants?address=admin@test.com&role=admin'), []],
	['take a role', v => v.delete('/grants/none'), ['admin', 'dora', 'una']],
	['take a node out', v => v.delete('/nodes/127.0.25.22'), []],
	['set up a domain', v => v.put('/domains/fresh.test', {}), []],
	['remove a domain', v => v.delete('/domains/other.test'), []],
	['set the policy of a domain', v => v.put('/domains/other.test/mta-sts', { mode: 'none' }), []],
	['remove a key', v => v.delete('/domains/other.test/dkim/none'), []],
	['turn off a second factor there', v => v.delete('/accounts/dave@other.test/totp'), []],
	['remove an alias there', v => v.delete('/aliases/none@other.test'), []],
	['change a group there', v => v.patch('/groups/team@other.test', { name: 'x' }), []],
	['remove a group there', v => v.delete('/groups/team@other.test'), []],
	['change the members there', v => v.post('/groups/team@other.test/members', { add: ['x@test.com'] }), []],
	['remove a unit', v => v.delete('/units/Other'), []],
	['remove a unit of his own', v => v.delete('/units/Acme'), ['admin']],
	['rename in a conflict', v => v.post('/conflicts/dave@other.test/rename', { to: 'new@other.test' }), []],
	['give an alias there', v => v.put('/accounts/dave@other.test/aliases/x@other.test', {}), []],
	['end a session there', v => v.delete('/accounts/dave@other.test/sessions/none'), []],
	['remove an app password there', v => v.delete('/accounts/dave@other.test/app-passwords/none'), []],
	['set the certificate', v => v.delete('/certificate'), []],
]

/** What everybody does for himself, whatever he may do to others. */
const OWN =
	/^\S+ \/api\/v1\/(setup|setup\/code|sessions?|sessions\/\{id\}|session\/.*|tokens|tokens\/\{id\}|people|people\/.*|jobs\/\{id\})$/

/** What one hears who may, and there was nothing to do it to. */
const IN_VAIN = new Set([
	'no-such-message',
	'code-wrong',
	'already-member',
	'exists',
	'no-such-grant',
	'in-use',
])

test('every role does what is its own and is refused the rest, at both nodes', async () => {
	const wrong: string[] = []
	for (const [what, act, may] of acts) {
		for (const name of Object.keys(at) as Name[]) {
			if (may.length === 0 && name === 'admin') continue // he may, and it is not to happen
			for (const node of [a, b]) {
				const { status, body } = await act(at[name].at(node))
				const refused = status === 403 && body?.code === 'not-allowed'
				if (refused === may.includes(name))
					wrong.push(`${name}, ${what}, at ${node.ip}: ${status} ${body?.code}`)
				else if (!refused && status >= 400 && !IN_VAIN.has(body.code))
					wrong.push(`${name}, ${what}, at ${node.ip}: ${status} ${body.code}`)
			}
		}
	}
	assert.deepEqual(wrong, [])
	const asked = description()!.asked
	assert.deepEqual(
		description()!.operations.filter(name => !asked.has(name) && !OWN.test(name)),
		[],
		'nobody has tried these',
	)
})

test('lists show what is in reach of who asks', async () => {
	const seen = async (name: Name) =>
		(await at[name].get('/accounts')).body.items.map((one: { address: string }) => one.address)
	assert.equal((await seen('admin')).length, 10)
	assert.deepEqual(await seen('una'), ['carol@other.test'])
	assert.ok((await seen('dora')).every((address: string) => address.endsWith('@test.com')))
	assert.equal((await at.dora.get('/accounts')).body.total, null)
	assert.equal((await at.alice.get('/accounts')).status, 403)
	const domains = (await at.dora.get('/domains')).body.items
	assert.deepEqual(
		domains.map((one: { domain: string }) => one.domain),
		['test.com'],
	)
})

test('nobody gives more than he has, and the last administrator stays', async () => {
	const give = (role: string, more: object = {}) =>
		at.dora.post('/grants', { address: 'erin@test.com', role, ...more })
	assert.equal((await give('admin')).body.code, 'not-allowed')
	assert.equal((await give('helpdesk')).body.code, 'not-allowed')
	assert.equal((await give('domain', { domain: 'other.test' })).body.code, 'not-allowed')
	const given = await give('helpdesk', { domain: 'test.com' })
	assert.equal(given.status, 201)
	assert.equal((await give('helpdesk', { domain: 'test.com' })).body.id, given.body.id)
	assert.equal((await at.dora.delete(`/grants/${given.body.id}`)).status, 204)
	const grants = (await at.admin.get('/grants')).body.items
	const last = grants.find((one: { role: string }) => one.role === 'admin')
	assert.equal((await at.dora.delete(`/grants/${last.id}`)).body.code, 'not-allowed')
	assert.equal((await at.admin.delete(`/grants/${last.id}`)).body.code, 'last-administrator')
	assert.equal(
		(await at.admin.post('/grants', { address: 'erin@test.com', role: 'domain' })).body.code,
		'grant-shape',
	)
})

test('what is above decides over a unit: its own administrator lifts none of its limits, by no way', async () => {
	const limits = { storage: 500, accounts: 8, recipients: 5, messageSize: 4096, outside: false }
	await a.say('unit edit', { unit: 'Acme', ...limits })
	const wider = { storage: null, messages: null, accounts: null, recipients: null, messageSize: null }
	for (const [name, value] of Object.entries({ ...wider, outside: true }))
		assert.equal((await at.una.patch('/units/Acme', { [name]: value })).body.code, 'not-allowed', name)
	// Nor that of another by giving one of his own the same name: what is asked about is what is changed.
	await a.say('unit edit', { unit: 'Other', storage: 500 })
	assert.equal((await at.una.post('/units', { name: 'Other', parent: 'Acme' })).status, 201)
	assert.equal((await at.una.patch('/units/Other', { storage: null })).body.code, 'not-allowed')
	assert.equal((await at.una.delete('/units/Other')).body.code, 'not-allowed')
	const units = await a.say('unit list')
	const of = (path: string) => units.find((one: { path: string }) => one.path === path).limits
	assert.deepEqual(of('Acme'), { ...wider, ...limits })
	assert.equal(of('Other').storage, 500)
	// And what he puts below his own is his to decide, within what holds for him.
	assert.equal((await at.una.patch('/units/Acme%2FOther', { storage: 100 })).status, 200)
	assert.equal((await at.una.patch('/units/Acme%2FOther', { storage: 501 })).body.code, 'limit')
	assert.equal((await at.una.put('/accounts/carol@other.test/quota', { storage: null })).status, 200)
	assert.equal((await at.una.get('/accounts/carol@other.test/quota')).body.holds.storage, 500)
	assert.equal((await at.una.patch('/accounts/carol@other.test', { unit: '/' })).status, 403)
	assert.equal((await at.una.delete('/units/Acme%2FOther')).status, 204)
})

test('a token does what its scopes say, is shown once, and ends', async () => {
	const made = await at.admin.post('/tokens', { name: 'report', scopes: ['accounts:read'], days: 1 })
	assert.equal(made.status, 201)
	const program = new Visitor(b, { authorization: `Bearer ${made.body.token}` })
	await until('b knows the token', 5000, async () => (await program.get('/accounts')).status === 200)
	assert.equal((await program.delete('/accounts/erin@test.com')).body.code, 'not-allowed')
	assert.equal((await program.get('/nodes')).body.code, 'not-allowed')
	assert.equal((await program.post('/tokens', { name: 'x', scopes: ['all'] })).body.code, 'not-allowed')
	const own = { old: 'secret', password: 'stolen' }
	assert.equal((await program.post('/session/password', own)).body.code, 'not-allowed')
	const listed = (await at.admin.get('/tokens')).body.items
	assert.deepEqual([listed.length, listed[0].name, 'token' in listed[0]], [1, 'report', false])
	assert.equal((await at.alice.delete(`/tokens/${listed[0].id}`)).body.code, 'no-such-token')
	assert.equal((await at.admin.delete(`/tokens/${listed[0].id}`)).status, 204)
	await until('it is over at b too', 5000, async () => (await program.get('/accounts')).status === 401)
})

test("a device's password is for mail, not for administering", async () => {
	const { password } = (await at.admin.post('/session/app-passwords', { name: 'phone' })).body
	const basic = `Basic ${Buffer.from(`admin@test.com:${password}`).toString('base64')}`
	const phone = new Visitor(a, { authorization: basic })
	assert.deepEqual((await phone.get('/session')).body.grants, [])
	assert.equal((await phone.get('/nodes')).body.code, 'not-allowed')
	assert.equal((await phone.post('/session/app-passwords', { name: 'x' })).body.code, 'not-allowed')
})

test('a right that is taken away is gone at once, also on the pages that are open', async () => {
	assert.equal((await at.otto.get('/nodes')).status, 200)
	await a.say('admin revoke', { address: 'otto@test.com', role: 'auditor' })
	assert.equal((await at.otto.get('/nodes')).body.code, 'not-allowed')
	await until('b has heard it', 5000, async () => (await at.otto.at(b).get('/nodes')).status === 403)
})

test('people change their own password by showing the old one', async () => {
	const { alice } = at
	const elsewhere = await new Visitor(a).signIn('alice@test.com')
	const wrong = await alice.post('/session/password', { old: 'guess', password: 'stolen' })
	assert.equal(wrong.body.code, 'password-wrong')
	assert.equal((await alice.post('/session/password', { old: 'secret', password: 'better' })).status, 204)
	assert.equal((await alice.get('/session')).status, 200)
	assert.equal((await elsewhere.get('/session')).status, 401)
	await new Visitor(a).signIn('alice@test.com', 'better')
})

test('whoever has a session cannot guess the password with it', async () => {
	const zoe = await new Visitor(a).signIn('zoe@test.com', 'new')
	const guess = (old: string) => zoe.post('/session/password', { old, password: 'stolen' })
	for (let i = 0; i < 10; i++) assert.equal((await guess(`guess ${i}`)).body.code, 'password-wrong')
	const { status, headers, body } = await guess('new')
	assert.deepEqual([status, body.code, headers['retry-after']], [429, 'too-many-attempts', '600'])
	assert.equal((await zoe.ask('DELETE', '/session/totp', { password: 'new' })).status, 429)
})

test('a second factor is asked for when it is on', async () => {
	const { TOTP } = await import('otpauth')
	const zoe = await new Visitor(a).signIn('zoe@test.com', 'new')
	const { secret } = (await zoe.post('/session/totp')).body
	const code = () => new TOTP({ secret }).generate()
	assert.equal((await zoe.put('/session/totp', { secret, code: '000000' })).status, 409)
	const { recoveryCodes } = (await zoe.put('/session/totp', { secret, code: code() })).body
	assert.equal(recoveryCodes.length, 10)
	const signIn = (totp?: string) =>
		new Visitor(a).post('/session', { login: 'zoe@test.com', password: 'new', ...(totp ? { totp } : {}) })
	assert.equal((await signIn()).body.code, 'totp-needed')
	assert.equal((await signIn('000000')).body.code, 'totp-needed')
	assert.equal((await signIn(recoveryCodes[0])).status, 200)
	assert.equal((await signIn(recoveryCodes[0])).body.code, 'totp-needed')
})

test('a domain beyond ASCII is the same by either of its names', async () => {
	await a.panpipe('domain', 'add', '公司.中国')
	const ascii = 'xn--55qx5d.xn--fiqs8s'
	for (const name of ['公司.中国', ascii]) {
		assert.equal((await a.json('domain', 'dns', name)).domain, ascii)
		assert.equal((await a.json('domain', 'dkim', 'list', name)).length, 1)
		assert.equal((await a.say('domain mta-sts', { domain: name, mode: 'enforce' })).domain, ascii)
		const { problems: _, ...dns } = await a.say('domain dns', { domain: name })
		assert.match(JSON.stringify(dns), new RegExp(`_mta-sts.${ascii}`))
	}
	const grant = await a.say('admin grant', { address: 'erin@test.com', role: 'domain', domain: '公司.中国' })
	assert.equal(grant.domain, ascii)
	await a.say('account passwd', { address: 'erin@test.com', password: 'secret' })
	const erin = await new Visitor(a).signIn('erin@test.com')
	for (const name of [encodeURIComponent('公司.中国'), ascii]) {
		assert.equal((await erin.get(`/domains/${name}/dns`)).status, 200)
		assert.equal((await erin.get(`/domains/${name}/dkim`)).status, 200)
		assert.equal((await erin.get(`/domains/${name}/quota`)).status, 200)
	}
	assert.equal((await erin.post('/accounts', { address: '张伟@公司.中国' })).status, 201)
	assert.equal((await erin.get(`/accounts?domain=${encodeURIComponent('公司.中国')}`)).body.items.length, 1)
	assert.equal(
		(await erin.post('/aliases', { address: 'wei@公司.中国', targets: ['张伟@公司.中国'] })).status,
		201,
	)
	const again = await erin.ask(
		'PUT',
		`/accounts/${encodeURIComponent('张伟@公司.中国')}/aliases/${encodeURIComponent('wei@公司.中国')}`,
		{},
	)
	assert.equal(again.status, 200)
	const file = Buffer.from(`address\nlina@公司.中国\nlina@${ascii}\n`).toString('base64')
	const { lines } = await a.say('account import', { file })
	assert.deepEqual(
		lines.map(({ outcome, code }: { outcome: string; code?: string }) => code ?? outcome),
		['created', 'twice-in-file'],
	)
	assert.equal((await at.admin.put(`/domains/${encodeURIComponent('公司.中国')}`, {})).status, 200)
	await a.say('admin revoke', { address: 'erin@test.com', role: 'domain', domain: '公司.中国' })
})
