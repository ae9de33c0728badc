import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { PORTS } from '../support/nodes.ts'
import { keeper } from './neomutt.ts'
import { type Town, unix } from './town.ts'

/** To a program (into a Maildir it delivers nothing as root); what was fetched once is not fetched again. */
function settings(protocol: 'IMAP' | 'POP3', ip: string, user: string, mda: string): string {
	return `[retriever]
type = Simple${protocol}SSLRetriever
server = ${ip}
port = ${protocol === 'IMAP' ? PORTS.imaps : PORTS.pop3s}
username = ${user}
password = secret
[destination]
type = MDA_external
path = ${mda}
allow_root_commands = true
[options]
read_all = false
delete = false
delivered_to = false
received = false
`
}

/** getmail looks out for the end of its program only after it has started it: one that has ended by then is waited for in vain. */
function patient(program: string): string {
	const file = `${program}.patient`
	const waits = 'until grep -q "^State:.S" /proc/$PPID/status; do :; done'
	writeFileSync(file, `#!/bin/sh\n${waits}\nexec '${program}'\n`)
	chmodSync(file, 0o755)
	return file
}

export function getmailTests(town: Town): void {
	test('getmail fetches everything by IMAP and by POP3, once', async () => {
		for (const { user, messages } of town.stored) {
			for (const { where, node } of town.places) {
				for (const protocol of ['IMAP', 'POP3'] as const) {
					const folder = join(town.folder, `getmail-${user}-${where}-${protocol}`)
					mkdirSync(folder)
					const into = join(folder, 'mail')
					const rc = join(folder, 'getmailrc')
					writeFileSync(rc, settings(protocol, node.ip, user, patient(keeper(into))), { mode: 0o600 })
					const fetched = async () => {
						await town.run('getmail', `--quiet --getmaildir ${folder} --rcfile ${rc}`)
						return readdirSync(into)
							.map(name => readFileSync(join(into, name), 'latin1').replace(/^X-getmail-.*\n/gm, ''))
							.sort()
					}
					const expected = messages.map(unix).sort()
					assert.deepEqual(await fetched(), expected)
					assert.deepEqual(await fetched(), expected, 'the second time')
				}
			}
		}
	})
}
