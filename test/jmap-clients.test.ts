import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { WebSocket } from 'ws'
import { JmapClient, type Json } from './support/jmap.ts'
import { endAll, joinTo, PORTS, TestNode, until } from './support/nodes.ts'

const home = new TestNode('127.0.27.5')
const other = new TestNode('127.0.27.6', '[limits]\nidleSeconds = 4')
const login = 'alice@test.com'

before(async () => {
	// What clients of this process speak to is not known to any authority.
	process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
	await Promise.all([home.start(), other.start()])
	await home.say('domain add', { domain: 'test.com' })
	await home.addAccount(login)
	await home.addAccount('bob@test.com')
	await joinTo(home, other)
	await until(
		'the other node knows alice',
		20_000,
		async () => (await other.json('account', 'list')).length === 2,
	)
})
after(endAll)

test('jmap-jam works with it: the session is found, calls refer to each other, files go up and down', async () => {
	// Its types are TypeScript of another kind than ours.
	const { JamClient } = (await import('jmap-jam' as string)) as Json
	const { token } = await home.say('token add', { address: login, name: 'jam', scopes: ['mail'] })
	const jam = new JamClient({
		bearerToken: token,
		sessionUrl: `https://${home.ip}:${PORTS.web}/jmap/session`,
	})
	const accountId = await jam.getPrimaryAccount()
	const [{ inbox }] = await jam.requestMany((t: Json) => {
		const query = t.Mailbox.query({ accountId, filter: { role: 'inbox' } })
		const inbox = t.Mailbox.get({ accountId, ids: query.$ref('/ids'), properties: ['name', 'role'] })
		return { query, inbox }
	})
	assert.equal(inbox.list[0]?.role, 'inbox')

	const file = new Blob(['Subject: by jam\r\n\r\nhello\r\n'], { type: 'message/rfc822' })
	const { blobId } = await jam.uploadBlob(accountId, file)
	const inboxId = inbox.list[0]!.id as string
	const [imported] = await jam.api.Email.import({
		accountId,
		emails: { a: { blobId, mailboxIds: { [inboxId]: true } } },
	})
	const id = imported.created!.a!.id as string
	const [got] = await jam.api.Email.get({ accountId, ids: [id], properties: ['subject', 'threadId'] })
	assert.equal(got.list[0]?.subject, 'by jam')
	const down = await jam.downloadBlob({ accountId, blobId, mimeType: 'message/rfc822', fileName: 'a.eml' })
	assert.equal(await down.text(), 'Subject: by jam\r\n\r\nhello\r\n')
})

test('who is not signed in hears how; what is too large, or not JSON, is refused in the words of the RFC', async () => {
	const stranger = new JmapClient(home.ip, '')
	const asked = await stranger.http('GET', '/jmap/session')
	assert.equal(asked.status, 401)
	assert.match(String(asked.headers['www-authenticate']), /^Basic realm="Panpipe"/)
	const fromPage = await stranger.http('GET', '/jmap/session', null, { 'sec-fetch-mode': 'cors' })
	assert.match(String(fromPage.headers['www-authenticate']), /^Bearer/)
	const found = await stranger.http('GET', '/.well-known/jmap')
	assert.deepEqual([found.status, found.headers.location], [301, '/jmap/session'])

	const alice = await JmapClient.open(home.ip, login)
	const problem = async (body: Buffer | string, type = 'application/json') => {
		const {
			status,
			headers,
			body: text,
		} = await alice.http('POST', '/jmap/api', body, { 'content-type': type })
		assert.match(String(headers['content-type']), /^application\/problem\+json/)
		const { type: urn, limit } = JSON.parse(text.toString())
		return [status, urn.replace('urn:ietf:params:jmap:error:', ''), limit]
	}
	const request = (calls: unknown[]) =>
		JSON.stringify({ using: ['urn:ietf:params:jmap:core'], methodCalls: calls })
	assert.deepEqual(await problem(request([]), 'text/plain'), [400, 'notJSON', undefined])
	assert.deepEqual(await problem('{"using": ['), [400, 'notJSON', undefined])
	assert.deepEqual(await problem('{"using": [], "using": [], "methodCalls": []}'), [
		400,
		'notJSON',
		undefined,
	])
	assert.deepEqual(await problem('{"using": ["\\ud800"], "methodCalls": []}'), [400, 'notJSON', undefined])
	assert.deepEqual(await problem(Buffer.from([0x22, 0xff, 0x22])), [400, 'notJSON', undefined])
	assert.deepEqual(await problem('[]'), [400, 'notRequest', undefined])
	const many = Array.from({ length: 33 }, () => ['Core/echo', {}, 'a'])
	assert.deepEqual(await problem(request(many)), [400, 'limit', 'maxCallsInRequest'])
	assert.deepEqual(await problem(' '.repeat(10_000_001)), [400, 'limit', 'maxSizeRequest'])

	const tooLarge = await alice.http('POST', `/jmap/upload/${alice.accountId}`, Buffer.alloc(50_000_001))
	assert.equal(JSON.parse(tooLarge.body.toString()).limit, 'maxSizeUpload')
	assert.equal((await alice.http('POST', '/jmap/upload/somebody', 'x')).status, 404)
})

