import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { WebSocket } from 'ws'
import { METHODS } from '../src/servers/jmap/methods.ts'
import { Random } from './fuzz/random.ts'
import { hasAccount, JmapClient, type Json } from './support/jmap.ts'
import { endAll, PORTS, TestNode, until } from './support/nodes.ts'

/*
 * Whatever comes is answered in the words of the RFCs: arguments that were right and had something in them replaced, taken
 * away or wrapped, over all methods; octets by chance; requests nested without end. JMAP_SEED=… repeats what went wrong.
 */

const ROUNDS = 350
const CALLS = 8
const seed = Number(process.env.JMAP_SEED ?? 20_261_124)

const node = new TestNode('127.0.42.5')
const login = 'alice@test.com'
let alice: JmapClient
/** What exists, for arguments that are right. */
const ids: Record<string, string> = {}

before(async () => {
	await node.start()
	await node.say('domain add', { domain: 'test.com' })
	await node.addAccount(login)
	await node.addAccount('bob@test.com')
	alice = await JmapClient.open(node.ip, login)
	alice.using = Object.keys(METHODS)
	const { list: boxes } = await alice.one('Mailbox/get')
	for (const role of ['inbox', 'drafts', 'sent']) ids[role] = boxes.find((box: Json) => box.role === role).id
	await make()
})
after(endAll)

/** Fresh records: others destroy them. */
async function make(): Promise<void> {
	const letter = `From: bob@test.com\r\nTo: ${login}\r\nDisposition-Notification-To: bob@test.com\r\nSubject: ${chance()}\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n--b\r\nContent-Type: image/png\r\n\r\nx\r\n--b--\r\n`
	const { blobId } = await alice.upload(letter, 'message/rfc822')
	const [box, email, identity, draft] = await alice.call(
		['Mailbox/set', { create: { a: { name: `box ${chance()}` } } }],
		['Email/import', { emails: { a: { blobId, mailboxIds: { [ids.inbox!]: true } } } }],
		['Identity/get', {}],
		[
			'Email/set',
			{
				create: {
					a: {
						mailboxIds: { [ids.drafts!]: true },
						from: [{ email: login }],
						to: [{ email: 'bob@test.com' }],
						subject: String(chance()),
					},
				},
			},
		],
	)
	Object.assign(ids, {
		blob: blobId,
		box: box[1].created.a.id,
		email: email[1].created.a.id,
		thread: email[1].created.a.threadId,
		identity: identity[1].list[0].id,
		draft: draft[1].created.a.id,
	})
	const submitted = await alice.one('EmailSubmission/set', {
		create: { a: { identityId: ids.identity, emailId: ids.draft } },
	})
	ids.submission = submitted.created?.a.id ?? 'x'
}

const random = new Random(seed)
const chance = () => random.next()
const below = (limit: number) => random.below(limit)
const pick = <T>(list: readonly T[]): T => random.of(list)

const nested = (depth: number): Json =>
	depth === 0 ? 1 : chance() < 0.5 ? [nested(depth - 1)] : { a: nested(depth - 1) }

/** What nobody expects. */
function odd(): Json {
	return pick([
		() => null,
		() => true,
		() => false,
		() => pick([0, -1, 1, 0.5, 1e308, -1e308, 2 ** 31, 2 ** 53, 2 ** 63, 1e-7]),
		() =>
			pick([
				'',
				' ',
				'x',
				'#',
				'#x',
				'#a',
				'*',
				'/',
				'~',
				'$seen',
				'a/b',
				'-1',
				'\u0000',
				'\r\n',
				'😀',
				'é'.repeat(300),
			]),
		() =>
			pick(['2024-01-01T00:00:00Z', '2024-13-01T00:00:00Z', '9999-12-31T23:59:60Z', '0000-01-01T00:00:00Z']),
		() =>
			pick([
				'__proto__',
				'constructor',
				'toString',
				'hasOwnProperty',
				'INBOX',
				'singleton',
				'default',
				'octets',
			]),
		() => 'x'.repeat(below(20_000)),
		() => [],
		() => ({}),
		() => nested(below(60)),
		() => JSON.parse('{"__proto__": {"id": true}, "constructor": {"prototype": 1}, "toString": null}'),
		() => Array.from({ length: below(40) }, () => pick(Object.values(ids))),
		() => ({ operator: pick(['AND', 'OR', 'NOT', 'XOR']), conditions: [{}, { text: '"' }, odd()] }),
		() => ({
			resultOf: 'c0',
			name: pick(['Mailbox/get', 'Email/query']),
			path: pick(['/ids', '/list/*/id', '', '/*', '~']),
		}),
		() => pick(Object.values(ids)),
		() => Object.fromEntries([[pick(Object.values(ids)), odd()]]),
	])()
}

