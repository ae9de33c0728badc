import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { ImapFlow } from 'imapflow'
import { signSession } from '../src/directory/session-token.ts'
import { JmapClient, type Json } from './support/jmap.ts'
import { endAll, joinTo, PORTS, TestNode, until } from './support/nodes.ts'
import { Device, PushService } from './support/push-service.ts'
import { Visitor } from './support/web.ts'

/* What is around the methods of JMAP: the session, who may come in and how, pushes to a URL, and IMAP beside it. */

const toOurselves = '[limits]\npushToPrivate = true'
const service = new PushService('127.0.42.9')
const home = new TestNode('127.0.42.1', toOurselves)
const other = new TestNode('127.0.42.2', toOurselves)
const careful = new TestNode('127.0.42.3')
const login = 'alice@test.com'

before(async () => {
	process.env.NODE_EXTRA_CA_CERTS = service.trust
	await service.start()
	await Promise.all([home.start(), other.start(), careful.start()])
	await home.say('domain add', { domain: 'test.com' })
	await home.addAccount(login)
	await home.addAccount('bob@test.com')
	await home.addAccount('root@test.com')
	await home.say('admin grant', { address: 'root@test.com', role: 'admin' })
	await careful.say('domain add', { domain: 'careful.test' })
	await careful.addAccount('carol@careful.test')
	await joinTo(home, other)
	await until('the other node knows alice', 20_000, async () => {
		return (await other.json('account', 'list')).length === 3
	})
	// For what this process asks; the nodes check whom they speak to.
	process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
})
after(async () => {
	await endAll()
	await service.stop()
})

const CORE = 'urn:ietf:params:jmap:core'
const MAIL = 'urn:ietf:params:jmap:mail'

test('the session says what is so, and its state is the one every answer names', async () => {
	const states = new Set<string>()
	for (const node of [home, other]) {
		const alice = await JmapClient.open(node.ip, login)
		const answer = await alice.http('GET', '/jmap/session')
		assert.match(String(answer.headers['content-type']), /^application\/json/)
		assert.match(String(answer.headers['cache-control']), /no-cache, no-store, must-revalidate/)
		const session = alice.json(answer)
		const { capabilities, accounts, primaryAccounts, username, state, ...urls } = session
		assert.equal(username, login)
		assert.deepEqual(Object.keys(accounts), [alice.accountId])
		const { name, isPersonal, isReadOnly, accountCapabilities } = accounts[alice.accountId]
		assert.deepEqual([name, isPersonal, isReadOnly], [login, true, false])
		// Each kind of data has its main account, and core is none.
		assert.deepEqual(
			Object.keys(primaryAccounts).sort(),
			Object.keys(accountCapabilities)
				.filter(uri => uri !== CORE)
				.sort(),
		)
		for (const uri of Object.keys(accountCapabilities)) assert.ok(uri in capabilities, uri)
		for (const [limit, least] of Object.entries({
			maxSizeUpload: 1,
			maxConcurrentUpload: 1,
			maxSizeRequest: 1,
			maxConcurrentRequests: 1,
			maxCallsInRequest: 1,
			maxObjectsInGet: 1,
			maxObjectsInSet: 1,
		}))
			assert.ok(Number.isInteger(capabilities[CORE][limit]) && capabilities[CORE][limit] >= least, limit)
		assert.ok(capabilities[CORE].collationAlgorithms.includes('i;unicode-casemap'))
		assert.deepEqual(capabilities[MAIL], {})
		const mail = accountCapabilities[MAIL]
		assert.ok(mail.maxSizeMailboxName >= 100 && mail.mayCreateTopLevelMailbox === true)
		for (const variable of ['{accountId}', '{blobId}', '{name}', '{type}'])
			assert.ok(urls.downloadUrl.includes(variable), variable)
		for (const variable of ['{types}', '{closeafter}', '{ping}'])
			assert.ok(urls.eventSourceUrl.includes(variable), variable)
		assert.ok(urls.uploadUrl.includes('{accountId}'))
		for (const url of Object.values(urls as Record<string, string>))
			assert.equal(new URL(url).hostname, node.ip)
		const asked = await alice.post({ using: [CORE], methodCalls: [] })
		assert.deepEqual(JSON.parse(asked.body.toString()), { methodResponses: [], sessionState: state })
		states.add(state)
	}
	assert.equal(states.size, 1)
})

