import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { createTransport } from 'nodemailer'
import { flow } from '../support/desk.ts'
import { noise } from '../support/letters.ts'
import { PORTS, until } from '../support/nodes.ts'
import { type Town, tls } from './town.ts'

export function nodeTests(town: Town): void {
	test('nodemailer sends with a Chinese file name, with STARTTLS and with implicit TLS', async () => {
		for (const { where, node } of town.places) {
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
				for (const desk of [town.bob, town.zhangwei]) {
					await desk.arrived('subject', subject)
					assert.deepEqual(await desk.attachments(subject), [
						{ name: '合同(最终版).pdf', content: noise(100_000) },
					])
				}
			}
		}
	})

	test('imapflow in IDLE hears within a second of a message that was handed in at the other node', async () => {
		for (const { where, node } of town.places) {
			const client = await flow(node.ip, 'alice@test.com')
			const before = (await client.mailboxOpen('INBOX')).exists
			const idling = client.idle()
			const heard = once(client, 'exists', { signal: AbortSignal.timeout(5000) })
			const outside = createTransport({ host: town.b.ip, port: PORTS.smtp, tls })
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
			['home', town.a, town.b],
			['away', town.b, town.a],
		] as const) {
			const box = `flags-${where}`
			await town.alice.fill(
				box,
				Array.from({ length: 25 }, () => town.own[0]!.bytes),
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
				[...(await town.alice.flags(box)).keys()],
				Array.from({ length: 15 }, (_, i) => i + 11),
			)
			const there = await town.alice.flags(`${box}/归档`)
			assert.deepEqual(
				[...there.values()],
				Array.from({ length: 10 }, () => ['\\Flagged']),
			)
		}
	})
}
