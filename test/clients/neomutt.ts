import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { letters, noise } from '../support/letters.ts'
import { PORTS } from '../support/nodes.ts'
import { type Place, type Town, unix } from './town.ts'

/** Sends by submission, reads `mailbox`; certificates it does not know are refused. */
function settings({ node, tls }: Place, certificate: string, mailbox = 'INBOX'): string {
	const [smtp, imap] =
		tls === 'implicit'
			? [`smtps://alice@test.com@${node.ip}:${PORTS.submissions}/`, `imaps://${node.ip}:${PORTS.imaps}/`]
			: [`smtp://alice@test.com@${node.ip}:${PORTS.submission}/`, `imap://${node.ip}:${PORTS.imap}/`]
	return `set from=alice@test.com realname='爱丽丝' use_from=yes copy=no record=''
set smtp_url='${smtp}' smtp_pass=secret
set imap_user=alice@test.com imap_pass=secret
set folder='${imap}' spool_file='+${mailbox}' mail_check=60
set ssl_starttls=yes ssl_force_tls=yes ssl_verify_host=no certificate_file='${certificate}'
set header_cache='' message_cachedir='' sort=mailbox-order
set quit=yes delete=yes resolve=no confirm_append=no confirm_create=no wait_key=no beep=no sleep_time=0 timeout=5
set pipe_split=yes pipe_decode=no pipe_sep=''
set charset=utf-8 send_charset=utf-8 config_charset=utf-8
`
}

export function neomuttTests(town: Town): void {
	test('neomutt sends what it is given, with an attachment', async () => {
		writeFileSync(join(town.folder, '附件.bin'), noise(30_000))
		for (const place of town.places) {
			const rc = join(town.folder, `mutt-send-${place.where}`)
			writeFileSync(rc, settings(place, await town.certificate(place.node)))
			const subject = `neomutt ${place.where} 你好`
			const words = ['-s', subject, '-a', '附件.bin', '--', 'bob@test.com']
			await town.run('neomutt', `-n -F ${rc}`, words, '第一行\n.a dot\n')
			const message = (await town.bob.arrived('subject', subject)).toString()
			assert.match(message, /with ESMTPSA id/)
			assert.deepEqual(await town.bob.attachments(subject), [{ name: '附件.bin', content: noise(30_000) }])
		}
	})

	test('neomutt opens a mailbox, reads every message, flags one and deletes one', async () => {
		for (const place of town.places) {
			const box = `mutt-${place.where}`
			const messages = letters(box).map(({ bytes }) => bytes)
			await town.alice.fill(box, messages)
			const rc = join(town.folder, `mutt-read-${place.where}`)
			writeFileSync(rc, settings(place, await town.certificate(place.node), box))
			const into = join(town.folder, box)
			const read = `<tag-pattern>~A<enter><tag-prefix><pipe-message>${keeper(into)}<enter><untag-pattern>~A<enter>`
			const keys = `${read}<first-entry><flag-message><next-entry><delete-message><quit>`
			// On a terminal of its own, where these keys are pressed.
			await town.run('script', '-q -e -c', [`neomutt -n -F '${rc}' -e 'push "${keys}"'`, '/dev/null'])
			const kept = readdirSync(into).map(name => readFileSync(join(into, name), 'latin1'))
			assert.deepEqual(kept.sort(), messages.map(unix).sort())
			const flags = await town.alice.flags(box)
			assert.deepEqual([...flags.keys()], [1, 3, 4, 5, 6])
			assert.ok(flags.get(1)!.includes('\\Flagged'))
		}
	})
}

/** A program that puts what it is given into a new file of `folder`. */
export function keeper(folder: string): string {
	mkdirSync(folder)
	const file = `${folder}.sh`
	writeFileSync(file, `#!/bin/sh\nexec cat >"$(mktemp '${folder}/XXXXXXXX')"\n`)
	chmodSync(file, 0o755)
	return file
}
