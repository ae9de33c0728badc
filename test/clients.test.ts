import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	unlinkSync,
	writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { createTransport } from 'nodemailer'
import { keeper, mbsyncrc, muttrc, neomutt } from './clients/settings.ts'
import { certificateOf, Desk, flow } from './support/desk.ts'
import { letters, noise, small } from './support/letters.ts'
import { endAll, joinTo, PORTS, TestNode, until } from './support/nodes.ts'
import { ending, run } from './support/program.ts'

/*
 * Mail programs people use, against two joined nodes: each at the home of the account and at the other node, where the
 * connection walks. alice, carol and 张伟 live at the first node, bob and dave at the second.
 */

const a = new TestNode('127.0.0.81')
const b = new TestNode('127.0.0.82')
const folder = mkdtempSync(join(tmpdir(), 'panpipe-clients-'))
const python = (script: string, ...words: (string | number)[]) =>
	run(folder, ['python3', resolve(import.meta.dirname, 'clients', script), ...words.map(String)])

const tls = { rejectUnauthorized: false }
/** Where alice may sign in. */
const places = [
	{ where: 'home', node: a },
	{ where: 'away', node: b },
]
const own = letters('own')
let alice: Desk
let bob: Desk
let zhangwei: Desk
/** What is in the INBOX of carol and of dave, octet for octet: one of each kind. */
let stored: { user: string; messages: Buffer[] }[]

/** The message is what was sent, under trace fields of ours. */
function assertEndsWith(message: Buffer, sent: Buffer): void {
	const at = message.length - sent.length
	if (at <= 0 || !message.subarray(at).equals(sent)) assert.equal(message.toString(), sent.toString())
	assert.match(message.toString('latin1', 0, at), /^Return-Path: <[^\r]*>\r\nReceived: from /)
}

before(async () => {
	await Promise.all([a.start(), b.start()])
	for (const node of [a, b]) await node.say('domain add', { domain: 'test.com' })
	for (const local of ['alice', 'carol', '张伟']) await a.addAccount(`${local}@test.com`)
	for (const local of ['bob', 'dave']) await b.addAccount(`${local}@test.com`)
	await joinTo(a, b)
	for (const node of [a, b]) {
		await until('all are known', 5000, async () => (await node.say('account list')).length === 5)
	}
	alice = await Desk.of(a.ip, 'alice@test.com')
	bob = await Desk.of(b.ip, 'bob@test.com')
	zhangwei = await Desk.of(a.ip, '张伟@test.com')
	stored = []
	for (const [user, home] of [
		['carol@test.com', a],
		['dave@test.com', b],
	] as const) {
		const outside = createTransport({ host: b.ip, port: PORTS.smtp, pool: true, maxConnections: 1, tls })
		for (const { bytes } of own) {
			await outside.sendMail({ envelope: { from: 'x@example.org', to: user }, raw: bytes })
		}
		outside.close()
		const desk = await Desk.of(home.ip, user)
		for (const { id } of own) await desk.arrived('message-id', id)
		stored.push({ user, messages: await desk.all() })
		await desk.close()
	}
})
after(async () => {
	await Promise.all([alice, bob, zhangwei].map(desk => desk?.close()))
	await endAll()
	rmSync(folder, { recursive: true, force: true })
})

const swaks = (node: TestNode, ...words: string[]) =>
	ending(folder, [
		'swaks',
		'--server',
		node.ip,
		'--helo',
		'client.example.org',
		'--suppress-data',
		'--timeout',
		'10',
		...words,
	])

test('swaks brings every kind of letter from outside, at each node, to users of both, octet for octet', async () => {
	for (const { where, node } of places) {
		const sent = letters(`swaks-${where}`)
		for (const { id, bytes } of sent) {
			const file = join(folder, id)
			writeFileSync(file, bytes)
			const to = ['--from', 'x@example.org', '--to', 'alice@test.com,bob@test.com']
			const { status, out } = await swaks(node, '--port', String(PORTS.smtp), ...to, '--data', `@${file}`)
			assert.equal(status, 0, out.toString())
			for (const desk of [alice, bob]) {
				const message = await desk.arrived('message-id', id)
				// swaks puts a CRLF of its own at the end of what it is given.
				assertEndsWith(message, Buffer.concat([bytes, CRLF]))
			}
		}
	}
})

