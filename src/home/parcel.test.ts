import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openStore } from '../store/index.ts'
import { allDone, lineOf, takeIn } from './parcel.ts'

test('mail of a mailbox whose name is made no more comes along', async () => {
	const dir = mkdtempSync(join(tmpdir(), 'panpipe-parcel-'))
	const store = await openStore({ dir, node: 'here' })
	try {
		allDone(await store.write([{ do: 'account.create', account: 'zhang' }]))
		const octets = Buffer.from('Subject: x\r\n\r\nx\r\n')
		const about = { name: 'a/..', role: null }
		const message = { flags: 0, keywords: [], internalDate: 0, size: octets.length, once: 'one' }
		const parcel = [
			lineOf({ is: 'mailbox', ...about, subscribed: true }),
			lineOf({ is: 'message', ...about, ...message }),
			octets,
		]
		await takeIn(
			store,
			'zhang',
			(async function* () {
				yield* parcel
			})(),
		)
		assert.equal(store.reader.mailbox('zhang', 'a/__')!.messages, 1)
	} finally {
		await store.close()
		rmSync(dir, { recursive: true })
	}
})