test('a password, an app password, a token and a cookie let in; a token that is not for mail does not', async () => {
	const bare = new JmapClient(home.ip, '')
	const session = async (headers: Record<string, string>) =>
		(await bare.http('GET', '/jmap/session', null, headers)).status
	const basic = (password: string) => ({
		authorization: `Basic ${Buffer.from(`${login}:${password}`).toString('base64')}`,
	})
	assert.equal(await session(basic('secret')), 200)
	assert.equal(await session(basic('wrong')), 401)
	const { password } = await home.json('account', 'app-password', 'add', login, 'phone')
	assert.equal(await session(basic(password)), 200)
	const token = async (scope: string) =>
		(await home.say('token add', { address: login, name: scope, scopes: [scope] })).token
	assert.equal(await session({ authorization: `Bearer ${await token('mail')}` }), 200)
	assert.equal(await session({ authorization: `bearer ${await token('all')}` }), 200)
	assert.equal(await session({ authorization: `Bearer ${await token('read')}` }), 403)
	assert.equal(await session({ authorization: 'Bearer nonsense' }), 401)

	const { cookie } = await new Visitor(home).signIn(login)
	assert.equal(await session({ cookie }), 200)
	const echo = JSON.stringify({ using: [CORE], methodCalls: [['Core/echo', { a: 1 }, '0']] })
	const asked = async (headers: Record<string, string>) =>
		(await bare.http('POST', '/jmap/api', echo, { cookie, 'content-type': 'application/json', ...headers }))
			.status
	assert.equal(await asked({ 'x-panpipe': '1' }), 200)
	assert.equal(await asked({}), 403)
	assert.equal(await asked({ 'x-panpipe': '1', origin: 'https://evil.example' }), 403)
})

test('pages of other people may ask by a token; a cookie is of no use to them', async () => {
	const bare = new JmapClient(home.ip, '')
	const origin = 'https://client.example'
	for (const path of ['/.well-known/jmap', '/jmap/session', '/jmap/api', '/jmap/upload/x', '/jmap/events']) {
		const { status, headers } = await bare.http('OPTIONS', path, null, {
			origin,
			'access-control-request-method': 'POST',
			'access-control-request-headers': 'authorization,content-type',
		})
		assert.equal(status, 204, path)
		assert.equal(headers['access-control-allow-origin'], '*')
		assert.match(String(headers['access-control-allow-headers']), /authorization, content-type/)
		assert.match(String(headers['access-control-allow-methods']), /GET.*POST/)
		assert.equal(headers['access-control-allow-credentials'], undefined)
	}
	const { token } = await home.say('token add', { address: login, name: 'page', scopes: ['mail'] })
	const authorization = `Bearer ${token}`
	for (const node of [home, other]) {
		const page = new JmapClient(node.ip, '')
		await until('the token is known', 10_000, async () => {
			return (await page.http('GET', '/jmap/session', null, { authorization })).status === 200
		})
		const got = await page.http('GET', '/jmap/session', null, { authorization, origin })
		assert.equal(got.headers['access-control-allow-origin'], '*')
		const refused = await page.http('GET', '/jmap/session', null, { origin })
		assert.deepEqual([refused.status, refused.headers['access-control-allow-origin']], [401, '*'])
	}
})

test('what is long is compressed for whoever takes it, at home and through another node', async () => {
	const body = JSON.stringify({
		using: [CORE],
		methodCalls: [['Core/echo', { words: '长 long '.repeat(2000) }, '0']],
	})
	for (const node of [home, other]) {
		const alice = await JmapClient.open(node.ip, login)
		const asked = async (accepted: Record<string, string>) => {
			const json = { 'content-type': 'application/json' }
			const answer = await alice.http('POST', '/jmap/api', body, { ...json, ...accepted })
			assert.equal(answer.status, 200)
			assert.match(String(answer.headers.vary), /accept-encoding/)
			return answer
		}
		const plain = await asked({})
		assert.deepEqual(
			JSON.parse(plain.body.toString()).methodResponses[0][1],
			JSON.parse(body).methodCalls[0][1],
		)
		for (const accepted of ['identity', 'gzip;q=0', 'br', 'x-gzip']) {
			const same = await asked({ 'accept-encoding': accepted })
			assert.deepEqual([same.headers['content-encoding'], same.body], [undefined, plain.body], accepted)
		}
		for (const accepted of ['gzip, deflate, br', 'br;q=1.0, gzip;q=0.8', '*']) {
			const small = await asked({ 'accept-encoding': accepted })
			assert.equal(small.headers['content-encoding'], 'gzip', accepted)
			assert.ok(small.body.length * 10 < plain.body.length)
			assert.deepEqual(gunzipSync(small.body), plain.body)
		}
	}
})

