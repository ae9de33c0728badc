import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, test } from 'node:test'
import { connect } from 'node:tls'
import { promisify } from 'node:util'
import { sendMail, smtp } from './support/clients.ts'
import { endAll, joinTo, PORTS, TestNode, until } from './support/nodes.ts'

const run = promisify(execFile)
const a = new TestNode('127.0.0.95')
const b = new TestNode('127.0.0.96')
const url = (path: string) => `https://${a.ip}:${PORTS.web}${path}`
const curl = async (...words: string[]) => (await run('curl', ['-sk', '--max-time', '5', ...words])).stdout
const status = (...words: string[]) => curl('-o', '/dev/null', '-w', '%{http_code}', ...words)

before(async () => {
	await Promise.all([a.start(), b.start()])
	await a.say('domain add', { domain: 'test.com' })
	await a.addAccount('alice@test.com')
	await joinTo(a, b)
})
after(endAll)

test('/healthz says ok', async () => {
	assert.deepEqual(JSON.parse(await curl(url('/healthz'))), { status: 'ok' })
})

test('a browser may keep its connection for the next click', async () => {
	assert.match(
		await curl('-i', '-H', 'connection: keep-alive', url('/healthz')),
		/^keep-alive: timeout=60\r$/im,
	)
})

test('/metrics counts what happened, for this machine only', async () => {
	const client = await smtp(a.ip)
	await sendMail(client, 'x@example.org', 'alice@test.com', 'Subject: x\r\n\r\nx\r\n')
	client.close()
	const text = await curl(url('/metrics'))
	assert.match(text, /^panpipe_messages_total\{outcome="accepted"\} 1$/m)
	assert.match(text, /^panpipe_stored_messages 1$/m)
	assert.match(text, /^panpipe_peer_up\{node="[0-9a-z]{26}"\} 1$/m)
	assert.match(text, /^process_resident_memory_bytes \d+$/m)
})

test('a stranger finds nothing at the doors of the cluster', async () => {
	assert.equal(await status(url('/cluster/membership')), '404')
	assert.equal(
		await status('-d', '{}', '-H', 'content-type: application/json', url('/cluster/join/hello')),
		'404',
	)
	assert.equal(
		await status(
			'-d',
			'{"secret":"AAAA"}',
			'-H',
			'content-type: application/json',
			url('/cluster/join/accept'),
		),
		'404',
	)
	assert.equal(
		await status('-d', 'nonsense', '-H', 'content-type: application/json', url('/cluster/join/hello')),
		'400',
	)
	assert.equal(await status(url('/nothing')), '404')
})

test('who asks for LMTP, IMAP or POP3 without our certificate is cut off without a word', async () => {
	for (const protocol of ['lmtp', 'imap', 'pop3']) {
		const heard = await new Promise<string>(resolve => {
			let text = ''
			const socket = connect({
				host: a.ip,
				port: PORTS.web,
				rejectUnauthorized: false,
				ALPNProtocols: [protocol],
			})
			socket.on('data', chunk => {
				text += chunk
			})
			socket.on('error', () => {})
			socket.on('close', () => resolve(text))
			socket.setTimeout(5000, () => socket.destroy())
		})
		assert.equal(heard, '')
	}
})

test('status tells a machine how this node and its peers are', async () => {
	await until('the peer is up', 5000, async () => (await a.say('status')).peers[0]?.state === 'up')
	const told = await a.json('status')
	assert.deepEqual(
		[told.role, told.engine, told.queue, told.messages, told.peers.length, told.peers[0].ip],
		['member', 'running', 0, 1, 1, b.ip],
	)
	assert.ok(told.peers[0].copyAgeMs < 5000)
	assert.equal(told.version, told.peers[0].version)
	assert.deepEqual(told.problems, [])
})

test('a peer that is gone is a problem with a sentence', async () => {
	await b.kill()
	await until('it is missed', 8000, async () => (await a.say('status')).problems.length === 1)
	assert.match(
		(await a.json('status')).problems[0],
		/127\.0\.0\.96 cannot be reached; mail for it waits here/,
	)
	await b.start()
	await until('all is well again', 8000, async () => (await a.say('status')).problems.length === 0)
})

test('cluster rebuild makes the engine anew, and everything goes on', async () => {
	const results = await a.json('cluster', 'rebuild')
	assert.deepEqual(
		results.map((one: { state: string }) => one.state),
		['done'],
	)
	await b.addAccount('bob@test.com')
	await until('news travels', 5000, async () => (await a.say('account list')).length === 2)
})