test('swaks submits with PLAIN and with LOGIN, with STARTTLS and with implicit TLS, at each node', async () => {
	for (const { where, node } of places) {
		for (const mechanism of ['PLAIN', 'LOGIN']) {
			for (const secure of ['--tls', '--tls-on-connect']) {
				const subject = `swaks${secure}-${mechanism}-${where}`
				const port = secure === '--tls' ? PORTS.submission : PORTS.submissions
				const { status, out } = await swaks(
					node,
					...['--port', String(port), '--auth', mechanism, secure],
					...['--auth-user', 'alice@test.com', '--auth-password', 'secret'],
					...['--from', 'alice@test.com', '--to', 'bob@test.com', '--h-Subject', subject],
				)
				assert.equal(status, 0, out.toString())
				assert.match(out.toString(), /TLS started/)
				assert.match((await bob.arrived('subject', subject)).toString('latin1'), /with ESMTPSA id/)
			}
		}
	}
})

test('swaks cannot relay without signing in, nor sign in with a wrong password, nor send as somebody else', async () => {
	const to = (from: string, address: string) => ['--from', from, '--to', address]
	const signIn = (password: string) => [
		'--tls',
		'--auth',
		'PLAIN',
		'--auth-user',
		'alice@test.com',
		'--auth-password',
		password,
	]
	for (const { node } of places) {
		for (const [words, answer] of [
			[['--port', String(PORTS.smtp), ...to('alice@test.com', 'x@example.org')], /^<\*\* 550 5\.7\.1 /m],
			[['--port', String(PORTS.submission), ...to('alice@test.com', 'bob@test.com')], /^<\*\* 530 5\.7\.0 /m],
			[
				['--port', String(PORTS.submission), ...signIn('wrong'), ...to('alice@test.com', 'bob@test.com')],
				/^<~\* 535 5\.7\.8 /m,
			],
			[
				['--port', String(PORTS.submission), ...signIn('secret'), ...to('bob@test.com', 'bob@test.com')],
				/^<~\* 553 5\.7\.1 /m,
			],
		] as const) {
			const { status, out } = await swaks(node, ...words)
			assert.notEqual(status, 0)
			assert.match(out.toString(), answer)
		}
	}
})

const curl = (user: string, ...words: string[]) =>
	run(folder, ['curl', '-sS', '-k', '--ssl-reqd', '--max-time', '10', '-u', `${user}:secret`, ...words])

test('curl uploads a letter, and one with bare LF, which is kept with CRLF', async () => {
	for (const { where, node } of places) {
		for (const scheme of ['smtp', 'smtps']) {
			for (const end of ['\r\n', '\n']) {
				const subject = `curl-${scheme}-${where}-${end.length}`
				const lines = ['From: alice@test.com', `Subject: ${subject}`, '', 'one', '.two', '.', '三', '']
				const port = scheme === 'smtp' ? PORTS.submission : PORTS.submissions
				await run(
					folder,
					[
						...['curl', '-sS', '-k', '--ssl-reqd', '--max-time', '10', '-u', 'alice@test.com:secret'],
						...[
							'--mail-from',
							'alice@test.com',
							'--mail-rcpt',
							'bob@test.com',
							'--mail-rcpt',
							'张伟@test.com',
						],
						...['-T', '-', `${scheme}://${node.ip}:${port}/client.example.org`],
					],
					lines.join(end),
				)
				for (const desk of [bob, zhangwei]) {
					const message = await desk.arrived('subject', subject)
					// After a bare LF curl sees no line end there and puts one of its own.
					assertEndsWith(message, Buffer.from(`${lines.join('\r\n')}${end === '\n' ? '\r\n' : ''}`))
				}
			}
		}
	}
})