async function imapOf(node: TestNode, user = login): Promise<ImapFlow> {
	const imap = new ImapFlow({
		host: node.ip,
		port: PORTS.imaps,
		secure: true,
		auth: { user, pass: 'secret' },
		tls: { rejectUnauthorized: false },
		logger: false,
	})
	await imap.connect()
	return imap
}

/** Untagged lines of that name. */
async function said(imap: ImapFlow, command: string, name: string): Promise<string[]> {
	const found: string[] = []
	// biome-ignore lint/suspicious/noExplicitAny: below what its types show
	const below = imap as any
	const response = await below.exec(command, [], {
		untagged: {
			// biome-ignore lint/suspicious/noExplicitAny: as above
			[name]: async ({ attributes }: any) => void found.push(attributes[0].value),
		},
	})
	response.next()
	return found
}

test('IMAP says where JMAP is, and both have the same ids', async () => {
	const alice = await JmapClient.open(home.ip, login)
	for (const node of [home, other]) {
		const imap = await imapOf(node)
		assert.ok(imap.capabilities.has('JMAPACCESS') && imap.capabilities.has('OBJECTID'))
		const [url] = await said(imap, 'GETJMAPACCESS', 'JMAPACCESS')
		assert.match(url!, new RegExp(`^https://[^/]+:${PORTS.web}/jmap/session$`))

		await imap.append('INBOX', `Subject: ids at ${node.ip}\r\n\r\nx\r\n`)
		const box = await imap.mailboxOpen('INBOX')
		const [query, email, mailboxes] = await alice.call(
			['Email/query', { filter: { subject: `ids at ${node.ip}` } }, 'q'],
			[
				'Email/get',
				{
					'#ids': { resultOf: 'q', name: 'Email/query', path: '/ids' },
					properties: ['threadId', 'mailboxIds'],
				},
			],
			['Mailbox/query', { filter: { role: 'inbox' } }],
		)
		assert.equal(query[1].ids.length, 1)
		const [{ id, threadId, mailboxIds }] = email[1].list
		const message = await imap.fetchOne('*', { threadId: true, uid: true })
		if (!message) throw new Error('it is not there')
		assert.deepEqual([message.emailId, message.threadId], [id, threadId])
		assert.equal((box as Json).mailboxId, mailboxes[1].ids[0])
		assert.deepEqual(mailboxIds, { [(box as Json).mailboxId]: true })
		await imap.logout()
	}
})

test('who sees what others share is not told that all of it is to be had by JMAP', async () => {
	const imap = await imapOf(home, 'bob@test.com')
	assert.ok(imap.capabilities.has('JMAPACCESS'))
	await imap.logout()
	const owner = await imapOf(home)
	// biome-ignore lint/suspicious/noExplicitAny: below what its types show
	const below = owner as any
	const atom = (value: string) => ({ type: 'ATOM', value })
	;(await below.exec('CREATE', [atom('shared')])).next()
	;(await below.exec('SETACL', [atom('shared'), atom('bob@test.com'), atom('lr')])).next()
	await owner.logout()
	const guest = await imapOf(home, 'bob@test.com')
	assert.ok(!guest.capabilities.has('JMAPACCESS'))
	await assert.rejects(said(guest, 'GETJMAPACCESS', 'JMAPACCESS'))
	await guest.logout()
	// What bob's session lists is what bob has there.
	const bob = await JmapClient.open(home.ip, 'bob@test.com')
	const session = bob.json(await bob.http('GET', '/jmap/session'))
	assert.deepEqual(Object.keys(session.accounts), [bob.accountId])
	const alice = await JmapClient.open(home.ip, login)
	const [[name, error]] = (await bob.call(['Mailbox/get', { accountId: alice.accountId }])) as [
		[string, Json],
	]
	assert.deepEqual([name, error.type], ['error', 'accountNotFound'])
})

