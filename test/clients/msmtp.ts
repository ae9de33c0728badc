import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PORTS } from '../support/nodes.ts'
import { ending } from '../support/program.ts'
import type { Town } from './town.ts'

export function msmtpTests(town: Town): void {
	test('msmtp submits with SCRAM-SHA-256 and with PLAIN, and not with a wrong password, at each node', async () => {
		for (const { where, node, tls } of town.places) {
			const [port, starttls] = tls === 'starttls' ? [PORTS.submission, 'on'] : [PORTS.submissions, 'off']
			const line = `--host=${node.ip} --port=${port} --tls=on --tls-starttls=${starttls} --tls-certcheck=off`
			const send = (auth: string, password: string, subject: string) =>
				ending(
					town.folder,
					[
						...`msmtp ${line} --auth=${auth} --user=alice@test.com --from=alice@test.com --debug`.split(' '),
						`--passwordeval=echo ${password}`,
						'bob@test.com',
					],
					`From: alice@test.com\nTo: bob@test.com\nSubject: ${subject}\n\n你好\n.a dot\n`,
				)
			// By its own choice it tells the password, for the line is protected.
			for (const [auth, mechanism] of [
				['scram-sha-256', 'SCRAM-SHA-256'],
				['on', 'PLAIN'],
			] as const) {
				const subject = `msmtp-${auth}-${where}`
				const { status, out } = await send(auth, 'secret', subject)
				assert.equal(status, 0, out.toString())
				assert.ok(out.toString().includes(`--> AUTH ${mechanism}`), out.toString())
				const message = (await town.bob.arrived('subject', subject)).toString()
				assert.match(message, /with ESMTPSA id/)
				assert.ok(message.endsWith('\r\n\r\n你好\r\n.a dot\r\n'))
			}
			const refused = await send('scram-sha-256', 'wrong', 'never')
			assert.equal(refused.status, 77, refused.out.toString()) // EX_NOPERM
		}
	})
}
