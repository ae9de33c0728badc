import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import iconv from 'iconv-lite'
import type { Op } from '../src/store/index.ts'
import { type Home, PASSWORD, person, startHome } from './imap-house.ts'

/* What SEARCH finds with the index is what it finds without it. */

const ALICE = 'id-of-alice'
const MESSAGES = 200

let home: Home
let first: Client
let second: Client

type Client = {
	search(...keys: string[]): Promise<number[]>
	say(command: string): Promise<string>
	close(): void
}

async function signIn(): Promise<Client> {
	const socket = connect(home.port, '127.0.0.1')
	let heard = ''
	let tag = 0
	const say = async (command: string): Promise<string> => {
		const name = `t${++tag}`
		heard = ''
		socket.write(`${name} ${command}\r\n`)
		while (!heard.includes(`${name} `)) heard += (await once(socket, 'data'))[0].toString()
		assert.match(heard, new RegExp(`^${name} OK`, 'm'))
		return heard
	}
	await once(socket, 'data')
	await say(`LOGIN alice@example.com ${PASSWORD}`)
	await say('SELECT INBOX')
	return {
		say,
		async search(...keys) {
			const list = /^\* SEARCH(.*)\r$/m.exec(await say(`UID SEARCH CHARSET UTF-8 ${keys.join(' ')}`))![1]!
			return list.trim() === '' ? [] : list.trim().split(' ').map(Number)
		},
		close: () => socket.destroy(),
	}
}

const literal = (text: string) => `{${Buffer.byteLength(text)}+}\r\n${text}`

/** Subject and body in a charset, as clients of that part of the world write them. */
function letter(charset: string, subject: string, body: string, html = false): Buffer {
	const word = (of: string, name = charset) => `=?${name}?B?${iconv.encode(of, name).toString('base64')}?=`
	const text = html ? `<p>${body.split(' ').join('<br>')}</p>` : body
	return Buffer.from(
		`From: ${word('张伟', 'gb18030')} <zhang@example.com>\r\nTo: alice@example.com\r\nSubject: ${word(subject)}\r\n` +
			`MIME-Version: 1.0\r\nContent-Type: text/${html ? 'html' : 'plain'}; charset=${charset}\r\n` +
			`Content-Transfer-Encoding: base64\r\n\r\n${iconv.encode(text, charset).toString('base64')}\r\n`,
	)
}

const LETTERS = [
	letter('gb18030', '会议通知', '请大家准时参加明天的会议，谢谢。'),
	letter('big5', '會議通知', '請大家準時參加明天的會議。'),
	letter('utf-8', '会议纪要', '附件是 Q3 的 budget 预算表', true),
	letter('shift_jis', '会議のお知らせ', 'サーバーの会議は明日です'),
	letter('euc-jp', 'テスト', '日本語のメール'),
	letter('euc-kr', '회의 안내', '내일 회의가 있습니다'),
	letter('iso-8859-1', 'Réunion', 'Café crème et thé'),
	letter('utf-8', 'Budget', 'the budget-meeting is at 10:30'),
]

async function write(ops: Op[]): Promise<void> {
	for (const result of await home.store.write(ops)) assert.ok(result.ok)
}

function add(body: Buffer): Op {
	const staged = home.store.stageSmall(body)
	const when = { flags: 0, keywords: [], internalDate: 0 }
	return { do: 'message.add', account: ALICE, mailbox: 'INBOX', create: true, body: staged, ...when }
}

before(async () => {
	home = await startHome('b', [person('alice', 'b')])
	await write(
		Array.from({ length: MESSAGES }, (_, i) =>
			add(LETTERS[i] ?? letter('utf-8', `letter ${i}`, `nothing much ${'word '.repeat(i % 5)}`)),
		),
	)
	first = await signIn()
	second = await signIn()
})
after(async () => {
	first.close()
	second.close()
	await home.close()
})