for (const node of [home, other]) {
	const way = node === home ? 'at home' : 'through another node'

	test(`a push goes to the URL of whoever proved it is his, ${way}`, async () => {
		const alice = await JmapClient.open(node.ip, login)
		const device = new Device()
		const [open, sealed] = [`/open/${node.ip}`, `/sealed/${node.ip}`]
		const { created } = await alice.one('PushSubscription/set', {
			create: {
				open: { deviceClientId: 'a', url: service.url(open), types: ['Mailbox'] },
				sealed: { deviceClientId: 'b', url: service.url(sealed), keys: device.keys },
			},
		})
		await until('both were asked', 20_000, () => service.at(open).length + service.at(sealed).length === 2)
		const [plain] = service.at(open)
		assert.deepEqual(
			[plain!.headers['content-type'], plain!.headers['content-encoding']],
			['application/json', undefined],
		)
		assert.match(String(plain!.headers.ttl), /^\d+$/)
		const asked = JSON.parse(plain!.body.toString())
		assert.deepEqual([asked['@type'], asked.pushSubscriptionId], ['PushVerification', created.open.id])
		const [closed] = service.at(sealed)
		assert.equal(closed!.headers['content-encoding'], 'aes128gcm')
		const askedToo = device.read(closed!.body)
		assert.equal(askedToo.pushSubscriptionId, created.sealed.id)

		// Nothing is pushed before: this change is heard of by nobody.
		await alice.one('Mailbox/set', { create: { a: { name: `unheard ${way}` } } })
		const { updated } = await alice.one('PushSubscription/set', {
			update: {
				[created.open.id]: { verificationCode: asked.verificationCode },
				[created.sealed.id]: { verificationCode: askedToo.verificationCode },
			},
		})
		assert.deepEqual(Object.keys(updated).length, 2)
		await alice.one('Mailbox/set', { create: { a: { name: `heard ${way}` } } })
		const { state } = await alice.one('Mailbox/get', { ids: [] })
		const states = (path: string, read: (body: Buffer) => Json) =>
			service
				.at(path)
				.slice(1)
				.map(post => read(post.body))
		const openStates = () => states(open, body => JSON.parse(body.toString()))
		const sealedStates = () => states(sealed, body => device.read(body))
		for (const told of [openStates, sealedStates])
			await until('it was told', 20_000, () =>
				told().some(one => one.changed[alice.accountId].Mailbox === state),
			)
		for (const one of [...openStates(), ...sealedStates()]) assert.equal(one['@type'], 'StateChange')
		// Only the types that were asked for.
		for (const one of openStates())
			assert.deepEqual(one.changed, { [alice.accountId]: { Mailbox: one.changed[alice.accountId].Mailbox } })

		const { list } = await alice.one('PushSubscription/get', { ids: [created.open.id] })
		assert.equal(list[0].verificationCode, asked.verificationCode)

		// Where nobody lives any more nothing is brought again.
		service.status = 410
		await alice.one('Mailbox/set', { create: { a: { name: `last ${way}` } } })
		await until('they are forgotten', 20_000, async () => {
			return (await alice.one('PushSubscription/get')).list.length === 0
		})
		service.status = 201
	})
}

