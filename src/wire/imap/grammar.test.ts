import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Assembled, Assembler } from './assemble.ts'
import { formatDateTime, parseDateTime } from './dates.ts'
import { formatCommand } from './format-command.ts'
import { parse } from './parse.ts'
import {
	type AppendMessage,
	type Command,
	type CommandBody,
	type FetchItem,
	LIST_RETURNS,
	LIST_SELECTIONS,
	type ListReturn,
	type ListSelection,
	type MailboxFilter,
	NOTIFY_EVENTS,
	type NotifyGroup,
	Refusal,
	SEARCH_RETURNS,
	type SearchKey,
	type Section,
	SIMPLE_ITEMS,
	SORT_FIELDS,
	STAR,
	STATUS_ITEMS,
	THREAD_ALGORITHMS,
} from './types.ts'
import { decodeUtf7, encodeUtf7 } from './utf7.ts'

/** All that the assembler makes of the octets, cut at the places given; messages of APPEND are taken. */
function assemble(
	octets: Buffer,
	cuts: number[] = [],
	utf8 = false,
): { is: Assembled[]; commands: Command[]; messages: string[] } {
	const assembler = new Assembler()
	const is: Assembled[] = []
	const commands: Command[] = []
	const messages: string[] = []
	let message = ''
	const pull = () => {
		for (let one = assembler.next(); one; one = assembler.next()) {
			is.push(one)
			if (one.is === 'message') assembler.accept()
			if (one.is === 'octets') {
				message += one.octets.toString('latin1')
				if (one.last) messages.push(message)
				if (one.last) message = ''
			}
			if (one.is === 'command') commands.push(parse(one.pieces, utf8))
		}
	}
	let at = 0
	for (const cut of [...cuts.map(cut => cut % (octets.length + 1)).sort((a, b) => a - b), octets.length]) {
		assembler.push(octets.subarray(at, cut))
		at = cut
		pull()
	}
	return { is, commands, messages }
}

function record<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
	return fc.record(model, { noNullPrototype: true }) as fc.Arbitrary<T>
}

const atomCharacters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789$-_.'
const atom = fc.string({ minLength: 1, maxLength: 12, unit: fc.constantFrom(...atomCharacters) })
const upper = fc.string({
	minLength: 1,
	maxLength: 8,
	unit: fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-'),
})
const tag = atom
const text = fc.oneof(
	atom,
	fc.string({ maxLength: 40, unit: 'binary' }).map(s => s.replaceAll('\0', '')),
)
const ascii = fc.string({ maxLength: 40, unit: 'binary-ascii' }).map(s => s.replace(/[\x00\x1b]/g, ''))
const field = fc.oneof(atom, ascii)
const mailbox = text
const nz = fc.integer({ min: 1, max: 0xffffffff })
const number = fc.integer({ min: 0, max: 0xffffffff })
const modseq = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
const range = fc
	.tuple(nz, fc.oneof(nz, fc.constant(STAR)))
	.map(([a, b]): [number, number] => (a <= b ? [a, b] : [b, a]))
const ranges = fc.array(range, { minLength: 1, maxLength: 5 })
const set = fc.oneof(ranges, fc.constant('$' as const))
const flag = fc.oneof(fc.constantFrom('\\Seen', '\\Deleted', '\\Answered', '\\Flagged', '\\Draft'), atom)
const flags = fc.array(flag, { maxLength: 4 })
const day = fc.integer({ min: -20000, max: 40000 }).map(days => days * 86_400_000)
const date = fc.integer({ min: 0, max: 4_000_000_000 }).map(seconds => seconds * 1000)
const part = fc.array(nz, { minLength: 1, maxLength: 4 })
const partial = fc.option(record({ offset: number, length: nz }))