test('curl lists and fetches by IMAP, with STARTTLS and with implicit TLS, the same octets at each node', async () => {
	for (const { user, messages } of stored) {
		for (const { node } of places) {
			for (const url of [`imap://${node.ip}:${PORTS.imap}`, `imaps://${node.ip}:${PORTS.imaps}`]) {
				assert.match((await curl(user, `${url}/`)).toString(), /^\* LIST \([^)]*\) "\/" INBOX\r$/m)
				assert.equal(
					(await curl(user, `${url}/INBOX?HEADER%20Message-ID%20chinese.own`)).toString(),
					'* SEARCH 3\r\n',
				)
				for (const [index, message] of messages.entries()) {
					assert.ok(
						(await curl(user, `${url}/INBOX;UID=${index + 1}`)).equals(message),
						`message ${index + 1}`,
					)
				}
			}
		}
	}
})

test('curl lists and fetches by POP3, with STLS and with implicit TLS, the same octets at each node', async () => {
	for (const { user, messages } of stored) {
		for (const { node } of places) {
			for (const url of [`pop3://${node.ip}:${PORTS.pop3}`, `pop3s://${node.ip}:${PORTS.pop3s}`]) {
				const scan = messages.map((message, index) => `${index + 1} ${message.length}\r\n`).join('')
				assert.equal((await curl(user, `${url}/`)).toString(), scan)
				for (const [index, message] of messages.entries()) {
					assert.ok((await curl(user, `${url}/${index + 1}`)).equals(message), `message ${index + 1}`)
				}
			}
		}
	}
})

test('smtplib sends plain, with attachment, to two of whom one is not there, and to a Chinese address', async () => {
	for (const { where, node } of places) {
		const words = [
			node.ip,
			PORTS.submission,
			PORTS.submissions,
			'alice@test.com',
			'secret',
			'bob@test.com',
			where,
		]
		assert.equal((await python('smtp.py', ...words)).toString(), '550 1\ndone\n')
		assert.match(
			(await bob.arrived('subject', `${where} plain`)).toString(),
			/\r\n第一行\r\n\.a dot\r\n\.\.two dots\r\n/,
		)
		await bob.arrived('subject', `${where} two`)
		await bob.arrived('subject', `${where} 附件`)
		const attached = Buffer.concat(
			Array.from({ length: 100 }, () => Buffer.from(Array.from({ length: 256 }, (_, i) => i))),
		)
		assert.deepEqual(await bob.attachments(`${where} 附件`), [
			{ name: '二〇二六年报告.pdf', content: attached },
		])
		const utf8 = await zhangwei.arrived('subject', `${where} SMTPUTF8`)
		assert.match(utf8.toString(), /with UTF8SMTPSA id [\s\S]*^To: 张伟@test\.com\r$/m)
	}
})

test('imaplib makes a Chinese folder, appends, fetches, searches Chinese, flags, copies and expunges', async () => {
	const files = small('imaplib').map(({ id, bytes }) => {
		writeFileSync(join(folder, id), bytes)
		return join(folder, id)
	})
	const [first, , third, ...rest] = files
	for (const { where, node } of places) {
		const words = [node.ip, PORTS.imap, PORTS.imaps, 'alice@test.com', 'secret', `项目&计划-${where}`]
		assert.equal((await python('imap.py', ...words, first!, third!, ...rest)).toString(), 'done\n')
	}
})

test('poplib lists, fetches and deletes, and comes again', async () => {
	const { messages } = stored[1]!
	let left = messages
	for (const node of [b, a]) {
		const into = mkdtempSync(join(folder, 'pop-'))
		const words = [node.ip, PORTS.pop3, PORTS.pop3s, 'dave@test.com', 'secret', into]
		assert.equal((await python('pop.py', ...words)).toString(), `${left.length - 1}\n`)
		for (const [index, message] of left.entries()) {
			assert.ok(readFileSync(join(into, String(index + 1))).equals(message), `message ${index + 1}`)
		}
		left = left.toSpliced(1, 1)
	}
})

const CRLF = Buffer.from('\r\n')
/** As programs keep text on a Unix machine. */
const unix = (message: Buffer) => message.toString('latin1').replaceAll('\r\n', '\n')
const certificate = async (node: TestNode) => {
	const file = join(folder, `${node.ip}.pem`)
	writeFileSync(file, await certificateOf(node.ip))
	return file
}