test('a subscription is of the token it was made with, and goes with it', async () => {
	const { token, id } = await home.say('token add', { address: login, name: 'app', scopes: ['mail'] })
	const app = new JmapClient(home.ip, '')
	const ask = async (name: string, args: Json): Promise<Json> => {
		const request = { using: [CORE], methodCalls: [[name, args, '0']] }
		const answer = await app.http('POST', '/jmap/api', JSON.stringify(request), {
			'content-type': 'application/json',
			authorization: `Bearer ${token}`,
		})
		return app.json(answer).methodResponses[0][1]
	}
	const { created } = await ask('PushSubscription/set', {
		create: { a: { deviceClientId: 'app', url: service.url('/app'), types: ['Mailbox'] } },
	})
	await until('it was asked', 20_000, () => service.at('/app').length === 1)
	const { verificationCode } = JSON.parse(service.at('/app')[0]!.body.toString())
	await ask('PushSubscription/set', { update: { [created.a.id]: { verificationCode } } })
	assert.equal((await ask('PushSubscription/get', {})).list.length, 1)
	const alice = await JmapClient.open(home.ip, login)
	assert.deepEqual((await alice.one('PushSubscription/get')).list, [])
	const others = await alice.one('PushSubscription/set', { destroy: [created.a.id] })
	assert.equal(others.notDestroyed[created.a.id].type, 'notFound')

	await alice.one('Mailbox/set', { create: { a: { name: 'for the app' } } })
	await until('the app was told', 20_000, () => service.at('/app').length === 2)
	await home.say('token remove', { address: login, id })
	const own = { deviceClientId: 'own', url: service.url('/own'), types: ['Mailbox'] }
	const made = await alice.one('PushSubscription/set', { create: { own } })
	await until('alice was asked', 20_000, () => service.at('/own').length === 1)
	const { verificationCode: code } = JSON.parse(service.at('/own')[0]!.body.toString())
	await alice.one('PushSubscription/set', { update: { [made.created.own.id]: { verificationCode: code } } })
	// What alice hears of the app hears no more.
	await alice.one('Mailbox/set', { create: { a: { name: 'not for the app' } } })
	await until('alice was told', 20_000, () => service.at('/own').length === 2)
	await alice.one('PushSubscription/set', { destroy: [made.created.own.id] })
	assert.equal(service.at('/app').length, 2)
})

test('no push goes into networks of one’s own, unless an administrator said so', async () => {
	const carol = await JmapClient.open(careful.ip, 'carol@careful.test')
	await carol.one('PushSubscription/set', {
		create: { a: { deviceClientId: 'a', url: service.url('/never') } },
	})
	await until('it was refused', 10_000, () => careful.log.includes('is no address of the internet'))
	assert.equal(service.at('/never').length, 0)
})

test('events: what cannot be read is refused, and pings come', async () => {
	const alice = await JmapClient.open(home.ip, login)
	for (const query of ['types=a%20b', 'closeafter=never', 'ping=-1', 'ping=x'])
		assert.equal((await alice.http('GET', `/jmap/events?${query}`)).status, 400, query)
	const cancel = new AbortController()
	const stream = await fetch(`https://${home.ip}:${PORTS.web}/jmap/events?types=*&closeafter=no&ping=1`, {
		headers: { authorization: `Basic ${Buffer.from(`${login}:secret`).toString('base64')}` },
		signal: cancel.signal,
	})
	assert.equal(stream.headers.get('access-control-allow-origin'), '*')
	let text = ''
	const decoder = new TextDecoder()
	for await (const piece of stream.body!) {
		text += decoder.decode(piece as Uint8Array, { stream: true })
		if (text.includes('event: ping')) break
	}
	cancel.abort()
	// Not more often than every five seconds, and it says so; a ping is no event to begin again from.
	assert.match(text, /event: ping\ndata: \{"interval":5\}\n\n/)
	assert.doesNotMatch(text, /^id:/m)
})

test('a quota that is used up a little more is pushed like anything else', async () => {
	await home.say('account quota', { address: login, storage: 100_000_000 })
	const alice = await JmapClient.open(home.ip, login)
	const { state: before, list } = await alice.one('Quota/get')
	assert.deepEqual([list.length, list[0].hardLimit, list[0].types], [1, 100_000_000, ['Email']])
	const stream = await fetch(`https://${home.ip}:${PORTS.web}/jmap/events?types=Quota&closeafter=state`, {
		headers: { authorization: `Basic ${Buffer.from(`${login}:secret`).toString('base64')}` },
	})
	const box = (await alice.one('Mailbox/query', { filter: { role: 'inbox' } })).ids[0]
	await alice.one('Email/set', { create: { a: { mailboxIds: { [box]: true }, subject: 'takes room' } } })
	const { state } = await alice.one('Quota/get')
	const data = JSON.parse(/^data: (.*)$/m.exec(await stream.text())![1]!)
	assert.deepEqual(data.changed, { [alice.accountId]: { Quota: state } })
	const changes = await alice.one('Quota/changes', { sinceState: before })
	assert.deepEqual([changes.updated, changes.updatedProperties], [['octets'], ['used']])
})

