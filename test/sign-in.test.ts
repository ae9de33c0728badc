import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, test } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { type Directory, hashPassword } from '../src/directory/index.ts'
import type { Serve } from '../src/servers/connection.ts'
import { type House, serveImap, servePop3, serveSubmission } from '../src/servers/index.ts'
import { formatBearer } from '../src/wire/index.ts'
import { Nodes } from './directory-nodes.ts'
import { type Home, startHome } from './imap-house.ts'
import { house } from './support/house.ts'
import { ScramClient } from './support/scram.ts'
import { open } from './support/talk.ts'

/*
 * The same sign-in in three protocols: a real directory behind them, TLS with a real certificate before them.
 */

const ALICE = 'alice@example.com'
const TOKENS = { ownerOf: async (token: string) => (token === 'good' ? ALICE : null), scope: 'mail' }
const PROTOCOLS = ['imap', 'pop3', 'submission'] as const
type Protocol = (typeof PROTOCOLS)[number]

const ends: (() => void | Promise<void>)[] = []
let directory: Directory
let home: Home
const ports = {} as Record<Protocol, { plain: number; tls: number }>

before(async () => {
	const nodes = new Nodes({ after: end => void ends.push(end) })
	directory = nodes.start('here', { tokens: TOKENS })
	directory.addDomain('example.com')
	for (const name of ['alice', 'bob']) {
		directory.addAccount({ address: `${name}@example.com`, passwordHash: await hashPassword('密码 secret') })
	}
	const parts: Partial<House> = {
		self: 'here',
		authenticate: (login, password) => directory.authenticate(login, password),
		scram: login => directory.scram(login),
		bearer: {
			check: (login, token) => directory.authenticateToken(login, token),
			error: { status: 'invalid_token', scope: 'mail' },
		},
	}
	home = await startHome('here', [])
	ends.push(() => home.close())
	const whole: House = { ...home.house, ...parts, receiver: house().receiver }
	const serves: Record<Protocol, Serve> = { imap: serveImap, pop3: servePop3, submission: serveSubmission }
	for (const protocol of PROTOCOLS) {
		const [plain, tls] = [await open(whole, serves[protocol]), await open(whole, serves[protocol], true)]
		ends.push(
			() => plain.close(),
			() => tls.close(),
		)
		ports[protocol] = { plain: plain.port, tls: tls.port }
	}
})
after(async () => {
	for (const end of ends.reverse()) await end()
})

/** One TLS connection, lines in both directions; what a protocol calls challenge and success is all it knows. */
class Line {
	readonly socket: TLSSocket
	readonly protocol: Protocol
	#text = ''
	#wake = () => {}
	#ended = false

	private constructor(protocol: Protocol, socket: TLSSocket) {
		this.protocol = protocol
		this.socket = socket
		socket.setEncoding('utf8').on('data', text => {
			this.#text += text
			this.#wake()
		})
		socket.on('close', () => {
			this.#ended = true
			this.#wake()
		})
	}

