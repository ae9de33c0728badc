import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { small } from '../support/letters.ts'
import { PORTS } from '../support/nodes.ts'
import type { Place, Town } from './town.ts'

/** Run with one certificate to trust. Searches, flags, copies, moves and deletes in `box`. */
function script({ node, tls }: Place, box: string): string {
	return `
options.certificates = false
options.hostnames = false
options.create = true
options.charset = 'UTF-8'
options.timeout = 10
alice = IMAP {
	server = '${node.ip}', port = ${tls === 'implicit' ? PORTS.imaps : PORTS.imap},
	username = 'alice@test.com', password = 'secret', ${tls === 'implicit' ? "ssl = 'auto'," : ''}
}
box = alice['${box}']
exist, recent, unseen = box:check_status()
assert(exist == 5 and unseen == 5, 'status')
assert(#box:contain_subject('预算') == 1, 'a Chinese subject')
assert(#(box:is_unseen() * box:is_smaller(100000)) == 5, 'unseen and small')
box:contain_subject('report'):mark_flagged()
box:contain_subject('预算'):copy_messages(alice['${box}/归档'])
box:contain_body('明天开会'):move_messages(alice['${box}/归档'])
box:match_subject('^plain'):delete_messages()
`
}

export function imapfilterTests(town: Town): void {
	test('imapfilter searches Chinese, flags, copies, moves and deletes', async () => {
		for (const place of town.places) {
			const box = `filter-${place.where}`
			const messages = small(box).map(({ bytes }) => bytes)
			await town.alice.fill(box, messages)
			const rc = join(town.folder, `${box}.lua`)
			writeFileSync(rc, script(place, box))
			await town.run('imapfilter', `-c ${rc} -t ${await town.certificate(place.node)}`)
			const left = await town.alice.flags(box)
			assert.deepEqual([...left.keys()], [2, 3, 5])
			assert.ok(left.get(2)!.includes('\\Flagged'))
			assert.deepEqual(await town.alice.all(`${box}/归档`), [messages[2], messages[3]])
		}
	})
}