const WANTED: [keys: string[], uids: number[]][] = [
	[
		['TEXT', literal('会议')],
		[1, 3],
	],
	[['BODY', literal('会议')], [1]],
	[
		['SUBJECT', literal('会议')],
		[1, 3],
	],
	[['SUBJECT', literal('會議')], [2]],
	[['BODY', literal('明天的会议')], [1]],
	[['BODY', literal('天会')], []],
	[['TEXT', literal('会議')], [4]],
	[['BODY', literal('サーバー')], [4]],
	[['BODY', literal('ｻｰﾊﾞｰ')], [4]],
	[['TEXT', literal('テスト')], [5]],
	[['TEXT', literal('회의')], [6]],
	[['BODY', literal('의가')], [6]],
	[['SUBJECT', literal('RÉUNION')], [7]],
	[['BODY', literal('café cr')], [7]],
	[
		['TEXT', 'budget'],
		[3, 8],
	],
	[
		['BODY', 'udge'],
		[3, 8],
	],
	[['BODY', '"budget-meet"'], [8]],
	[['BODY', literal('预算')], [3]],
	[['HEADER', 'Subject', literal('纪要')], [3]],
	[['HEADER', 'To', literal('纪要')], []],
	[
		['FROM', literal('张伟'), 'TEXT', literal('议')],
		[1, 3],
	],
	[['OR', 'SUBJECT', literal('安内'), 'SUBJECT', literal('안내')], [6]],
	[['TEXT', literal('会'), 'NOT', 'BODY', literal('会')], [3]],
	[['FUZZY', 'TEXT', literal('budgets 预算')], [3]],
	[['FUZZY', 'BODY', '"meetings budget"'], [8]],
	[['FUZZY', '(TEXT', literal('会议明天'), 'FROM', `${literal('伟张')})`], [1]],
	[['NOT', 'FUZZY', 'TEXT', '"nothing much"', 'FUZZY', 'SUBJECT', literal('通知会议')], [1]],
]

for (const when of ['before it is indexed', 'when it is indexed']) {
	test(`words of any language are found in subjects and bodies of many charsets, ${when}`, async () => {
		if (when.startsWith('when')) {
			await home.store.indexed()
			const inbox = home.store.reader.mailbox(ALICE, 'INBOX')!
			const found = await home.store.reader.searchText(inbox.key, 'body', 'budget')
			assert.deepEqual(found, {
				below: MESSAGES + 1,
				uids: new Map([
					[3, true],
					[8, true],
				]),
			})
		}
		for (const [keys, uids] of WANTED) assert.deepEqual(await first.search(...keys), uids, keys.join(' '))
	})
}

test('any search key finds the same with the index as without it', async () => {
	const text = fc.constantFrom(
		'会',
		'会议',
		'明天的',
		'budget',
		'word',
		'et-me',
		'张伟 <',
		'@',
		'letter 1',
		'zzz',
		'é',
	)
	const leaf = fc.oneof(
		fc
			.tuple(fc.constantFrom('TEXT', 'BODY', 'SUBJECT', 'FROM', 'TO', 'CC', 'BCC', 'HEADER subject'), text)
			.map(([key, wanted]) => `${key} ${literal(wanted)}`),
		fc.constantFrom('ALL', 'UNSEEN', '5:150', 'UID 1:7', 'LARGER 400', 'UID 190:*'),
	)
	const { key } = fc.letrec<{ key: string }>(tie => ({
		key: fc.oneof(
			{ maxDepth: 3, depthSize: 'small' },
			leaf,
			tie('key').map(of => `NOT ${of}`),
			fc.tuple(tie('key'), tie('key')).map(([a, b]) => `OR ${a} ${b}`),
			fc.tuple(tie('key'), tie('key')).map(([a, b]) => `(${a} ${b})`),
		),
	}))
	await home.store.indexed()
	const { reader } = home.house
	const without = new Proxy(reader, {
		get(target, name) {
			if (name === 'searchText') return async () => null
			const value = target[name as keyof typeof target]
			return typeof value === 'function' ? value.bind(target as never) : value
		},
	})
	await fc.assert(
		fc.asyncProperty(key, async wanted => {
			home.house.reader = reader
			const helped = await first.search(wanted)
			home.house.reader = without
			assert.deepEqual(helped, await first.search(wanted))
		}),
		{ numRuns: 150, interruptAfterTimeLimit: 30_000 },
	)
	home.house.reader = reader
})

