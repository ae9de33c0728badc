import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PORTS } from '../support/nodes.ts'
import { assertEndsWith, type Town } from './town.ts'

const ALWAYS = '-sS -k --ssl-reqd --max-time 10'

export function curlTests(town: Town): void {
	const fetch = (user: string, url: string) => town.run('curl', `${ALWAYS} -u ${user}:secret ${url}`)

	test('curl uploads a letter, and one with bare LF, which is kept with CRLF', async () => {
		for (const { where, node } of town.places) {
			for (const [scheme, port] of [
				['smtp', PORTS.submission],
				['smtps', PORTS.submissions],
			] as const) {
				for (const end of ['\r\n', '\n']) {
					const subject = `curl-${scheme}-${where}-${end.length}`
					const head = [
						'From: alice@test.com',
						'Date: Mon, 23 Nov 2026 10:00:00 +0800',
						`Subject: ${subject}`,
					]
					const lines = [...head, `Message-ID: <${subject}@test.com>`, '', 'one', '.two', '.', '三', '']
					const envelope = '--mail-from alice@test.com --mail-rcpt bob@test.com --mail-rcpt 张伟@test.com'
					const url = `${scheme}://${node.ip}:${port}/client.example.org`
					await town.run(
						'curl',
						`${ALWAYS} -u alice@test.com:secret ${envelope} -T - ${url}`,
						[],
						lines.join(end),
					)
					for (const desk of [town.bob, town.zhangwei]) {
						// In a bare LF curl sees no line end; it puts one of its own after the last.
						const sent = `${lines.join('\r\n')}${end === '\n' ? '\r\n' : ''}`
						assertEndsWith(await desk.arrived('subject', subject), Buffer.from(sent))
					}
				}
			}
		}
	})

	test('curl lists and fetches by IMAP, with STARTTLS and with implicit TLS, the same octets at each node', async () => {
		for (const { user, messages } of town.stored) {
			for (const { node } of town.places) {
				for (const url of [`imap://${node.ip}:${PORTS.imap}`, `imaps://${node.ip}:${PORTS.imaps}`]) {
					assert.match((await fetch(user, `${url}/`)).toString(), /^\* LIST \([^)]*\) "\/" INBOX\r$/m)
					const found = await fetch(user, `${url}/INBOX?HEADER%20Message-ID%20chinese.own`)
					assert.equal(found.toString(), '* SEARCH 3\r\n')
					for (const [index, message] of messages.entries()) {
						assert.ok(
							(await fetch(user, `${url}/INBOX;UID=${index + 1}`)).equals(message),
							`message ${index + 1}`,
						)
					}
				}
			}
		}
	})

	test('curl lists and fetches by POP3, with STLS and with implicit TLS, the same octets at each node', async () => {
		for (const { user, messages } of town.stored) {
			const scan = messages.map((message, index) => `${index + 1} ${message.length}\r\n`).join('')
			for (const { node } of town.places) {
				for (const url of [`pop3://${node.ip}:${PORTS.pop3}`, `pop3s://${node.ip}:${PORTS.pop3s}`]) {
					assert.equal((await fetch(user, `${url}/`)).toString(), scan)
					for (const [index, message] of messages.entries()) {
						assert.ok((await fetch(user, `${url}/${index + 1}`)).equals(message), `message ${index + 1}`)
					}
				}
			}
		}
	})
}