const PROPERTIES = [
	...['id', 'blobId', 'bodyStructure', 'bodyValues', 'textBody', 'attachments', 'headers', 'preview', 'from'],
	...[
		'header:Subject:asText:all',
		'header:X:asURLs',
		'header:From',
		'header:Date:asDate',
		'name',
		'used',
		'envelope',
	],
]

/** What each kind is filtered and sorted by. */
const QUERIES: Record<string, [filters: () => Json[], sorts: string[]]> = {
	Email: [
		() => [
			{ inMailbox: ids.inbox, text: 'x', hasAttachment: true, before: '2030-01-01T00:00:00Z' },
			{ operator: 'NOT', conditions: [{ header: ['Subject', 'x'] }, { allInThreadHaveKeyword: '$seen' }] },
		],
		['receivedAt', 'from', 'subject', 'sentAt', 'hasKeyword', 'someInThreadHaveKeyword'],
	],
	Mailbox: [
		() => [
			{ parentId: null, role: 'inbox' },
			{ name: 'box', hasAnyRole: false },
		],
		['name', 'sortOrder'],
	],
	EmailSubmission: [
		() => [{ emailIds: [ids.draft], undoStatus: 'final', after: '2001-01-01T00:00:00Z' }],
		['sentAt', 'threadId'],
	],
	Quota: [() => [{ scope: 'account', name: 'x' }], ['name', 'used']],
	ContactCard: [() => [{ text: 'x', createdAfter: '2001-01-01T00:00:00Z' }], ['created', 'uid']],
}

/** Arguments that are right, as far as that can be. */
function right(method: string): Json {
	const [kind, verb] = method.split('/') as [string, string]
	const own: Record<string, string> = {
		Mailbox: ids.box!,
		Email: ids.email!,
		Thread: ids.thread!,
		Identity: ids.identity!,
		EmailSubmission: ids.submission!,
		VacationResponse: 'singleton',
		Preferences: 'singleton',
		AddressBook: 'default',
		Quota: 'octets',
		Blob: ids.blob!,
	}
	const id = own[kind] ?? 'x'
	switch (verb) {
		case 'get':
			if (kind === 'SearchSnippet') return { filter: { text: 'text "a b"' }, emailIds: [ids.email] }
			return {
				ids: pick([null, [id], [id, 'x']]),
				properties: pick([null, [], [pick(PROPERTIES), pick(PROPERTIES)]]),
				...(kind === 'Email'
					? { bodyProperties: [pick(PROPERTIES)], fetchAllBodyValues: true, maxBodyValueBytes: 3 }
					: null),
				...(kind === 'Blob' ? { ids: [id], offset: 1, length: 3, properties: ['data', 'digest:sha'] } : null),
			}
		case 'changes':
			return {
				sinceState: kind === 'Quota' || kind === 'AddressBook' ? '0' : String(below(30)),
				maxChanges: 1 + below(4),
			}
		case 'query':
		case 'queryChanges': {
			const [filters, sorts] = QUERIES[kind]!
			const filter = pick([null, ...filters()])
			const sort = pick([null, [], [{ property: pick(sorts), isAscending: false, keyword: '$seen' }]])
			const own =
				kind === 'Email' ? { collapseThreads: true } : kind === 'Mailbox' ? { sortAsTree: true } : {}
			return verb === 'query'
				? {
						filter,
						sort,
						position: below(5) - 2,
						anchor: pick([null, id]),
						anchorOffset: -1,
						limit: 5,
						calculateTotal: true,
						...own,
					}
				: {
						filter,
						sort,
						sinceQueryState: kind === 'Quota' ? '0' : String(below(30)),
						maxChanges: 500,
						upToId: id,
						calculateTotal: true,
						...(kind === 'Email' ? own : null),
					}
		}
		case 'set':
			return {
				create: { a: created(kind) },
				update: {
					[id]: pick([created(kind), { 'keywords/$seen': true }, { name: 'x' }, { undoStatus: 'canceled' }]),
				},
				destroy: pick([null, [id], ['x']]),
				...(kind === 'EmailSubmission'
					? { onSuccessUpdateEmail: { '#a': { 'keywords/$draft': null } }, onSuccessDestroyEmail: ['#a'] }
					: null),
				...(kind === 'Mailbox' ? { onDestroyRemoveEmails: true } : null),
			}
		case 'import':
			return {
				emails: {
					a: {
						blobId: ids.blob,
						mailboxIds: { [ids.inbox!]: true },
						keywords: { $seen: true },
						receivedAt: '2024-01-01T00:00:00Z',
					},
				},
			}
		case 'parse':
			return {
				blobIds: [ids.blob, `${ids.blob}-1`],
				...(kind === 'Email' ? { properties: [pick(PROPERTIES)], fetchAllBodyValues: true } : null),
			}
		case 'copy':
			return {
				fromAccountId: pick([alice.accountId, 'x']),
				...(kind === 'Blob' ? { blobIds: [ids.blob] } : { create: {} }),
			}
		case 'upload':
			return {
				create: {
					a: {
						data: [
							{ 'data:asText': 'x' },
							{ 'data:asBase64': 'eA==' },
							{ blobId: ids.blob, offset: 1, length: 2 },
						],
						type: 'text/plain',
					},
				},
			}
		case 'lookup':
			return { typeNames: ['Email', 'Mailbox'], ids: [ids.blob] }
		case 'send':
			return {
				identityId: ids.identity,
				send: {
					a: {
						forEmailId: ids.email,
						textBody: 'x',
						disposition: { actionMode: 'manual-action', sendingMode: 'mdn-sent-manually', type: 'displayed' },
					},
				},
				onSuccessUpdateEmail: { '#a': { 'keywords/$mdnsent': true } },
			}
		default:
			return { a: odd() }
	}
}