const section: fc.Arbitrary<Section> = fc.oneof(
	record({
		part: fc.oneof(part, fc.constant<number[]>([])),
		text: fc.constantFrom(null, 'HEADER' as const, 'TEXT' as const),
		fields: fc.constant<string[]>([]),
	}),
	record({ part, text: fc.constant('MIME' as const), fields: fc.constant<string[]>([]) }),
	record({
		part: fc.oneof(part, fc.constant<number[]>([])),
		text: fc.constantFrom('HEADER.FIELDS' as const, 'HEADER.FIELDS.NOT' as const),
		fields: fc.array(field, { minLength: 1, maxLength: 4 }),
	}),
)
const fetchItem: fc.Arbitrary<FetchItem> = fc.oneof(
	fc.constantFrom(...SIMPLE_ITEMS).map(item => ({ item })),
	fc.boolean().map(lazy => ({ item: 'PREVIEW' as const, lazy })),
	record({ item: fc.constant('BODY[]' as const), peek: fc.boolean(), section, partial }),
	record({
		item: fc.constant('BINARY[]' as const),
		peek: fc.boolean(),
		part: fc.oneof(part, fc.constant<number[]>([])),
		partial,
	}),
	record({ item: fc.constant('BINARY.SIZE[]' as const), part }),
)

const { key: searchKey } = fc.letrec<{ key: SearchKey; leaf: SearchKey }>(tie => ({
	leaf: fc.oneof(
		fc.constant<SearchKey>({ key: 'ALL' }),
		record({ key: fc.constant('flag' as const), flag, is: fc.boolean() }),
		record({ key: fc.constant('recent' as const), is: fc.boolean() }),
		record({ key: fc.constantFrom('FROM', 'TO', 'CC', 'BCC', 'SUBJECT', 'BODY', 'TEXT'), text }),
		record({ key: fc.constant('HEADER' as const), field, text }),
		record({
			key: fc.constantFrom(
				'BEFORE',
				'ON',
				'SINCE',
				'SENTBEFORE',
				'SENTON',
				'SENTSINCE',
				'SAVEDBEFORE',
				'SAVEDON',
				'SAVEDSINCE',
			),
			day,
		}),
		record({ key: fc.constantFrom('LARGER', 'SMALLER'), octets: number }),
		record({ key: fc.constantFrom('OLDER', 'YOUNGER'), seconds: number }),
		record({ key: fc.constantFrom('UID', 'sequence'), set }),
		record({ key: fc.constant('MODSEQ' as const), modseq }),
		record({ key: fc.constantFrom('EMAILID', 'THREADID'), id: atom }),
	) as fc.Arbitrary<SearchKey>,
	key: fc.oneof(
		{ maxDepth: 4, depthIdentifier: 'search' },
		tie('leaf'),
		record({ key: fc.constantFrom('NOT' as const, 'FUZZY' as const), of: tie('key') }),
		record({ key: fc.constant('OR' as const), either: tie('key'), or: tie('key') }),
		record({ key: fc.constant('AND' as const), all: fc.array(tie('key'), { minLength: 2, maxLength: 4 }) }),
	) as fc.Arbitrary<SearchKey>,
}))

const partialRange = fc.option(
	fc
		.tuple(nz, nz, fc.constantFrom(1, -1))
		.map(([from, to, sign]): [number, number] => [from * sign, to * sign]),
)
const returns = fc.option(
	record({ items: fc.array(fc.constantFrom(...SEARCH_RETURNS), { maxLength: 3 }), partial: partialRange }),
)
const filter: fc.Arbitrary<MailboxFilter> = fc.oneof(
	fc
		.constantFrom(
			'selected' as const,
			'selected-delayed' as const,
			'inboxes' as const,
			'personal' as const,
			'subscribed' as const,
		)
		.map(is => ({ is })),
	record({
		is: fc.constantFrom('subtree' as const, 'subtree-one' as const, 'mailboxes' as const),
		names: fc.array(mailbox, { minLength: 1, maxLength: 3 }),
	}),
)
const entry = atom.map(word => `/private/${word.toLowerCase()}`)
const entries = fc.array(entry, { minLength: 1, maxLength: 3 })
const octets = fc.uint8Array({ maxLength: 60 }).map(bytes => Buffer.from(bytes).toString('latin1'))
const notifyGroup: fc.Arbitrary<NotifyGroup> = fc.oneof(
	record({ filter, events: fc.constant<string[]>([]), items: fc.constant<FetchItem[]>([]) }),
	record({
		filter,
		events: fc
			.uniqueArray(fc.constantFrom(...NOTIFY_EVENTS), { maxLength: 4 })
			.map(events => ['MESSAGENEW', ...events.filter(event => event !== 'MESSAGENEW')]),
		items: fc.array(fetchItem, { maxLength: 3 }),
	}),
)