	static async to(protocol: Protocol, options: { maxVersion?: 'TLSv1.2' } = {}): Promise<Line> {
		const port = ports[protocol].tls
		const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options })
		const line = new Line(protocol, socket)
		await line.line()
		if (protocol === 'submission') await line.offered()
		return line
	}

	async line(): Promise<string> {
		for (;;) {
			const end = this.#text.indexOf('\r\n')
			if (end >= 0) {
				const line = this.#text.slice(0, end)
				this.#text = this.#text.slice(end + 2)
				return line
			}
			if (this.#ended) throw new Error('it has ended')
			await new Promise<void>(resolve => {
				this.#wake = resolve
			})
		}
	}

	async say(text: string): Promise<string> {
		this.socket.write(`${text}\r\n`)
		return this.line()
	}

	/** In POP3 nobody else may come in before. */
	async leave(): Promise<void> {
		if (this.protocol === 'pop3') await this.say('QUIT')
		this.socket.destroy()
	}

	/** Mechanisms as they are announced. */
	async offered(): Promise<string[]> {
		if (this.protocol === 'imap') {
			const line = await this.say('c CAPABILITY')
			await this.line()
			return [...line.matchAll(/AUTH=(\S+)/g)].map(([, name]) => name!)
		}
		let line = await this.say(this.protocol === 'pop3' ? 'CAPA' : 'EHLO me')
		let found = ''
		for (; line !== '.' && !line.startsWith('250 '); line = await this.line()) found ||= sasl(line)
		return (found || sasl(line)).split(' ')
	}

	/** The first answer to AUTH: a challenge, or how it ended. */
	auth(mechanism: string, initial: Buffer): Promise<Buffer | string> {
		const words = `${mechanism} ${initial.toString('base64')}`
		return this.#answer(this.protocol === 'imap' ? `a AUTHENTICATE ${words}` : `AUTH ${words}`)
	}

	next(response: Buffer): Promise<Buffer | string> {
		return this.#answer(response.toString('base64'))
	}

	async #answer(text: string): Promise<Buffer | string> {
		const line = await this.say(text)
		const challenge = /^(?:\+|334) (.*)$/.exec(line)
		return challenge ? Buffer.from(challenge[1]!, 'base64') : line
	}
}

const sasl = (line: string) => /^(?:SASL|250.AUTH) (.*)$/.exec(line)?.[1] ?? ''
const IN = { imap: /^a OK /, pop3: /^\+OK /, submission: /^235 / }
const OUT = { imap: /^a NO \[AUTHENTICATIONFAILED\]/, pop3: /^-ERR \[AUTH\]/, submission: /^535 5\.7\.8/ }
const BAD = { imap: /^a NO /, pop3: /^-ERR /, submission: /^501 / }

/** How SCRAM ends for that client. */
async function scram(
	line: Line,
	client: ScramClient,
	mechanism = 'SCRAM-SHA-256',
	authzid = '',
): Promise<string> {
	const challenge = await line.auth(mechanism, client.first(authzid))
	if (typeof challenge === 'string') return challenge
	const final = await line.next(client.final(challenge))
	if (typeof final === 'string') return final
	assert.ok(client.isServer(final), 'the server has not shown that it knows the password')
	return String(await line.next(Buffer.alloc(0)))
}