function created(kind: string): Json {
	switch (kind) {
		case 'Mailbox':
			return {
				name: `n${below(9)}`,
				parentId: pick([null, ids.box]),
				role: null,
				sortOrder: 3,
				isSubscribed: true,
			}
		case 'Email':
			return {
				mailboxIds: { [ids.drafts!]: true },
				keywords: { $draft: true },
				from: [{ name: 'A', email: login }],
				subject: 'x',
				'header:X-A:asText': 'é',
				bodyStructure: {
					type: 'multipart/mixed',
					subParts: [
						{ partId: '1', type: 'text/plain' },
						{
							blobId: ids.blob,
							type: 'message/rfc822',
							disposition: 'attachment',
							name: 'a',
							cid: 'c',
							language: ['en'],
						},
					],
				},
				bodyValues: { 1: { value: 'text', isTruncated: false } },
			}
		case 'Identity':
			return {
				name: 'x',
				email: login,
				replyTo: [{ name: null, email: login }],
				bcc: null,
				textSignature: 's',
			}
		case 'EmailSubmission':
			return {
				identityId: ids.identity,
				emailId: ids.draft,
				envelope: {
					mailFrom: { email: login, parameters: { HOLDFOR: '60' } },
					rcptTo: [{ email: 'bob@test.com', parameters: { NOTIFY: 'NEVER' } }],
				},
			}
		case 'VacationResponse':
			return { isEnabled: true, fromDate: '2024-01-01T00:00:00Z', subject: 'x', textBody: 'x' }
		case 'PushSubscription':
			return {
				deviceClientId: 'd',
				url: 'https://127.0.0.1:1/x',
				types: ['Email'],
				expires: '2030-01-01T00:00:00Z',
			}
		case 'ContactCard':
			return {
				'@type': 'Card',
				version: '1.0',
				addressBookIds: { default: true },
				name: { full: 'x' },
				emails: { e: { address: 'a@b.example' } },
			}
		default:
			return { name: 'x', labels: {}, theme: 'dark' }
	}
}