const body: fc.Arbitrary<CommandBody> = fc.oneof(
	fc
		.constantFrom(
			'CAPABILITY',
			'NOOP',
			'LOGOUT',
			'STARTTLS',
			'NAMESPACE',
			'CHECK',
			'CLOSE',
			'UNSELECT',
			'IDLE',
			'UNAUTHENTICATE',
			'GETJMAPACCESS',
		)
		.map(name => ({ name }) as CommandBody),
	record({
		name: fc.constant('ID' as const),
		fields: fc.option(fc.array(fc.tuple(text, fc.option(text)), { maxLength: 4 })),
	}),
	record({ name: fc.constant('LOGIN' as const), login: text, password: text }),
	record({
		name: fc.constant('AUTHENTICATE' as const),
		mechanism: upper,
		initial: fc.oneof(fc.constant(null), fc.constant('='), fc.base64String({ minLength: 4 })),
	}),
	record({
		name: fc.constant('ENABLE' as const),
		extensions: fc.array(upper, { minLength: 1, maxLength: 3 }),
	}),
	record({
		name: fc.constantFrom('SELECT' as const, 'EXAMINE' as const),
		mailbox,
		condstore: fc.boolean(),
		qresync: fc.option(
			record({
				uidValidity: nz,
				modseq,
				known: fc.option(ranges),
				match: fc.option(record({ sequence: ranges, uids: ranges })),
			}),
		),
	}),
	record({ name: fc.constant('CREATE' as const), mailbox, use: flags }),
	record({ name: fc.constantFrom('DELETE' as const, 'SUBSCRIBE' as const, 'UNSUBSCRIBE' as const), mailbox }),
	record({ name: fc.constant('RENAME' as const), mailbox, to: mailbox }),
	record({
		name: fc.constant('LIST' as const),
		reference: mailbox,
		patterns: fc.array(mailbox, { minLength: 1, maxLength: 3 }),
		select: fc.array(fc.constantFrom(...LIST_SELECTIONS), { maxLength: 3 }),
		returns: fc.array(fc.constantFrom(...LIST_RETURNS), { maxLength: 3 }),
		status: fc.option(fc.array(fc.constantFrom(...STATUS_ITEMS), { minLength: 1, maxLength: 4 })),
		metadata: fc.option(entries),
		extended: fc.constant(true),
	}),
	record({
		name: fc.constant('LIST' as const),
		reference: mailbox,
		patterns: mailbox.map(pattern => [pattern]),
		select: fc.constant<ListSelection[]>([]),
		returns: fc.constant<ListReturn[]>([]),
		status: fc.constant(null),
		metadata: fc.constant(null),
		extended: fc.constant(false),
	}),
	record({ name: fc.constant('LSUB' as const), reference: mailbox, pattern: mailbox }),
	record({
		name: fc.constant('STATUS' as const),
		mailbox,
		items: fc.array(fc.constantFrom(...STATUS_ITEMS), { minLength: 1, maxLength: 4 }),
	}),
	record({ name: fc.constant('EXPUNGE' as const), uids: fc.option(set) }),
	record({
		name: fc.constant('SEARCH' as const),
		uid: fc.boolean(),
		charset: fc.constantFrom(null, 'UTF-8'),
		returns,
		key: searchKey,
	}),
	record({
		name: fc.constant('SORT' as const),
		uid: fc.boolean(),
		criteria: fc.array(record({ field: fc.constantFrom(...SORT_FIELDS), reverse: fc.boolean() }), {
			minLength: 1,
			maxLength: 3,
		}),
		charset: fc.constant('UTF-8'),
		returns,
		key: searchKey,
	}),
	record({
		name: fc.constant('THREAD' as const),
		uid: fc.boolean(),
		algorithm: fc.constantFrom(...THREAD_ALGORITHMS),
		charset: fc.constant('UTF-8'),
		key: searchKey,
	}),
	record({
		name: fc.constant('ESEARCH' as const),
		sources: fc.option(fc.array(filter, { minLength: 1, maxLength: 3 })),
		charset: fc.constantFrom(null, 'UTF-8'),
		returns,
		key: searchKey,
	}),
	record({
		name: fc.constant('FETCH' as const),
		uid: fc.boolean(),
		set,
		items: fc.array(fetchItem, { minLength: 1, maxLength: 4 }),
		changedSince: fc.option(modseq),
		vanished: fc.boolean(),
		partial: partialRange,
	}),
	record({
		name: fc.constant('STORE' as const),
		uid: fc.boolean(),
		set,
		how: fc.constantFrom('add' as const, 'remove' as const, 'set' as const),
		silent: fc.boolean(),
		flags,
		unchangedSince: fc.option(modseq),
	}),
	record({ name: fc.constantFrom('COPY' as const, 'MOVE' as const), uid: fc.boolean(), set, mailbox }),
	record({ name: fc.constant('COMPRESS' as const), mechanism: upper }),
	record({ name: fc.constantFrom('GETACL', 'MYRIGHTS'), mailbox }),
	record({
		name: fc.constant('SETACL' as const),
		mailbox,
		identifier: text,
		how: fc.constantFrom('set', 'add', 'remove'),
		rights: fc.string({ maxLength: 12, unit: fc.constantFrom(...'lrswipkxteacd0') }),
	}),
	record({ name: fc.constantFrom('DELETEACL', 'LISTRIGHTS'), mailbox, identifier: text }),
	record({ name: fc.constant('GETQUOTA' as const), root: text }),
	record({ name: fc.constant('GETQUOTAROOT' as const), mailbox }),
	record({
		name: fc.constant('SETQUOTA' as const),
		root: text,
		limits: fc.array(fc.tuple(upper, modseq), { maxLength: 3 }),
	}),
	record({
		name: fc.constant('GETMETADATA' as const),
		mailbox,
		entries,
		depth: fc.constantFrom(0 as const, 1 as const, 'infinity' as const),
		maxSize: fc.option(number),
	}),
	record({
		name: fc.constant('SETMETADATA' as const),
		mailbox,
		entries: fc.array(fc.tuple(entry, fc.option(octets)), { minLength: 1, maxLength: 3 }),
	}),
	fc.constant({ name: 'NOTIFY' as const, status: false, groups: null }),
	record({
		name: fc.constant('NOTIFY' as const),
		status: fc.boolean(),
		groups: fc.array(notifyGroup, { minLength: 1, maxLength: 3 }),
	}),
)

