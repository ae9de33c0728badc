import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { letters } from '../support/letters.ts'
import { PORTS, type TestNode } from '../support/nodes.ts'
import { type Ended, ending } from '../support/program.ts'
import { assertEndsWith, type Town } from './town.ts'

const SIGN_IN = '--auth-user alice@test.com --auth-password secret'
const CRLF = Buffer.from('\r\n')

export function swaksTests(town: Town): void {
	function swaks(node: TestNode, port: number, words: string): Promise<Ended> {
		const always = `--server ${node.ip} --port ${port} --helo client.example.org --suppress-data --timeout 10`
		return ending(town.folder, ['swaks', ...`${always} ${words}`.split(' ')])
	}

	test('swaks brings every kind of letter from outside, at each node, to users of both, octet for octet', async () => {
		for (const { where, node } of town.places) {
			for (const { id, bytes } of letters(`swaks-${where}`)) {
				const file = join(town.folder, id)
				writeFileSync(file, bytes)
				const words = `--from x@example.org --to alice@test.com,bob@test.com --data @${file}`
				const { status, out } = await swaks(node, PORTS.smtp, words)
				assert.equal(status, 0, out.toString())
				for (const desk of [town.alice, town.bob]) {
					// swaks puts a CRLF of its own at the end of what it is given.
					assertEndsWith(await desk.arrived('message-id', id), Buffer.concat([bytes, CRLF]))
				}
			}
		}
	})

	test('swaks submits with PLAIN and with LOGIN, with STARTTLS and with implicit TLS, at each node', async () => {
		for (const { where, node } of town.places) {
			for (const mechanism of ['PLAIN', 'LOGIN']) {
				for (const [secure, port] of [
					['--tls', PORTS.submission],
					['--tls-on-connect', PORTS.submissions],
				] as const) {
					const subject = `swaks${secure}-${mechanism}-${where}`
					const words = `${secure} --auth ${mechanism} ${SIGN_IN} --from alice@test.com --to bob@test.com`
					const { status, out } = await swaks(node, port, `${words} --h-Subject ${subject}`)
					assert.equal(status, 0, out.toString())
					assert.match(out.toString(), /TLS started/)
					assert.match((await town.bob.arrived('subject', subject)).toString(), /with ESMTPSA id/)
				}
			}
		}
	})

	test('swaks cannot relay without signing in, nor sign in with a wrong password, nor send as somebody else', async () => {
		const secure = `--tls --auth PLAIN ${SIGN_IN}`
		for (const { node } of town.places) {
			for (const [port, words, answer] of [
				[PORTS.smtp, '--from alice@test.com --to x@example.org', /^<\*\* 550 5\.7\.1 /m],
				[PORTS.submission, '--from alice@test.com --to bob@test.com', /^<\*\* 530 5\.7\.0 /m],
				[PORTS.submission, `${secure}x --from alice@test.com --to bob@test.com`, /^<~\* 535 5\.7\.8 /m],
				[PORTS.submission, `${secure} --from bob@test.com --to bob@test.com`, /^<~\* 553 5\.7\.1 /m],
			] as const) {
				const { status, out } = await swaks(node, port, words)
				assert.notEqual(status, 0)
				assert.match(out.toString(), answer)
			}
		}
	})
}