for (const protocol of PROTOCOLS) {
	test(`${protocol}: SCRAM-SHA-256 lets in who knows the password, and nobody else`, async () => {
		const line = await Line.to(protocol)
		assert.deepEqual(await line.offered(), [
			...(protocol === 'submission' ? [] : ['SCRAM-SHA-256-PLUS']),
			'SCRAM-SHA-256',
			'OAUTHBEARER',
			'PLAIN',
			'LOGIN',
		])
		assert.match(await scram(line, new ScramClient(ALICE, 'wrong')), OUT[protocol])
		assert.match(await scram(line, new ScramClient('nobody@example.com', '密码 secret')), OUT[protocol])
		assert.match(await scram(line, new ScramClient(ALICE, '密码 secret')), IN[protocol])
		await line.leave()
		const other = await Line.to(protocol)
		const asBob = await scram(
			other,
			new ScramClient(ALICE, '密码 secret'),
			'SCRAM-SHA-256',
			'bob@example.com',
		)
		assert.doesNotMatch(asBob, IN[protocol])
		assert.match(asBob, /acts for somebody else/)
		// A client that could bind to the channel and was not told that it may, though we said so, has somebody in its way.
		const deceived = new ScramClient(ALICE, '密码 secret', { flag: { is: 'y' } })
		if (protocol !== 'submission') assert.match(await scram(other, deceived), BAD[protocol])
		assert.match(
			await scram(other, new ScramClient(ALICE, '密码 secret'), 'SCRAM-SHA-256', ALICE),
			IN[protocol],
		)
		for (const one of [line, other]) one.socket.destroy()
	})

	test(`${protocol}: SCRAM-SHA-256-PLUS is bound to this TLS connection`, async () => {
		const PLUS = 'SCRAM-SHA-256-PLUS'
		for (const [type, maxVersion] of [
			['tls-exporter'],
			['tls-server-end-point'],
			['tls-server-end-point', 'TLSv1.2'],
		] as const) {
			const line = await Line.to(protocol, maxVersion ? { maxVersion } : {})
			const bound =
				type === 'tls-exporter'
					? line.socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
					: createHash('sha256').update(line.socket.getPeerCertificate().raw).digest()
			const flag = { is: 'p' as const, type }
			const elsewhere = new ScramClient(ALICE, '密码 secret', { flag, bound: Buffer.from('elsewhere') })
			assert.match(await scram(line, elsewhere, PLUS), BAD[protocol])
			const here = new ScramClient(ALICE, '密码 secret', { flag, bound })
			assert.match(await scram(line, here, PLUS), IN[protocol])
			await line.leave()
		}
		const old = await Line.to(protocol, { maxVersion: 'TLSv1.2' })
		const exporter = new ScramClient(ALICE, '密码 secret', { flag: { is: 'p', type: 'tls-exporter' } })
		assert.match(await scram(old, exporter, PLUS), BAD[protocol])
		await old.leave()
	})

	test(`${protocol}: OAUTHBEARER lets in by a good token; another is told why`, async () => {
		const bearer = (token: string, authzid = ALICE) =>
			formatBearer({ authzid, token, host: 'mail.example.com', port: 143 })
		const line = await Line.to(protocol)
		const why = await line.auth('OAUTHBEARER', bearer('bad'))
		assert.deepEqual(JSON.parse(String(why)), { status: 'invalid_token', scope: 'mail' })
		assert.match(String(await line.next(Buffer.from('\x01'))), OUT[protocol])
		await line.auth('OAUTHBEARER', bearer('good', 'bob@example.com'))
		assert.match(String(await line.next(Buffer.from('\x01'))), OUT[protocol])
		assert.match(String(await line.auth('OAUTHBEARER', bearer('good'))), IN[protocol])
		await line.leave()
	})

	test(`${protocol}: with TOTP on the password is not enough, an app password is, told or proved`, async t => {
		const { id } = directory.accountByAddress('bob@example.com')!
		const { secret } = directory.secondFactor.propose('bob@example.com')
		const { TOTP } = await import('otpauth')
		const timestamp = Date.UTC(2024, 0, 1)
		directory.secondFactor.turnOn(id, secret, new TOTP({ secret }).generate({ timestamp }))
		t.after(() => directory.secondFactor.turnOff(id))
		const { password } = await directory.appPasswords.add(id, protocol)
		const plain = (word: string) => Buffer.from(`\0bob@example.com\0${word}`)
		const line = await Line.to(protocol)
		const told = String(await line.auth('PLAIN', plain('密码 secret')))
		assert.doesNotMatch(told, IN[protocol])
		assert.match(told, /make an app password/)
		assert.match(await scram(line, new ScramClient('bob@example.com', '密码 secret')), /make an app password/)
		assert.match(String(await line.auth('PLAIN', plain(password))), IN[protocol])
		await line.leave()
		const other = await Line.to(protocol)
		assert.match(await scram(other, new ScramClient('bob@example.com', password)), IN[protocol])
		await other.leave()
	})
}

test('without TLS PLUS is not offered, and what is not offered is not taken', async () => {
	const { Talk } = await import('./support/talk.ts')
	const talk = await Talk.to(ports.pop3.plain)
	await talk.reply()
	talk.send('CAPA\r\n')
	assert.match(await talk.hear(/\r\n\.\r\n$/), /\r\nSASL SCRAM-SHA-256 OAUTHBEARER PLAIN LOGIN\r\n/)
	const first = new ScramClient(ALICE, 'x', { flag: { is: 'p', type: 'tls-exporter' } }).first()
	assert.match(await talk.say(`AUTH SCRAM-SHA-256-PLUS ${first.toString('base64')}`), /^-ERR/)
	talk.close()
})