test('what is too much at a time is refused, and says so', async () => {
	const alice = await JmapClient.open(home.ip, login)
	const many = Array.from({ length: 1001 }, (_, index) => `x${index}`)
	const asObject = (value: unknown) => Object.fromEntries(many.map(id => [id, value]))
	const calls: [string, Record<string, unknown>][] = [
		['Mailbox/get', { ids: many }],
		['Email/get', { ids: many }],
		['Thread/get', { ids: many }],
		['Email/set', { destroy: many }],
		['Mailbox/set', { create: asObject({ name: 'x' }) }],
		['Email/import', { emails: asObject({}) }],
		['Email/parse', { blobIds: many }],
		['SearchSnippet/get', { emailIds: many }],
		['Blob/get', { ids: many }],
		['Blob/upload', { create: asObject({ data: [] }) }],
		['MDN/parse', { blobIds: many }],
	]
	for (const [index, [name, result]] of (await alice.call(...calls)).entries())
		assert.deepEqual([name, result.type], ['error', 'requestTooLarge'], calls[index]![0])
	const [box] = (await alice.one('Mailbox/query', { filter: { role: 'inbox' } })).ids
	const { notCreated } = await alice.one('Email/set', {
		create: {
			words: {
				mailboxIds: { [box]: true },
				keywords: Object.fromEntries(many.slice(0, 101).map(word => [word, true])),
			},
		},
	})
	assert.equal(notCreated.words.type, 'tooManyKeywords')
	const refused = async (name: string, args: Record<string, unknown>) =>
		(await alice.call([name, args]))[0][1].type
	const conditions = many.map(subject => ({ subject }))
	assert.equal(await refused('Email/query', { filter: { operator: 'OR', conditions } }), 'unsupportedFilter')
	assert.equal(await refused('Email/query', { filter: { text: many.join(' ') } }), 'unsupportedFilter')
	const { blobId } = await alice.upload(Buffer.alloc(33_000_000, 'x'))
	const whole: [string, Record<string, unknown>] = [
		'Blob/get',
		{ ids: [blobId], properties: ['data:asBase64'] },
	]
	const [, [name, { type }]] = await alice.call(whole, whole)
	assert.deepEqual([name, type], ['error', 'requestTooLarge'])
	const sort = many.map(() => ({ property: 'size' }))
	assert.equal(await refused('Email/query', { sort }), 'unsupportedSort')
	const properties = many.map(name => `header:${name}`)
	assert.equal(await refused('Email/get', { ids: [], properties }), 'invalidArguments')
	assert.equal(await refused('Email/get', { ids: [], bodyProperties: properties }), 'invalidArguments')
})

test('of those who change something in the same state at the same time one may, the others hear that it is no more', async () => {
	const alice = await JmapClient.open(home.ip, login)
	const [inbox] = (await alice.one('Mailbox/query', { filter: { role: 'inbox' } })).ids
	const { blobId } = await alice.upload('Subject: race\r\n\r\nx')
	const kinds: [kind: string, args: (index: number) => Record<string, unknown>][] = [
		['Mailbox/set', index => ({ create: { a: { name: `race ${index}` } } })],
		['Email/set', index => ({ create: { a: { mailboxIds: { [inbox]: true }, subject: `race ${index}` } } })],
		['Email/import', () => ({ emails: { a: { blobId, mailboxIds: { [inbox]: true } } } })],
		['Identity/set', index => ({ create: { a: { email: login, name: `race ${index}` } } })],
	]
	for (const [kind, args] of kinds) {
		const ifInState = (await alice.one(`${kind.split('/')[0]}/get`, { ids: [] })).state
		const answers = await Promise.all(
			[0, 1, 2, 3].map(index => alice.call([kind, { ifInState, ...args(index) }])),
		)
		const outcomes = answers.map(([[name, result]]) => (name === 'error' ? result.type : name)).toSorted()
		assert.deepEqual(outcomes, [kind, 'stateMismatch', 'stateMismatch', 'stateMismatch'], kind)
	}
})