/** The same with one thing in it made otherwise, somewhere. */
function spoiled(value: Json, depth = 0): Json {
	const inside = typeof value === 'object' && value !== null && Object.keys(value).length > 0
	if (inside && chance() < 0.85 - depth * 0.05) {
		const key = pick(Object.keys(value))
		if (Array.isArray(value))
			return value.map((one, index) => (String(index) === key ? spoiled(one, depth + 1) : one))
		const entries = Object.entries(value)
		const how = below(8)
		if (how === 0) return Object.fromEntries(entries.filter(([name]) => name !== key))
		if (how === 1)
			return { ...value, [pick(['x', '#ids', '#filter', 'accountId', 'ifInState', '', '/a', 'a~'])]: odd() }
		if (how === 2)
			return Object.fromEntries(
				entries.map(([name, one]) => [
					name === key ? pick([`#${name}`, `${name}/x`, `x${name}`]) : name,
					one,
				]),
			)
		return Object.fromEntries(
			entries.map(([name, one]) => [name, name === key ? spoiled(one, depth + 1) : one]),
		)
	}
	return pick([
		() => odd(),
		() => [value],
		() => ({ a: value }),
		() => (Array.isArray(value) ? [...value, ...value] : odd()),
	])()
}

const NAMES = Object.values(METHODS).flatMap(methods => Object.keys(methods))
const OURS = /^(?:serverFail|serverUnavailable|serverPartialFail)$/

function check(responses: Json, asked: Json): void {
	const about = () => JSON.stringify(asked).slice(0, 3000)
	assert.ok(Array.isArray(responses), about())
	for (const [name, args, id] of responses) {
		assert.equal(typeof id, 'string')
		assert.ok(typeof args === 'object' && args !== null && !Array.isArray(args))
		if (name === 'error') {
			assert.match(args.type, /^[a-zA-Z]+$/, about())
			assert.doesNotMatch(args.type, OURS, `${JSON.stringify(args)} ${about()}`)
			continue
		}
		assert.ok(NAMES.includes(name), name)
		for (const property of ['notCreated', 'notUpdated', 'notDestroyed', 'notSent', 'notCopied'])
			for (const error of Object.values((args[property] ?? {}) as Record<string, Json>)) {
				assert.match(error.type, /^[a-zA-Z]+$/, about())
				assert.doesNotMatch(error.type, OURS, about())
				if (error.type === 'invalidProperties') assert.ok(Array.isArray(error.properties), about())
			}
	}
}

/** The node said of itself that something of its own went wrong. */
function complaint(): string | null {
	return (
		/^.*(?:a JMAP method failed|a JMAP request failed|web request failed|uncaught).*$/m.exec(node.log)?.[0] ??
		null
	)
}

test(`whatever the arguments are, no method fails (seed ${seed})`, async () => {
	const seen = new Set<string>()
	for (let round = 0; round < ROUNDS; round++) {
		const calls = Array.from({ length: CALLS }, (_, index): [string, Json, string] => {
			const method = round * CALLS + index < NAMES.length ? NAMES[round * CALLS + index]! : pick(NAMES)
			let args = right(method)
			for (let times = below(4); times > 0; times--) args = spoiled(args)
			if (typeof args !== 'object' || args === null || Array.isArray(args)) args = { a: args }
			return [method, hasAccount(method) ? { accountId: alice.accountId, ...args } : args, `c${index}`]
		})
		const request = {
			using: alice.using,
			methodCalls: calls,
			...(below(4) === 0 ? { createdIds: {} } : null),
		}
		const { status, body } = await alice.post(request)
		const answer = JSON.parse(body.toString())
		assert.equal(status, 200, `${body} ${JSON.stringify(request).slice(0, 3000)}`)
		check(answer.methodResponses, request)
		for (const [name] of answer.methodResponses) seen.add(name)
		assert.equal(complaint(), null, JSON.stringify(request).slice(0, 3000))
		if (round % 10 === 0) await make()
	}
	// All of them have done their work at some time, but those that have no other account to copy from.
	const never = NAMES.filter(name => !seen.has(name))
	assert.deepEqual(never.toSorted(), ['Blob/copy', 'ContactCard/copy', 'Email/copy'])
})

