import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { small } from '../support/letters.ts'
import { PORTS } from '../support/nodes.ts'
import type { Town } from './town.ts'

export function pythonTests(town: Town): void {
	const python = async (script: string, words: string, more: string[] = []) =>
		(await town.run('python3', `${join(import.meta.dirname, script)} ${words}`, more)).toString()

	test('smtplib sends plain, with attachment, to two of whom one is not there, and to a Chinese address', async () => {
		const { bob, zhangwei } = town
		const attachment = Buffer.concat(Array(100).fill(Buffer.from(Array.from({ length: 256 }, (_, i) => i))))
		for (const { where, node } of town.places) {
			const words = `${node.ip} ${PORTS.submission} ${PORTS.submissions} alice@test.com secret bob@test.com ${where}`
			assert.equal(await python('smtp.py', words), '550 1\ndone\n')
			const plain = (await bob.arrived('subject', `${where} plain`)).toString()
			assert.match(plain, /\r\n第一行\r\n\.a dot\r\n\.\.two dots\r\n/)
			await bob.arrived('subject', `${where} two`)
			await bob.arrived('subject', `${where} 附件`)
			const attached = await bob.attachments(`${where} 附件`)
			assert.deepEqual(attached, [{ name: '二〇二六年报告.pdf', content: attachment }])
			const utf8 = (await zhangwei.arrived('subject', `${where} SMTPUTF8`)).toString()
			assert.match(utf8, /with UTF8SMTPSA id [\s\S]*^To: 张伟@test\.com\r$/m)
		}
	})

	test('imaplib makes a Chinese folder, appends, fetches, searches Chinese, flags, copies and expunges', async () => {
		const files = small('imaplib')
			.filter(({ fileName }) => fileName !== 'report.pdf')
			.map(({ id, bytes }) => {
				writeFileSync(join(town.folder, id), bytes)
				return join(town.folder, id)
			})
		for (const { where, node } of town.places) {
			const words = `${node.ip} ${PORTS.imap} ${PORTS.imaps} alice@test.com secret 项目&计划-${where}`
			assert.equal(await python('imap.py', words, files), 'done\n')
		}
	})

	test('poplib lists, fetches and deletes, and comes again', async () => {
		let left = town.stored.find(({ user }) => user === 'dave@test.com')!.messages
		for (const node of [town.b, town.a]) {
			const into = mkdtempSync(join(town.folder, 'pop-'))
			const words = `${node.ip} ${PORTS.pop3} ${PORTS.pop3s} dave@test.com secret ${into}`
			assert.equal(await python('pop.py', words), `${left.length - 1}\n`)
			for (const [index, message] of left.entries()) {
				assert.ok(readFileSync(join(into, String(index + 1))).equals(message), `message ${index + 1}`)
			}
			left = left.toSpliced(1, 1)
		}
	})
}
