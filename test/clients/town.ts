import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTransport } from 'nodemailer'
import { certificateOf, Desk } from '../support/desk.ts'
import { letters } from '../support/letters.ts'
import { endAll, joinTo, PORTS, TestNode, until } from '../support/nodes.ts'
import { run } from '../support/program.ts'

/** For programs that are told to trust whatever certificate they see. */
export const tls = { rejectUnauthorized: false }

/** Where a program of alice's connects, and how. */
export type Place = { where: 'home' | 'away'; node: TestNode; tls: 'starttls' | 'implicit' }

/** Two joined nodes. alice, carol and 张伟 live at the first, bob and dave at the second. */
export class Town {
	readonly a: TestNode
	readonly b: TestNode
	/** At alice's home, and at the other node, from where the connection walks. */
	readonly places: Place[]
	/** What carol and dave have got: one of every kind. */
	readonly own = letters('own')
	/** Their INBOXes as they are stored, octet for octet. */
	readonly stored: { user: string; messages: Buffer[] }[] = []
	/** For what the programs need; their home directory. */
	readonly folder = mkdtempSync(join(tmpdir(), 'panpipe-clients-'))
	alice!: Desk
	bob!: Desk
	zhangwei!: Desk

	constructor(a = '127.0.0.81', b = '127.0.0.82') {
		this.a = new TestNode(a)
		this.b = new TestNode(b)
		this.places = [
			{ where: 'home', node: this.a, tls: 'starttls' },
			{ where: 'away', node: this.b, tls: 'implicit' },
		]
	}

	async begin(): Promise<void> {
		const { a, b } = this
		await Promise.all([a.start(), b.start()])
		for (const node of [a, b]) await node.say('domain add', { domain: 'test.com' })
		for (const local of ['alice', 'carol', '张伟']) await a.addAccount(`${local}@test.com`)
		for (const local of ['bob', 'dave']) await b.addAccount(`${local}@test.com`)
		await joinTo(a, b)
		for (const node of [a, b]) {
			await until('all are known', 5000, async () => (await node.say('account list')).length === 5)
		}
		this.alice = await Desk.of(a.ip, 'alice@test.com')
		this.bob = await Desk.of(b.ip, 'bob@test.com')
		this.zhangwei = await Desk.of(a.ip, '张伟@test.com')
		await this.#fill('carol@test.com', a)
		await this.#fill('dave@test.com', b)
	}

	async #fill(user: string, home: TestNode): Promise<void> {
		const outside = createTransport({ host: this.b.ip, port: PORTS.smtp, pool: true, maxConnections: 1, tls })
		for (const { bytes } of this.own) {
			await outside.sendMail({ envelope: { from: 'x@example.org', to: user }, raw: bytes })
		}
		outside.close()
		const desk = await Desk.of(home.ip, user)
		for (const { id, bytes } of this.own) assertEndsWith(await desk.arrived('message-id', id), bytes)
		this.stored.push({ user, messages: await desk.all() })
		await desk.close()
	}

	async end(): Promise<void> {
		await Promise.all([this.alice, this.bob, this.zhangwei].map(desk => desk?.close()))
		await endAll()
		rmSync(this.folder, { recursive: true, force: true })
	}

	/** What the program printed; words without blanks in them may be written together. @throws unless it ends well */
	run(
		program: string,
		words: string,
		more: string[] = [],
		input: string | Buffer = '',
		ms?: number,
	): Promise<Buffer> {
		return run(this.folder, [program, ...words.split(' '), ...more], input, ms)
	}

	/** A file with the certificate that is shown there. */
	async certificate({ ip }: TestNode): Promise<string> {
		const file = join(this.folder, `${ip}.pem`)
		writeFileSync(file, await certificateOf(ip))
		return file
	}
}

/** The message is what was sent, under trace fields of ours. */
export function assertEndsWith(message: Buffer, sent: Buffer): void {
	const at = message.length - sent.length
	if (at <= 0 || !message.subarray(at).equals(sent)) assert.equal(message.toString(), sent.toString())
	assert.match(message.toString('latin1', 0, at), /^Return-Path: <[^\r]*>\r\nReceived: from /)
}

/** As programs keep text on a Unix machine. */
export const unix = (message: Buffer) => message.toString('latin1').replaceAll('\r\n', '\n')
