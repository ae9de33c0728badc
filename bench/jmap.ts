import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { House } from '../src/servers/index.ts'
import { answerRequest } from '../src/servers/jmap/api.ts'
import { openStore } from '../src/store/index.ts'

/*
 * What the webmail asks for most, in an INBOX of 10,000 messages: milliseconds of the protocol thread, the median and the
 * worst of some. `node bench/jmap.ts [messages]`
 */

const MESSAGES = Number(process.argv[2] ?? 10_000)
const TIMES = 25
const USING = ['core', 'mail'].map(name => `urn:ietf:params:jmap:${name}`)

const dir = mkdtempSync(join(tmpdir(), 'panpipe-bench-jmap-'))
const store = await openStore({ dir, node: 'bench' })
const account = { id: 'alice', address: 'alice@example.com', name: 'Alice', home: 'bench' } as never
await store.write([{ do: 'account.create', account: 'alice' }])

function letter(number: number): Buffer {
	// Every third is an answer to one of the last fifty.
	const answers = number % 3 === 0 && number > 50 ? number - 1 - (number % 50) : null
	const reply = answers === null ? '' : `In-Reply-To: <${answers}@example.com>\r\n`
	const topic = answers ?? number
	return Buffer.from(
		`From: Person ${number % 97} <p${number % 97}@example.com>\r\nTo: alice@example.com\r\nSubject: ${answers === null ? '' : 'Re: '}topic ${topic}\r\n` +
			`Date: Mon, 07 Feb 2022 21:52:25 +0800\r\nMessage-ID: <${number}@example.com>\r\n${reply}Content-Type: multipart/mixed; boundary=b\r\n\r\n` +
			`--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nwords of letter ${number}, 报表 and others\r\n--b\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n${Buffer.alloc(3000, String(number)).toString('base64')}\r\n--b--\r\n`,
	)
}

const began = performance.now()
for (let from = 0; from < MESSAGES; from += 500) {
	await store.write(
		Array.from({ length: Math.min(500, MESSAGES - from) }, (_, index) => ({
			do: 'message.add' as const,
			account: 'alice',
			mailbox: 'INBOX',
			body: store.stageSmall(letter(from + index + 1)),
			flags: (from + index) % 10 === 0 ? 0 : 1,
			keywords: (from + index) % 20 === 0 ? ['work'] : [],
			internalDate: 1_700_000_000_000 + (from + index) * 60_000,
		})),
	)
}
console.log(`${MESSAGES} messages filed in ${Math.round(performance.now() - began)} ms`)
await store.indexed()

const house = {
	reader: store.reader,
	write: store.write,
	hostname: 'bench',
	self: 'bench',
	limits: { maxMessageSize: 1e8 },
	receiver: { maxHoldSeconds: 1, maxSize: 1 },
	log: console,
} as unknown as House

type Calls = [string, Record<string, unknown>, string][]
// biome-ignore lint/suspicious/noExplicitAny: whatever is answered
async function ask(calls: Calls): Promise<any[]> {
	const methodCalls = calls.map(([name, args, id]): Calls[number] => [
		name,
		{ accountId: 'alice', ...args },
		id,
	])
	const answer = await answerRequest(
		house,
		{ account, client: '127.0.0.1', credential: 'password' },
		{
			using: USING,
			methodCalls,
			createdIds: null,
			id: null,
		},
	)
	return answer.methodResponses as never
}

/** @param before what happens each time, and is not measured */
async function measure(
	what: string,
	calls: Calls,
	before: (time: number) => Promise<unknown> = async () => {},
): Promise<void> {
	const times: number[] = []
	for (let i = 0; i < TIMES; i++) {
		await before(i)
		const start = performance.now()
		const responses = await ask(calls)
		JSON.stringify(responses)
		times.push(performance.now() - start)
		const wrong = responses.find(([name]) => name === 'error')
		if (wrong) throw new Error(`${what}: ${JSON.stringify(wrong)}`)
	}
	times.sort((a, b) => a - b)
	console.log(
		`${what.padEnd(64)} ${times[TIMES >> 1]!.toFixed(1).padStart(7)} ${times.at(-1)!.toFixed(1).padStart(7)}`,
	)
}

const [[, boxes]] = await ask([['Mailbox/get', {}, '0']])
const inbox = boxes.list.find((box: { role: string }) => box.role === 'inbox').id
const [[, newest]] = await ask([['Email/query', { filter: { inMailbox: inbox }, limit: 50 }, '0']])
const LIST = [
	'id',
	'threadId',
	'mailboxIds',
	'keywords',
	'from',
	'to',
	'subject',
	'receivedAt',
	'size',
	'preview',
	'hasAttachment',
]
const first = {
	filter: { inMailbox: inbox },
	sort: [{ property: 'receivedAt', isAscending: false }],
	limit: 50,
}

await measure('Email/query, first 50', [['Email/query', first, '0']])
await measure('the same with the total', [['Email/query', { ...first, calculateTotal: true }, '0']])
await measure('the same by threads', [
	['Email/query', { ...first, calculateTotal: true, collapseThreads: true }, '0'],
])
await measure('Email/get, 50 for a list', [['Email/get', { ids: newest.ids, properties: LIST }, '0']])
await measure('Email/get, one to be read', [
	['Email/get', { ids: newest.ids.slice(0, 1), fetchAllBodyValues: true }, '0'],
])
await measure('Thread/get, 50', [
	['Email/get', { ids: newest.ids, properties: ['threadId'] }, '0'],
	['Thread/get', { '#ids': { resultOf: '0', name: 'Email/get', path: '/list/*/threadId' } }, '1'],
])
await measure('Mailbox/get', [['Mailbox/get', {}, '0']])
await measure('Mailbox/get after a message was read', [['Mailbox/get', {}, '0']], time =>
	ask([['Email/set', { update: { [newest.ids[1]]: { 'keywords/$seen': time % 2 === 0 || null } } }, '0']]),
)
await measure('Email/query, unread', [
	['Email/query', { ...first, filter: { inMailbox: inbox, notKeyword: '$seen' } }, '0'],
])
await measure('Email/query, a word', [['Email/query', { ...first, filter: { text: 'letter 777' } }, '0']])
await measure('Email/query, sorted by sender', [
	['Email/query', { ...first, sort: [{ property: 'from' }] }, '0'],
])
const [[, before], [, { state }]] = await ask([
	['Email/query', first, '0'],
	['Email/get', { ids: [] }, '1'],
])
await ask([['Email/set', { update: { [newest.ids[3]]: { 'keywords/$flagged': true } } }, '0']])
await measure('Email/queryChanges after one change', [
	['Email/queryChanges', { filter: first.filter, sort: first.sort, sinceQueryState: before.queryState }, '0'],
])
await measure('Email/changes and Mailbox/changes after it', [
	['Email/changes', { sinceState: state }, '0'],
	['Mailbox/changes', { sinceState: state }, '1'],
])

await store.close()
rmSync(dir, { recursive: true })