test('what another client expunged is found no more, and what came since is', async () => {
	await home.store.indexed()
	await second.say('UID STORE 8 +FLAGS.SILENT (\\Deleted)')
	await second.say('UID EXPUNGE 8')
	// The first client may not hear of it during SEARCH, and does not get it either.
	assert.deepEqual(await first.search('BODY', 'budget'), [3])
	await write([add(letter('gb18030', '新的会议', 'budget again'))])
	await first.say('NOOP')
	assert.deepEqual(await first.search('BODY', 'budget'), [3, MESSAGES + 1])
	assert.deepEqual(await first.search('SUBJECT', literal('会议')), [1, 3, MESSAGES + 1])
})

test('files are found by their names, attached messages by their headers, and large messages to their last part', async () => {
	const part = (type: string, text: string, more = '') =>
		`--b\r\nContent-Type: ${type}\r\n${more}\r\n${text}\r\n`
	const mixed = (...parts: string[]) =>
		Buffer.from(
			`From: alice@example.com\r\nSubject: mixed\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${parts.join('')}--b--\r\n`,
		)
	const named = (name: string) => part('application/pdf', 'x', `Content-Disposition: attachment; ${name}\r\n`)
	const encoded = Buffer.from('报价单.xlsx').toString('base64')
	const inner =
		'From: zhang@inner.test\r\nSubject: innersubject\r\nMessage-ID: <in@inner.test>\r\n\r\ninnerbody'
	const forwarded = mixed(
		part('text/plain', 'see below'),
		named('filename="invoice-2026.pdf"'),
		named("filename*=UTF-8''%E5%8F%91%E7%A5%A8.pdf"),
		part(`application/x; name="=?UTF-8?B?${encoded}?="`, 'x', 'Content-Description: quarterly figures\r\n'),
		part('message/rfc822', inner),
	)
	const many = Array.from({ length: 60 }, (_, i) =>
		part('text/plain', `needle${i}x ${'filler '.repeat(5000)}`),
	)
	const large = mixed(...many, named('filename=last.zip'))
	assert.ok(large.length > 2 * 1024 * 1024)
	await write([add(forwarded), add(large)])
	await first.say('NOOP')
	const [uid, far] = (await first.search('SUBJECT', 'mixed')) as [number, number]
	const everywhere: [string[], number[]][] = [
		[['TEXT', 'invoice-2026.pdf'], [uid]],
		[['TEXT', literal('发票')], [uid]],
		[['TEXT', literal('报价单.xlsx')], [uid]],
		[['TEXT', 'quarterly'], [uid]],
		[
			['TEXT', 'application/pdf'],
			[uid, far],
		],
		[['TEXT', 'innersubject'], [uid]],
		[['TEXT', 'zhang@inner.test'], [uid]],
		[['TEXT', 'in@inner.test'], [uid]],
		[['BODY', 'innersubject'], []],
		[['BODY', 'invoice'], []],
		[['BODY', 'innerbody'], [uid]],
		[['TEXT', 'last.zip'], [far]],
		...[0, 19, 20, 59].map((i): [string[], number[]] => [['BODY', `needle${i}x`], [far]]),
		[['TEXT', 'needle40x'], [far]],
		[['BODY', 'needle60x'], []],
	]
	for (const when of ['before', 'after']) {
		for (const [keys, uids] of everywhere) {
			assert.deepEqual(await first.search(...keys), uids, `${keys.join(' ')} ${when}`)
			// So few are looked through.
			assert.deepEqual(await first.search('UID', `${uid},${far}`, ...keys), uids, keys.join(' '))
		}
		await home.store.indexed()
	}
	const inbox = home.store.reader.mailbox(ALICE, 'INBOX')!
	const found = await home.store.reader.searchText(inbox.key, 'text', '发票')
	assert.deepEqual(found, { below: inbox.uidNext, uids: new Map([[uid, true]]) })
})
