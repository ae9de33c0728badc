import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { JmapClient } from '../support/jmap.ts'
import { PORTS } from '../support/nodes.ts'
import { ending } from '../support/program.ts'
import { keeper } from './neomutt.ts'
import { type Town, unix } from './town.ts'

/** Keeps the mail at the server and hands it to a program, unchanged. */
function settings(protocol: 'imap' | 'pop3', ip: string, tls: string, user: string, mda: string): string {
	const port = tls === 'implicit' ? PORTS[`${protocol}s`] : PORTS[protocol]
	const secure = tls === 'implicit' ? 'ssl' : "sslproto 'tls1.2+'"
	return `set invisible
poll ${ip} protocol ${protocol} port ${port} uidl
	user "${user}" password "secret" ${secure} no sslcertck
	keep fetchall no rewrite no mimedecode mda "${mda}"
`
}

export function fetchmailTests(town: Town): void {
	test('fetchmail fetches everything by IMAP and by POP3, with STARTTLS and with implicit TLS', async () => {
		const { user, messages } = town.stored[1]!
		for (const { where, node, tls } of town.places) {
			for (const protocol of ['imap', 'pop3'] as const) {
				const into = join(town.folder, `fetchmail-${where}-${protocol}`)
				const rc = `${into}.rc`
				const mda = keeper(into)
				// UIDL is POP3's; IMAP knows by itself.
				const text = settings(protocol, node.ip, tls, user, mda)
				writeFileSync(rc, protocol === 'imap' ? text.replace(' uidl', '') : text, { mode: 0o600 })
				const words = `fetchmail -f ${rc} --pidfile ${into}.pid --idfile ${into}.ids --nosyslog`.split(' ')
				const { status, out, err } = await ending(town.folder, words)
				assert.equal(status, 0, `${out}${err}`)
				const kept = readdirSync(into).map(name => readFileSync(join(into, name), 'latin1'))
				assert.deepEqual(kept.sort(), messages.map(unix).sort())
			}
		}
	})

	test('fetchmail takes the whole of a letter whose lines end in LF alone, before it deletes it', async () => {
		const { ip } = town.a
		await town.a.addAccount('eve@test.com')
		const eve = await JmapClient.open(ip, 'eve@test.com')
		const letter = 'Subject: of a file\n\none\n.\ntwo\n.three\n'
		const { list: boxes } = await eve.one('Mailbox/get', { properties: ['role'] })
		const inbox = boxes.find(({ role }: { role: string }) => role === 'inbox').id
		const { blobId } = await eve.upload(letter)
		const imported = await eve.one('Email/import', {
			emails: { a: { blobId, mailboxIds: { [inbox]: true } } },
		})
		assert.ok(imported.created?.a)
		const into = join(town.folder, 'fetchmail-lf')
		const text = settings('pop3', ip, 'implicit', 'eve@test.com', keeper(into))
		writeFileSync(`${into}.rc`, text.replace('keep fetchall', 'nokeep fetchall'), { mode: 0o600 })
		const words = `fetchmail -f ${into}.rc --pidfile ${into}.pid --idfile ${into}.ids --nosyslog`.split(' ')
		const { status, out, err } = await ending(town.folder, words)
		assert.equal(status, 0, `${out}${err}`)
		const kept = readdirSync(into).map(name => readFileSync(join(into, name), 'latin1'))
		assert.deepEqual(kept, [letter])
		assert.deepEqual((await eve.one('Email/query', {})).ids, [])
	})
}