test('mbsync pulls 200 messages, pushes flags and deletions back, and finds nothing to do the second time', async () => {
	const kinds = small('mbsync').map(({ bytes }) => bytes)
	const messages = Array.from({ length: 200 }, (_, index) =>
		Buffer.concat([Buffer.from(`X-Number: ${index + 1}\r\n`), kinds[index % kinds.length]!]),
	)
	messages[100] = Buffer.from(own.at(-1)!.bytes)
	for (const { where, node } of places) {
		const box = `sync-${where}`
		await alice.fill(box, messages, index => (index % 10 === 0 ? ['\\Seen'] : []))
		const maildir = join(folder, box)
		mkdirSync(maildir)
		const place = {
			ip: node.ip,
			certificate: await certificate(node),
			user: 'alice@test.com',
			tls: where === 'home' ? 'starttls' : 'implicit',
		} as const
		writeFileSync(`${maildir}.rc`, mbsyncrc(place, box, maildir))
		const mbsync = () => run(folder, ['mbsync', '-q', '-c', `${maildir}.rc`, 'all'])
		const files = () =>
			['new', 'cur'].flatMap(sub =>
				readdirSync(join(maildir, box, sub)).map(name => join(maildir, box, sub, name)),
			)
		const number = (file: string) => Number(/,U=(\d+)/.exec(file)![1])

		await mbsync()
		const pulled = files().sort((x, y) => number(x) - number(y))
		assert.equal(pulled.length, 200)
		for (const [index, message] of (await alice.all(box)).entries()) {
			assert.ok(message.equals(messages[index]!))
			// mbsync marks every message it moves with a line of its own.
			const kept = readFileSync(pulled[index]!, 'latin1').replace(/^X-TUID: .*\n/m, '')
			assert.equal(kept, unix(message), `message ${index + 1}`)
			assert.equal(/:2,S$/.test(pulled[index]!), index % 10 === 0, `flags of message ${index + 1}`)
		}

		const flagged = pulled[4]!
		renameSync(flagged, join(maildir, box, 'cur', basename(flagged).replace(/:2,.*/, ':2,FRS')))
		unlinkSync(pulled[5]!)
		await mbsync()
		const flags = await alice.flags(box)
		assert.equal(flags.size, 199)
		assert.deepEqual(flags.get(5), ['\\Answered', '\\Flagged', '\\Seen'])
		assert.equal(flags.get(6), undefined)
		assert.deepEqual(flags.get(7), [])

		const before = files().sort()
		await mbsync()
		assert.deepEqual(files().sort(), before)
		assert.deepEqual(await alice.flags(box), flags)
	}
})

test('neomutt sends what it is given, with an attachment', async () => {
	writeFileSync(join(folder, '附件.bin'), noise(30_000))
	for (const { where, node } of places) {
		const tls = where === 'home' ? 'starttls' : 'implicit'
		const rc = join(folder, `mutt-send-${where}`)
		writeFileSync(
			rc,
			muttrc({ ip: node.ip, certificate: await certificate(node), user: 'alice@test.com', tls }, 'INBOX'),
		)
		const subject = `neomutt ${where} 你好`
		const words = ['neomutt', '-n', '-F', rc, '-s', subject, '-a', '附件.bin', '--', 'bob@test.com']
		await run(folder, words, '第一行\n.a dot\n')
		const message = await bob.arrived('subject', subject)
		assert.match(message.toString(), /with ESMTPSA id/)
		assert.deepEqual(await bob.attachments(subject), [{ name: '附件.bin', content: noise(30_000) }])
	}
})

test('neomutt opens a mailbox, reads every message, flags one and deletes one', async () => {
	for (const { where, node } of places) {
		const tls = where === 'home' ? 'starttls' : 'implicit'
		const box = `mutt-${where}`
		const messages = letters(box).map(({ bytes }) => bytes)
		await alice.fill(box, messages)
		const rc = join(folder, `mutt-read-${where}`)
		writeFileSync(
			rc,
			muttrc({ ip: node.ip, certificate: await certificate(node), user: 'alice@test.com', tls }, box),
		)
		const into = join(folder, box)
		const keep = keeper(folder, into)
		const read = `<tag-pattern>~A<enter><tag-prefix><pipe-message>${keep}<enter><untag-pattern>~A<enter>`
		await neomutt(folder, rc, `${read}<first-entry><flag-message><next-entry><delete-message><quit>`)
		const kept = readdirSync(into).map(name => readFileSync(join(into, name), 'latin1'))
		assert.deepEqual(kept.sort(), messages.map(unix).sort())
		const flags = await alice.flags(box)
		assert.deepEqual([...flags.keys()], [1, 3, 4, 5, 6])
		assert.ok(flags.get(1)!.includes('\\Flagged'))
	}
})