test('requests that are none are refused in the words of the RFC', async () => {
	const whole = JSON.stringify({
		using: alice.using,
		methodCalls: [['Mailbox/query', { accountId: alice.accountId, filter: { name: 'x' } }, 'c0']],
	})
	const refused = async (body: Buffer | string) => {
		const answer = await alice.http('POST', '/jmap/api', body, { 'content-type': 'application/json' })
		if (answer.status === 200) return check(JSON.parse(answer.body.toString()).methodResponses, String(body))
		assert.equal(answer.status, 400, String(body).slice(0, 500))
		const problem = JSON.parse(answer.body.toString())
		assert.match(problem.type, /^urn:ietf:params:jmap:error:(?:notJSON|notRequest|unknownCapability|limit)$/)
		assert.equal(problem.status, 400)
	}
	for (let i = 0; i < 300; i++) {
		const octets = Buffer.from(whole)
		for (let times = 1 + below(3); times > 0; times--) octets[below(octets.length)] = below(256)
		await refused(below(4) === 0 ? octets.subarray(0, below(octets.length)) : octets)
	}
	for (let i = 0; i < 200; i++) await refused(JSON.stringify(spoiled(JSON.parse(whole))))
	for (const [open, close] of [
		['[', ']'],
		['{"a":', '}'],
	] as const) {
		const deep = (value: string, depth: number) => open.repeat(depth) + value + close.repeat(depth)
		await refused(deep('1', 100_000))
		await refused(whole.replace('{"name":"x"}', deep('{}', 50_000)))
		await refused(whole.replace('{"name":"x"}', deep('{}', 150)))
		await refused(
			`{"using":["${alice.using[0]}"],"methodCalls":[["Core/echo",{"a":${deep('1', 190)}},"c0"]]}`,
		)
	}
	await refused(
		`{"using":["${alice.using[0]}"],"methodCalls":[${'["Core/echo",{},"c0"],'.repeat(200_000).slice(0, -1)}]}`,
	)
	await refused(
		whole.replace('{"name":"x"}', JSON.stringify({ operator: 'AND', conditions: Array(50_000).fill({}) })),
	)
	assert.equal(complaint(), null)
})

test('no address of JMAP breaks by what stands in it', async () => {
	const pieces = [
		'',
		'x',
		'%00',
		'%ff',
		'..',
		'%2e%2e%2f',
		'a'.repeat(450),
		ids.blob!,
		alice.accountId,
		'{blobId}',
		'%E6%96%87',
	]
	for (let i = 0; i < 300; i++) {
		const path = pick([
			() => `/jmap/download/${pick(pieces)}/${pick(pieces)}/${pick(pieces)}?type=${pick(pieces)}`,
			() =>
				`/jmap/download/${alice.accountId}/${ids.blob}${pick(['-1', '-9', '-1_1', '-1-1', '-'])}/${pick(pieces)}`,
			() => `/jmap/events?types=${pick(pieces)}!&closeafter=${pick(pieces)}&ping=${pick(pieces)}`,
			() => `/jmap/${pick(pieces)}`,
			() => `/.well-known/jmap${pick(['', '/', '?x'])}`,
		])()
		const { status } = await alice.http(pick(['GET', 'GET', 'HEAD', 'POST', 'PUT', 'OPTIONS']), path)
		assert.ok(status < 500, `${status} ${path}`)
	}
	for (const piece of pieces) {
		const { status } = await alice.http('POST', `/jmap/upload/${piece}`, 'x', {
			'content-type': piece.slice(0, 20),
		})
		assert.ok(status < 500, `${status} ${piece}`)
	}
	assert.equal(complaint(), null)
})

test('a WebSocket hears an answer to everything, and lives on', async () => {
	const socket = new WebSocket(`wss://${node.ip}:${PORTS.web}/jmap/ws`, 'jmap', {
		rejectUnauthorized: false,
		headers: { authorization: `Basic ${Buffer.from(`${login}:secret`).toString('base64')}` },
	})
	const heard: Json[] = []
	socket.on('message', data => heard.push(JSON.parse(String(data))))
	await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
	let answers = 0
	for (let i = 0; i < 200; i++) {
		const message = {
			'@type': 'Request',
			id: `r${i}`,
			using: alice.using,
			methodCalls: [['Mailbox/get', { accountId: alice.accountId, ids: [] }, 'c0']],
		}
		const text = below(5) === 0 ? JSON.stringify(odd()) : JSON.stringify(spoiled(message))
		// These two have no answer.
		if (/"WebSocketPush/.test(text)) continue
		socket.send(text)
		answers++
		await until('an answer', 10_000, () => heard.length >= answers)
		const answer = heard.at(-1)
		assert.match(answer['@type'], /^(?:Response|RequestError)$/, text)
		if (answer['@type'] === 'Response') check(answer.methodResponses, text)
	}
	assert.equal(socket.readyState, socket.OPEN)
	socket.close()
	assert.equal(complaint(), null)
})
