import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { LineClient, sendMail, smtp } from './support/clients.ts'
import { endAll, joinTo, PORTS, TestNode, until } from './support/nodes.ts'

/* kill -9 in the middle of a stream of mail, again and again: what was answered 250 is there, once. */

const ROUNDS = 10
const MESSAGES = 2000
const SENDERS = 8

after(endAll)

/** Uid and subject of everything in the INBOX with a uid above `after`, by IMAP. */
async function subjects(
	node: TestNode,
	login: string,
	after: number,
): Promise<[uid: number, subject: string][]> {
	const client = await LineClient.open(node.ip, PORTS.imap)
	await client.line()
	const out: [number, string][] = []
	for (const [tag, command] of [
		['a1', `LOGIN ${login} secret`],
		['a2', 'SELECT INBOX'],
		['a3', `UID FETCH ${after + 1}:* (UID BODY.PEEK[HEADER.FIELDS (SUBJECT)])`],
	] as const) {
		client.send(`${tag} ${command}\r\n`)
		let uid = 0
		for (let line = await client.line(); !line.startsWith(`${tag} `); line = await client.line()) {
			uid = Number(/UID (\d+)/.exec(line)?.[1] ?? uid)
			const subject = /^Subject: (.*)$/.exec(line)?.[1]
			if (subject !== undefined && uid > after) out.push([uid, subject])
		}
	}
	client.close()
	return out
}

test('every message that got its 250 is in its mailbox exactly once, whichever node was killed, whenever', async t => {
	const a = await new TestNode('127.0.0.31').start()
	const b = await new TestNode('127.0.0.32').start()
	for (const node of [a, b]) await node.say('domain add', { domain: 'test.com' })
	await a.addAccount('alice@test.com')
	await b.addAccount('bob@test.com')
	await joinTo(a, b)
	const boxes = [
		{ node: a, login: 'alice@test.com', seen: 0, found: new Map<string, number>() },
		{ node: b, login: 'bob@test.com', seen: 0, found: new Map<string, number>() },
	]
	const accepted = new Set<string>()
	let cut = 0

	for (let round = 0; round < ROUNDS; round++) {
		const victim = round % 2 === 0 ? a : b
		const killAt = 50 + Math.floor(Math.random() * (MESSAGES - 100))
		let answered = 0
		let killed: Promise<void> | null = null
		const send = async (sender: number) => {
			for (let i = sender; i < MESSAGES; ) {
				let client: LineClient
				try {
					client = await smtp(a.ip)
				} catch {
					return // it is dead
				}
				try {
					for (; i < MESSAGES; i += SENDERS) {
						const subject = `round-${round}-message-${i}`
						const to = i % 2 === 0 ? 'alice@test.com' : 'bob@test.com'
						const answer = await sendMail(
							client,
							'x@example.org',
							to,
							`Subject: ${subject}\r\n\r\n${'text '.repeat(200)}\r\n`,
						)
						assert.match(answer, /^250 /)
						accepted.add(subject)
						if (++answered === killAt) killed = victim.kill()
					}
				} catch (error) {
					if (error instanceof assert.AssertionError) throw error
					i += SENDERS // in doubt: no 250 was heard, it may be there or not
					cut++
				} finally {
					client.close()
				}
			}
		}
		await Promise.all(Array.from({ length: SENDERS }, (_, sender) => send(sender)))
		assert.ok(killed)
		await killed
		await victim.start()
		await until('the queue is empty', 20_000, async () => (await a.say('status')).queue === 0)
		for (const box of boxes) {
			for (const [uid, subject] of await subjects(box.node, box.login, box.seen)) {
				assert.ok(uid > box.seen, `uid ${uid} after ${box.seen}`)
				box.seen = uid
				box.found.set(subject, (box.found.get(subject) ?? 0) + 1)
			}
		}
	}

	const found = new Map([...boxes[0]!.found, ...boxes[1]!.found])
	const lost = [...accepted].filter(subject => !found.has(subject))
	const twice = [...found].filter(([, times]) => times > 1).map(([subject]) => subject)
	assert.deepEqual({ lost, twice }, { lost: [], twice: [] })
	assert.ok(accepted.size > ROUNDS * 50)
	t.diagnostic(`${accepted.size} accepted, ${found.size} found, ${cut} connections cut`)
	await Promise.all([a.stop(), b.stop()])
	for (const node of [a, b]) {
		for (const file of ['mail.sqlite', 'directory.sqlite']) {
			const db = new DatabaseSync(join(node.data, file))
			assert.deepEqual(
				db
					.prepare('PRAGMA integrity_check')
					.all()
					.map(row => ({ ...row })),
				[{ integrity_check: 'ok' }],
			)
			db.close()
		}
	}
})
