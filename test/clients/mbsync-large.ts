import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { LineClient } from '../support/clients.ts'
import { PORTS, until } from '../support/nodes.ts'
import { quiet } from '../support/program.ts'
import { settings } from './mbsync.ts'
import { type Town, unix } from './town.ts'

/** Ten thousand take minutes: `MBSYNC_MESSAGES=10000`. */
const MESSAGES = Number(process.env.MBSYNC_MESSAGES ?? 2000)
const CHANGED = MESSAGES / 20
const AT_ONCE = 500

const letter = (mark: string, index: number) =>
	Buffer.from(
		`Date: Mon, 23 Nov 2026 10:00:00 +0800\r\nFrom: x@example.org\r\nSubject: ${mark} ${index}\r\nMessage-ID: <${mark}.${index}@example.org>\r\n\r\n${`line ${index}\r\n`.repeat(20 + (index % 60))}`,
	)

/** Many messages in a few commands (MULTIAPPEND). */
async function fill(ip: string, box: string, messages: Buffer[]): Promise<void> {
	const client = await LineClient.open(ip, PORTS.imap)
	const said = async (tag: string) => {
		for (let line = ''; !line.startsWith(`${tag} OK`); line = await client.line())
			assert.doesNotMatch(line, /^\S+ (?:NO|BAD)/)
	}
	client.send(`a LOGIN alice@test.com secret\r\nb CREATE ${box}\r\n`)
	await said('b')
	for (let from = 0; from < messages.length; from += AT_ONCE) {
		client.send(`c APPEND ${box}`)
		for (const message of messages.slice(from, from + AT_ONCE)) {
			client.send(` {${message.length}+}\r\n`)
			client.send(message)
		}
		client.send('\r\n')
		await said('c')
	}
	client.close()
}

/** Looks without a pause: what it waits for lasts a few milliseconds. */
async function soon(what: string, condition: () => Promise<boolean>): Promise<void> {
	const end = performance.now() + 120_000
	while (!(await condition())) {
		if (performance.now() > end) throw new Error(`not within two minutes: ${what}`)
		await new Promise(setImmediate)
	}
}

/** Asks how many messages a mailbox has. */
class Watching {
	#client: LineClient
	#box: string

	private constructor(client: LineClient, box: string) {
		this.#client = client
		this.#box = box
	}

	static async of(ip: string, box: string): Promise<Watching> {
		const client = await LineClient.open(ip, PORTS.imap)
		client.send('a LOGIN alice@test.com secret\r\n')
		while (!(await client.line()).startsWith('a OK'));
		return new Watching(client, box)
	}

	async messages(): Promise<number> {
		this.#client.send(`b STATUS ${this.#box} (MESSAGES)\r\n`)
		let count = 0
		for (let line = ''; !line.startsWith('b '); line = await this.#client.line())
			count = Number(/MESSAGES (\d+)/.exec(line)?.[1] ?? count)
		return count
	}

	/** Resolves when the number stays the same for a while. */
	async settled(): Promise<void> {
		let last = -1
		await until('nothing more is added', 60_000, async () => {
			const now = await this.messages()
			const same = now === last
			last = now
			if (!same) await sleep(500)
			return same
		})
	}

	close(): void {
		this.#client.close()
	}
}

export function largeTests(town: Town): void {
	const home = town.places[0]!

	test(`mbsync, killed in the middle again and again, has ${MESSAGES} messages alike on both sides in the end`, {
		timeout: 600_000,
	}, async t => {
		const box = 'large'
		const messages = Array.from({ length: MESSAGES }, (_, index) => letter('far', index))
		await fill(home.node.ip, box, messages)
		const maildir = join(town.folder, box)
		mkdirSync(maildir)
		writeFileSync(
			`${maildir}.rc`,
			settings(home, await town.certificate(home.node), box, maildir).replace('Create Near', 'Create Both'),
		)
		const files = () => {
			try {
				return ['new', 'cur'].flatMap(sub =>
					readdirSync(join(maildir, box, sub)).map(name => join(maildir, box, sub, name)),
				)
			} catch {
				return [] // not made yet
			}
		}
		/** Starts it and kills it as soon as the condition is so; whether it was still at work then. */
		const killed = async (what: string, condition: () => boolean | Promise<boolean>) => {
			const child = spawn('mbsync', ['-q', '-c', `${maildir}.rc`, 'all'], {
				env: quiet(town.folder),
				stdio: 'ignore',
			})
			const ended = once(child, 'exit')
			await soon(what, async () => child.exitCode !== null || (await condition()))
			child.kill('SIGKILL')
			await ended
			return child.signalCode === 'SIGKILL'
		}
		const finish = () => town.run('mbsync', `-q -c ${maildir}.rc all`, [], '', 300_000)
		const alike = async (expected: number) => {
			// mbsync marks every message it copies with a line of its own.
			const plain = (text: string) => text.replace(/^X-TUID: .*\n/m, '')
			const near = files().map(file => plain(readFileSync(file, 'latin1')))
			const far = (await town.alice.all(box)).map(message => plain(unix(message)))
			assert.equal(far.length, expected)
			assert.deepEqual(near.sort(), far.sort())
			assert.equal(new Set(far).size, expected, 'no message twice')
		}

		const watching = await Watching.of(home.node.ip, box)
		const began = performance.now()
		for (const share of [0.2, 0.6])
			assert.ok(
				await killed('some were pulled', () => files().length > MESSAGES * share),
				`killed at ${share}`,
			)
		await finish()
		await alike(MESSAGES)

		const own = files().sort()
		for (const file of own.slice(0, CHANGED)) unlinkSync(file)
		for (const file of own.slice(CHANGED, 2 * CHANGED))
			renameSync(file, join(maildir, box, 'cur', basename(file).replace(/:2,.*|$/, ':2,FS')))
		for (let index = 0; index < CHANGED; index++)
			writeFileSync(join(maildir, box, 'new', `1795399200.${index}.here`), unix(letter('near', index)))
		const pushing = await killed('some were pushed', async () => (await watching.messages()) > MESSAGES + 5)
		// What the server was told before is still done; mbsync, started again at once, would not see all of it.
		await watching.settled()
		watching.close()
		await finish()
		await alike(MESSAGES)
		assert.equal(
			[...(await town.alice.flags(box)).values()].filter(flags => flags.includes('\\Flagged')).length,
			CHANGED,
		)
		const before = files().sort()
		await finish()
		assert.deepEqual(files().sort(), before)
		const seconds = Math.round((performance.now() - began) / 1000)
		t.diagnostic(
			`${MESSAGES} messages: ${seconds} s; killed twice while pulling, ${pushing ? 'once' : 'not'} while pushing`,
		)
	})
}