const command: fc.Arbitrary<Command> = fc.tuple(tag, body).map(([tag, body]) => ({ tag, ...body }))
const cuts = fc.array(fc.nat(100_000), { maxLength: 5 })

test('a command that was formatted and cut anywhere is parsed to itself', () => {
	fc.assert(
		fc.property(
			fc.array(command, { minLength: 1, maxLength: 3 }),
			cuts,
			fc.boolean(),
			(commands, cuts, utf8) => {
				const octets = Buffer.from(commands.map(one => formatCommand(one, [], utf8)).join(''), 'latin1')
				assert.deepEqual(assemble(octets, cuts, utf8).commands, commands)
			},
		),
		{ numRuns: 2000 },
	)
})

/** A message with the octets that come along: one buffer, or those of the texts of CATENATE. */
const message: fc.Arbitrary<{ message: AppendMessage; bodies: string[] }> = fc
	.record({
		flags,
		date: fc.option(date),
		utf8: fc.boolean(),
		body: octets,
		parts: fc.option(
			fc.array(fc.oneof(octets, record({ url: fc.webPath({ size: 'small' }) })), {
				minLength: 1,
				maxLength: 3,
			}),
		),
	})
	.map(({ flags, date, utf8, body, parts }) => {
		if (!parts) return { message: { flags, date, utf8, octets: body.length, catenate: null }, bodies: [body] }
		const catenate = parts.map(part => (typeof part === 'string' ? { octets: part.length } : part))
		const bodies = parts.filter(part => typeof part === 'string')
		return { message: { flags, date, utf8: false, octets: 0, catenate }, bodies }
	})

test('APPEND and REPLACE hand their messages out byte for byte and are parsed to themselves', () => {
	fc.assert(
		fc.property(
			tag,
			mailbox,
			fc.array(message, { minLength: 1, maxLength: 3 }),
			fc.oneof(nz, fc.constant(STAR)),
			cuts,
			(tag, mailbox, list, number, cuts) => {
				const append: Command = {
					tag,
					name: 'APPEND',
					mailbox,
					messages: list.map(one => one.message),
				}
				const bodies = list.flatMap(one => one.bodies)
				const all = assemble(Buffer.from(formatCommand(append, bodies), 'latin1'), cuts)
				assert.deepEqual(all.commands, [append])
				assert.deepEqual(all.messages, bodies)
				const first = list[0]!
				const replace: Command = {
					tag,
					name: 'REPLACE',
					uid: cuts.length > 2,
					number,
					mailbox,
					message: first.message,
				}
				const one = assemble(Buffer.from(formatCommand(replace, first.bodies), 'latin1'), cuts)
				assert.deepEqual(one.commands, [replace])
				assert.deepEqual(one.messages, first.bodies)
			},
		),
	)
})