test('results that are asked for twice, and again in what asks for that, end in an error', async () => {
	const alice = await JmapClient.open(home.ip, login)
	const all = (index: number) => ({ resultOf: String(index), name: 'Core/echo', path: '' })
	const calls = Array.from({ length: 30 }, (_, index): [string, Record<string, unknown>] => [
		'Core/echo',
		index === 0 ? { words: 'x'.repeat(1000) } : { '#a': all(index - 1), '#b': all(index - 1) },
	])
	const answers = await alice.call(...calls)
	assert.equal(answers.length, calls.length)
	assert.equal(answers[3][1].a.b.a.words.length, 1000)
	assert.deepEqual([answers.at(-1)[0], answers.at(-1)[1].type], ['error', 'invalidResultReference'])
})

test('a file comes down under the name and type that were asked for', async () => {
	const alice = await JmapClient.open(home.ip, login)
	const { blobId, accountId, type, size } = await alice.upload('hello', 'text/plain; charset=utf-8')
	assert.deepEqual([accountId, type, size], [alice.accountId, 'text/plain; charset=utf-8', 5])
	const path = (name: string, query: string) =>
		`/jmap/download/${alice.accountId}/${blobId}/${encodeURIComponent(name)}${query}`
	const got = await alice.http('GET', path('a "b".txt', '?type=text%2Fplain'))
	assert.deepEqual(
		[got.status, got.body.toString(), got.headers['content-type']],
		[200, 'hello', 'text/plain'],
	)
	assert.match(String(got.headers['content-disposition']), /filename\*=UTF-8''a%20%22b%22\.txt/)
	const simple = await alice.http('GET', path('a (1).txt', ''))
	assert.match(
		String(simple.headers['content-disposition']),
		/filename="a \(1\)\.txt"; filename\*=UTF-8''a%20%281%29/,
	)
	assert.match(String(got.headers['cache-control']), /private, immutable, max-age=\d+/)
	assert.equal((await alice.http('GET', path('x', ''))).headers['content-type'], 'application/octet-stream')
	assert.equal((await alice.http('GET', path('x', '?type=a%0D%0Ab'))).status, 400)
	const head = await alice.http('HEAD', path('x', '?type=text%2Fplain'))
	assert.deepEqual([head.status, head.headers['content-length'], head.body.length], [200, '5', 0])
	const range = async (is: string) => {
		const { status, body } = await alice.http('GET', path('x', ''), null, { range: is })
		return [status, body.toString()]
	}
	assert.deepEqual(await range('bytes=1-2'), [206, 'el'])
	assert.deepEqual(await range('bytes=-2'), [206, 'lo'])
	assert.equal((await range('bytes=9-'))[0], 416)
})

test('a session in which nothing but mail is read goes on, at the home and elsewhere', async () => {
	const file = new DatabaseSync(join(home.data, 'directory.sqlite'), { readOnly: true })
	const records = (kind: string): Json[] =>
		file
			.prepare('SELECT id, fields FROM record WHERE kind = ?')
			.all(kind)
			.map(({ id, fields }) => ({ id, ...JSON.parse(fields as string) }))
	const visitor = await new Visitor(home).signIn('bob@test.com')
	const of = (cookie: string) => JSON.parse(Buffer.from(cookie.split('=')[1]!, 'base64url').toString())
	const [node, account, slot, id, since] = of(visitor.cookie.split('.')[0]!)
	const [{ session: key }] = records('key').filter(each => each.id === node)
	const [{ passwordHash }] = records('account').filter(each => each.id === account)
	file.close()
	// As it was given two hours ago.
	const until = since + 10 * 3_600_000
	const token = signSession({ node, account, slot, id, since, until }, key[0], passwordHash[0])
	for (const at of [home, other]) {
		const reader = visitor.at(at)
		reader.cookie = `panpipe=${token}`
		const { body } = await reader.get('//jmap/session')
		assert.equal(body.username, 'bob@test.com')
		const renewed = of(reader.cookie.split('.')[0]!)
		assert.deepEqual(renewed.slice(1, 5), [account, slot, id, since], 'the same session')
		assert.ok(renewed[5] > until)
		assert.equal((await reader.get('//jmap/session')).headers['set-cookie'], undefined, 'once')
	}
})