for (const node of [home, other]) {
	const way = node === home ? 'at home' : 'through another node'

	test(`files come down whole or in part, and nothing in them can run, ${way}`, async () => {
		const alice = await JmapClient.open(node.ip, login)
		const large = Buffer.from('0123456789'.repeat(300_000))
		const { blobId, size, type } = await alice.upload(large, 'text/html')
		assert.deepEqual([size, type], [large.length, 'text/html'])
		const path = `/jmap/download/${alice.accountId}/${blobId}/${encodeURIComponent('文件 1.html')}?type=text/html`
		const whole = await alice.http('GET', path)
		assert.ok(whole.body.equals(large))
		assert.equal(whole.headers['content-type'], 'text/html')
		assert.match(String(whole.headers['content-disposition']), /^attachment; filename\*=UTF-8''%E6%96%87/)
		assert.match(String(whole.headers['content-security-policy']), /sandbox/)
		const part = await alice.http('GET', path, null, { range: 'bytes=2999990-' })
		assert.deepEqual([part.status, part.body.toString()], [206, '0123456789'])
		const bob = await JmapClient.open(node.ip, 'bob@test.com')
		assert.equal((await bob.http('GET', path.replace(alice.accountId, bob.accountId))).status, 404)
		assert.equal((await bob.http('GET', path)).status, 404)
	})

	test(`a change is pushed by EventSource, ${way}`, async () => {
		const alice = await JmapClient.open(node.ip, login)
		const stream = await fetch(
			`https://${node.ip}:${PORTS.web}/jmap/events?types=Email,Mailbox&closeafter=state&ping=0`,
			{
				headers: { authorization: `Basic ${Buffer.from(`${login}:secret`).toString('base64')}` },
			},
		)
		assert.match(stream.headers.get('content-type')!, /^text\/event-stream/)
		await alice.one('Mailbox/set', { create: { a: { name: `by event ${way}` } } })
		const text = await stream.text()
		const { state } = await alice.one('Mailbox/get', { ids: [] })
		const data = JSON.parse(/^data: (.*)$/m.exec(text)![1]!)
		assert.match(text, /^event: state$/m)
		assert.deepEqual(data, { '@type': 'StateChange', changed: { [alice.accountId]: { Mailbox: state } } })
	})

	test(`requests and pushes go over a WebSocket, ${way}`, async () => {
		const alice = await JmapClient.open(node.ip, login)
		const socket = new WebSocket(`wss://${node.ip}:${PORTS.web}/jmap/ws`, 'jmap', {
			headers: { authorization: `Basic ${Buffer.from(`${login}:secret`).toString('base64')}` },
		})
		const heard: Json[] = []
		socket.on('message', data => heard.push(JSON.parse(String(data))))
		await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
		assert.equal(socket.protocol, 'jmap')
		const next = async (is: (message: Json) => boolean) => {
			await until('a message on the socket', 10_000, () => heard.some(is))
			return heard.splice(heard.findIndex(is), 1)[0]
		}
		const core = 'urn:ietf:params:jmap:core'
		socket.send(
			JSON.stringify({
				'@type': 'Request',
				id: 'r1',
				using: [core],
				methodCalls: [['Core/echo', { a: 1 }, 'x']],
			}),
		)
		const answer = await next(message => message['@type'] === 'Response')
		assert.deepEqual([answer.requestId, answer.methodResponses], ['r1', [['Core/echo', { a: 1 }, 'x']]])
		socket.send('nonsense')
		const error = await next(message => message['@type'] === 'RequestError')
		assert.deepEqual([error.type, error.requestId], ['urn:ietf:params:jmap:error:notJSON', null])

		socket.send(JSON.stringify({ '@type': 'WebSocketPushEnable', dataTypes: ['Mailbox'] }))
		await alice.one('Core/echo')
		await alice.one('Mailbox/set', { create: { a: { name: `by socket ${way}` } } })
		const push = await next(message => message['@type'] === 'StateChange')
		assert.deepEqual(Object.keys(push.changed[alice.accountId]), ['Mailbox'])
		socket.send(JSON.stringify({ '@type': 'WebSocketPushDisable' }))

		// Whoever comes again with what he knew hears what he missed.
		await alice.one('Mailbox/set', { create: { a: { name: `missed ${way}` } } })
		socket.send(
			JSON.stringify({ '@type': 'WebSocketPushEnable', dataTypes: ['Mailbox'], pushState: push.pushState }),
		)
		const missed = await next(message => message['@type'] === 'StateChange')
		const { state } = await alice.one('Mailbox/get', { ids: [] })
		assert.equal(missed.changed[alice.accountId].Mailbox, state)
		socket.close()
	})
}

test('a WebSocket is for those who are signed in, and speak jmap', async () => {
	const refused = (protocol: string, headers: Record<string, string>) =>
		new Promise<number>((resolve, reject) => {
			const socket = new WebSocket(`wss://${home.ip}:${PORTS.web}/jmap/ws`, protocol, { headers })
			socket.on('unexpected-response', (_request, response) => resolve(response.statusCode!))
			socket.on('open', () => reject(new Error('it was let in')))
			socket.on('error', () => {})
		})
	assert.equal(await refused('jmap', {}), 401)
	assert.equal(await refused('other', {}), 400)
})

test('a home that falls silent in the middle of a request is one that cannot be reached', async t => {
	const alice = await JmapClient.open(other.ip, login)
	t.after(() => home.child?.kill('SIGCONT'))
	home.child!.kill('SIGSTOP')
	const began = performance.now()
	const answer = await alice.http('GET', '/jmap/session')
	console.log(`answered after ${Math.round(performance.now() - began)} ms`)
	assert.deepEqual([answer.status, answer.headers['retry-after']], [503, '30'])
})