test('whatever bytes come in, a command or a Refusal comes out', () => {
	const noise = fc.array(
		fc.oneof(
			fc.uint8Array({ maxLength: 20 }).map(bytes => Buffer.from(bytes)),
			fc
				.constantFrom(
					'a1 ',
					'FETCH ',
					'{3}\r\n',
					'{2+}\r\n',
					'APPEND ',
					' (',
					')',
					'"',
					'\r\n',
					'SEARCH ',
					'UID ',
					'BODY[',
					'1:*',
					'SORT (',
					'THREAD REFERENCES ',
					'REPLACE 1 x ',
					'CATENATE (TEXT ',
					'URL ',
					'NOTIFY SET (',
					'ESEARCH IN (',
					'RETURN (PARTIAL -1:',
					'GETMETADATA ',
				)
				.map(s => Buffer.from(s)),
		),
		{ maxLength: 20 },
	)
	fc.assert(
		fc.property(noise, pieces => {
			try {
				assemble(Buffer.concat(pieces))
			} catch (error) {
				if (!(error instanceof Refusal)) throw error
			}
		}),
		{ numRuns: 3000 },
	)
})

test('a literal that waits is asked for once, before its octets', () => {
	const { is, commands } = assemble(Buffer.from('a LOGIN {5}\r\nalice {6}\r\nsecret\r\n'))
	assert.deepEqual(
		is.map(one => one.is),
		['continue', 'continue', 'command'],
	)
	assert.deepEqual(commands, [{ tag: 'a', name: 'LOGIN', login: 'alice', password: 'secret' }])
})

test('a refused message passes by and the next command is read', () => {
	for (const [octets, next] of [
		['a APPEND INBOX {5+}\r\nhello {3+}\r\nyou\r\nb NOOP\r\n', 'b'],
		['a APPEND INBOX {5}\r\nb NOOP\r\n', 'b'],
		['a APPEND INBOX {5+}\r\nhello {3}\r\nb NOOP\r\n', 'b'],
	] as const) {
		const assembler = new Assembler()
		assembler.push(Buffer.from(octets))
		assert.equal(assembler.next()?.is, 'message')
		assembler.refuse()
		assert.deepEqual(assembler.next(), { is: 'skipped' })
		assert.deepEqual(assembler.next(), { is: 'command', pieces: [`${next} NOOP`] })
	}
})

test('a line or literals above the limits are refused with the tag', () => {
	const limits = { line: 100, literals: 10 }
	for (const octets of [`a ${'x'.repeat(100)}`, 'a LOGIN {6+}\r\nalice1 {5+}\r\n']) {
		const assembler = new Assembler(limits)
		assembler.push(Buffer.from(octets))
		assert.throws(
			() => assembler.next(),
			(error: unknown) => error instanceof Refusal && error.code === 'TOOBIG',
		)
	}
})

test('a mailbox name goes through modified UTF-7 and back', () => {
	assert.equal(encodeUtf7('~peter/mail/台北/日本語'), '~peter/mail/&U,BTFw-/&ZeVnLIqe-')
	assert.equal(encodeUtf7('A&B'), 'A&-B')
	for (const broken of ['&', '&AB', '&A-', '&AAAA-', 'å', '&2D0-']) assert.equal(decodeUtf7(broken), null)
	fc.assert(
		fc.property(fc.string({ unit: 'binary' }), name => {
			assert.equal(decodeUtf7(encodeUtf7(name)), name)
		}),
	)
})

test('a date-time goes through its text and back', () => {
	fc.assert(
		fc.property(date, time => {
			assert.equal(parseDateTime(formatDateTime(time).slice(1, -1)), time)
		}),
	)
	assert.equal(parseDateTime(' 7-Feb-2024 21:52:25 -0800'), Date.UTC(2024, 1, 8, 5, 52, 25))
	assert.equal(parseDateTime('31-Feb-2024 21:52:25 -0800'), null)
})
