import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { smtp } from './support/clients.ts'
import { endAll, TestNode } from './support/nodes.ts'
import { Visitor } from './support/web.ts'

// At the second, this machine is as strange as any other.
const here = new TestNode('127.0.25.11')
const far = new TestNode('127.0.25.12', '[limits]\ncountLoopback = true')
const first = { domain: 'test.com', admin: 'admin@test.com', password: 'secret' }

before(() => Promise.all([here.start(), far.start()]))
after(endAll)

test('until somebody administers, only the set-up answers, on this machine', async () => {
	const visitor = new Visitor(here)
	assert.deepEqual((await visitor.get('/setup')).body.needed, true)
	for (const path of ['/session', '/nodes', '/accounts']) {
		assert.deepEqual((await visitor.get(path)).body.code, 'setup-needed', path)
	}
	assert.equal((await visitor.post('/session', { login: 'x', password: 'x' })).body.code, 'setup-needed')
	assert.equal((await visitor.get('//healthz')).status, 200)
	const client = await smtp(here.ip)
	client.close()
})

test('from elsewhere nothing answers without the token that was printed', async () => {
	const stranger = new Visitor(far)
	for (const path of ['/setup', '/nodes', '//', '//admin/', '//mail/', '//assets/x.js', '//api/docs']) {
		assert.deepEqual([path, (await stranger.get(path)).body.code], [path, 'setup-elsewhere'])
	}
	assert.equal((await stranger.post('/setup', first)).body.code, 'setup-elsewhere')
	const wrong = { 'x-panpipe': '1', 'x-setup-token': '00'.repeat(16) }
	assert.equal((await new Visitor(far, wrong).post('/setup', first)).body.code, 'setup-elsewhere')
	assert.equal((await stranger.get('//healthz')).status, 200)
	assert.equal((await stranger.get('//cluster/membership')).status, 404)
})

test('with the token the page comes, and what it asks comes with its cookie', async () => {
	const [, token] = /\/admin\/setup\?token=(\w+)/.exec(far.log)!
	const visitor = new Visitor(far)
	assert.notEqual((await visitor.get(`//admin/setup?token=${token}`)).status, 403)
	assert.equal((await visitor.get('/setup')).body.needed, true)
	assert.equal((await visitor.get('/nodes')).body.code, 'setup-needed')
	const done = await visitor.post('/setup', {
		...first,
		account: { address: 'bob@test.com', password: 'secret' },
	})
	assert.deepEqual([done.status, done.body.address], [201, 'admin@test.com'])
	const accounts = (await visitor.get('/accounts')).body.items
	assert.deepEqual(
		accounts.map((one: { address: string }) => one.address),
		['admin@test.com', 'bob@test.com'],
	)
	assert.equal((await new Visitor(far).get('/setup')).body.needed, false)
	assert.equal((await new Visitor(far).get('/nodes')).body.code, 'not-signed-in')
})

test('it is done once', async () => {
	const again = { domain: 'evil.test', admin: 'evil@evil.test', password: 'x' }
	assert.equal((await new Visitor(far).post('/setup', again)).body.code, 'set-up-already')
	assert.equal((await new Visitor(far).post('/setup/code')).body.code, 'set-up-already')
	await assert.rejects(far.say('setup', again), /set up already/)
	assert.deepEqual((await far.say('domain list')).length, 1)
})

test('a page of another site cannot do it in the administrator’s browser', async () => {
	assert.equal((await new Visitor(here, {}).post('/setup', first)).body.code, 'foreign-page')
	const foreign = { 'x-panpipe': '1', origin: 'https://evil.test' }
	assert.equal((await new Visitor(here, foreign).post('/setup', first)).body.code, 'foreign-page')
})

test('the command line does the same, also where accounts were made before', async () => {
	await here.say('domain add', { domain: 'test.com' })
	await here.addAccount('admin@test.com', 'old')
	assert.equal((await new Visitor(here).get('/nodes')).body.code, 'setup-needed')
	await here.say('setup', first)
	assert.equal((await (await new Visitor(here).signIn('admin@test.com')).get('/nodes')).status, 200)
})

test('a node that is to join another needs no administrator of its own', async () => {
	const third = await new TestNode('127.0.25.13').start()
	const { code } = (await new Visitor(third).post('/setup/code')).body
	const admin = await new Visitor(far).signIn('admin@test.com')
	const added = await admin.post('/nodes', { ip: third.ip, webPort: 3443, code })
	assert.deepEqual([added.status, added.body.merged], [201, true])
	assert.equal((await new Visitor(third).get('/setup')).body.needed, false)
	assert.equal((await (await new Visitor(third).signIn('admin@test.com')).get('/nodes')).body.items.length, 2)
})

test('guessing is slowed, for the address that guesses', async () => {
	const guesser = new Visitor(far)
	const seen = new Set<string>()
	for (let i = 0; i < 25; i++) {
		seen.add((await guesser.post('/session', { login: `nobody${i}@test.com`, password: 'wrong' })).body.code)
	}
	assert.deepEqual([...seen], ['login-wrong', 'too-many-attempts'])
	// Who came in from there before still does; see patience.test.ts.
	const { status, headers } = await guesser.post('/session', { login: 'nobody@test.com', password: 'secret' })
	assert.equal(status, 429)
	assert.ok(Number(headers['retry-after']) > 0)
})

/** The command line at a terminal of its own (script(1)); each answer is typed when its question is there. */
async function atTerminal(
	node: TestNode,
	words: string[],
	answers: [question: RegExp, answer: string][],
): Promise<{ screen: string; status: number | null }> {
	const cli = resolve(import.meta.dirname, '../src/main/cli.ts')
	const all = [process.execPath, '--disable-warning=ExperimentalWarning', cli, ...words, '--data', node.data]
	const command = all.map(word => `'${word}'`).join(' ')
	const terminal = spawn('script', ['-q', '-e', '-c', command, '/dev/null'], {
		stdio: ['pipe', 'pipe', 'inherit'],
	})
	let screen = ''
	const left = [...answers]
	terminal.stdout.on('data', chunk => {
		screen += chunk
		if (left[0]?.[0].test(screen)) terminal.stdin.write(`${left.shift()![1]}\r`)
	})
	const status = await new Promise<number | null>(resolve => terminal.on('close', resolve))
	return { screen, status }
}

test('a password that is typed at a terminal is not shown, and is asked for twice', async () => {
	await here.addAccount('carol@test.com')
	const passwd = ['account', 'passwd', 'carol@test.com']
	const done = await atTerminal(here, passwd, [
		[/Password/, 'geheim99x\u007f'],
		[/again/, 'geheim99'],
	])
	assert.deepEqual([done.status, /geheim/.test(done.screen)], [0, false], done.screen)
	await new Visitor(here).signIn('carol@test.com', 'geheim99')
	const differs = await atTerminal(here, passwd, [
		[/Password/, 'one'],
		[/again/, 'other'],
	])
	assert.deepEqual([differs.status, /not the same; nothing is done/.test(differs.screen)], [1, true])
	const left = await atTerminal(here, passwd, [[/Password/, '\u0003']])
	assert.deepEqual([left.status, /no password was given/.test(left.screen)], [1, true], left.screen)
	await new Visitor(here).signIn('carol@test.com', 'geheim99')
})
