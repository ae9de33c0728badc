import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { small } from '../support/letters.ts'
import { PORTS } from '../support/nodes.ts'
import { type Place, type Town, unix } from './town.ts'

/** One mailbox to a Maildir of the same name under `maildir`, changes both ways. */
export function settings(
	{ node, tls }: Place,
	certificate: string,
	mailbox: string,
	maildir: string,
): string {
	return `IMAPAccount account
Host ${node.ip}
Port ${tls === 'implicit' ? PORTS.imaps : PORTS.imap}
User alice@test.com
Pass secret
SSLType ${tls === 'implicit' ? 'IMAPS' : 'STARTTLS'}
CertificateFile ${certificate}

IMAPStore far
Account account

MaildirStore near
Path ${maildir}/
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns ${mailbox}
Create Near
Expunge Both
SyncState *
`
}

export function mbsyncTests(town: Town): void {
	test('mbsync pulls 200 messages, pushes flags and deletions back, and finds nothing to do the second time', async () => {
		const { alice, own, folder } = town
		const kinds = small('mbsync').map(({ bytes }) => bytes)
		const messages = Array.from({ length: 200 }, (_, index) =>
			Buffer.concat([Buffer.from(`X-Number: ${index + 1}\r\n`), kinds[index % kinds.length]!]),
		)
		messages[100] = Buffer.from(own.at(-1)!.bytes)
		for (const place of town.places) {
			const box = `sync-${place.where}`
			await alice.fill(box, messages, index => (index % 10 === 0 ? ['\\Seen'] : []))
			const maildir = join(folder, box)
			mkdirSync(maildir)
			writeFileSync(`${maildir}.rc`, settings(place, await town.certificate(place.node), box, maildir))
			const mbsync = () => town.run('mbsync', `-q -c ${maildir}.rc all`)
			const files = () =>
				['new', 'cur']
					.flatMap(sub => readdirSync(join(maildir, box, sub)).map(name => join(maildir, box, sub, name)))
					.sort((x, y) => number(x) - number(y))
			const number = (file: string) => Number(/,U=(\d+)/.exec(file)![1])

			await mbsync()
			const pulled = files()
			assert.equal(pulled.length, 200)
			for (const [index, message] of (await alice.all(box)).entries()) {
				assert.ok(message.equals(messages[index]!))
				// mbsync marks every message it copies with a line of its own.
				const kept = readFileSync(pulled[index]!, 'latin1').replace(/^X-TUID: .*\n/m, '')
				assert.equal(kept, unix(message), `message ${index + 1}`)
				assert.equal(/:2,S$/.test(pulled[index]!), index % 10 === 0, `flags of message ${index + 1}`)
			}

			renameSync(pulled[4]!, join(maildir, box, 'cur', basename(pulled[4]!).replace(/:2,.*/, ':2,FRS')))
			unlinkSync(pulled[5]!)
			await mbsync()
			const flags = await alice.flags(box)
			assert.equal(flags.size, 199)
			assert.deepEqual(flags.get(5), ['\\Answered', '\\Flagged', '\\Seen'])
			assert.equal(flags.get(6), undefined)
			assert.deepEqual(flags.get(7), [])

			const before = files()
			await mbsync()
			assert.deepEqual(files(), before)
			assert.deepEqual(await alice.flags(box), flags)
		}
	})
}