test('nodemailer sends with a Chinese file name, with STARTTLS and with implicit TLS', async () => {
	for (const { where, node } of places) {
		for (const secure of [false, true]) {
			const subject = `nodemailer ${where} ${secure}`
			const port = secure ? PORTS.submissions : PORTS.submission
			const auth = { user: 'alice@test.com', pass: 'secret' }
			const transport = createTransport({ host: node.ip, port, secure, requireTLS: !secure, auth, tls })
			const { accepted } = await transport.sendMail({
				from: '爱丽丝 <alice@test.com>',
				to: ['bob@test.com', '张伟@test.com'],
				subject,
				text: '请看附件。\n.\n..\n',
				html: '<p>请看附件。</p>',
				attachments: [{ filename: '合同(最终版).pdf', content: noise(100_000) }],
			})
			transport.close()
			assert.equal(accepted.length, 2)
			for (const desk of [bob, zhangwei]) {
				await desk.arrived('subject', subject)
				assert.deepEqual(await desk.attachments(subject), [
					{ name: '合同(最终版).pdf', content: noise(100_000) },
				])
			}
		}
	}
})

test('imapflow in IDLE hears within a second of a message that was handed in at the other node', async () => {
	for (const { where, node } of places) {
		const client = await flow(node.ip, 'alice@test.com')
		const before = (await client.mailboxOpen('INBOX')).exists
		const idling = client.idle()
		const heard = once(client, 'exists', { signal: AbortSignal.timeout(5000) })
		const outside = createTransport({ host: b.ip, port: PORTS.smtp, tls })
		await outside.sendMail({
			from: 'x@example.org',
			to: 'alice@test.com',
			subject: `idle ${where}`,
			text: 'now',
		})
		const began = performance.now()
		const [event] = await heard
		assert.ok(performance.now() - began < 1000)
		assert.equal(event.count, before + 1)
		outside.close()
		await client.noop()
		await idling
		await client.logout()
	}
})

test('imapflow hears in IDLE at one node of 25 flags changed and 10 messages moved at the other', async () => {
	for (const [where, mine, theirs] of [
		['home', a, b],
		['away', b, a],
	] as const) {
		const box = `flags-${where}`
		await alice.fill(
			box,
			Array.from({ length: 25 }, () => own[0]!.bytes),
		)
		const listener = await flow(mine.ip, 'alice@test.com', { secure: true })
		await listener.mailboxOpen(box)
		let [flagged, expunged] = [0, 0]
		listener.on('flags', ({ flags }) => {
			if (flags.has('\\Flagged')) flagged++
		})
		listener.on('expunge', () => expunged++)
		const idling = listener.idle()

		const worker = await flow(theirs.ip, 'alice@test.com')
		await worker.mailboxOpen(box)
		for (let uid = 1; uid <= 25; uid++) {
			assert.equal(await worker.messageFlagsAdd(String(uid), ['\\Flagged'], { uid: true }), true)
		}
		await until('all flags are heard of', 5000, () => flagged === 25)
		await worker.mailboxCreate(`${box}/归档`)
		const moved = await worker.messageMove('1:10', `${box}/归档`, { uid: true })
		assert.deepEqual(
			moved && [...moved.uidMap!],
			Array.from({ length: 10 }, (_, i) => [i + 1, i + 1]),
		)
		await until('all moves are heard of', 5000, () => expunged === 10)
		await worker.logout()
		await listener.noop()
		await idling
		await listener.logout()
		assert.deepEqual(
			[...(await alice.flags(box)).keys()],
			Array.from({ length: 15 }, (_, i) => i + 11),
		)
		const there = await alice.flags(`${box}/归档`)
		assert.deepEqual(
			[...there.values()],
			Array.from({ length: 10 }, () => ['\\Flagged']),
		)
	}
})
