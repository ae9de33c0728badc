import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog } from '../../src/kit/index.ts'
import {
	type House,
	listen,
	serveImap,
	serveLmtp,
	servePop3,
	serveSmtp,
	serveSubmission,
} from '../../src/servers/index.ts'
import { openStore } from '../../src/store/index.ts'
import { account, house } from '../support/house.ts'
import { type Language, languages } from './sessions.ts'

/** A server of one language, on loopback. */
export type Ground = { name: keyof typeof languages; language: Language; port: number }

export type Grounds = {
	all: Ground[]
	/** What the house called its own fault since the last look. */
	faults(): string[]
	close(): Promise<void>
}

/** Every language in this process, with one real store behind them; alice has ten messages. */
export async function openGrounds(): Promise<Grounds> {
	const folder = mkdtempSync(join(tmpdir(), 'panpipe-fuzz-'))
	const store = await openStore({ dir: folder, node: 'here' })
	const faults: string[] = []
	const log = Object.create(silentLog) as House['log']
	log.child = (() => log) as never
	log.error = log.fatal = ((what: unknown, text: string) => {
		const cause = (what as { err?: Error }).err
		faults.push(`${text}: ${cause?.stack ?? JSON.stringify(what)}`)
	}) as never
	const home = house({
		accounts: [account('alice'), account('bob'), account('dave', { home: 'gone' })],
		log,
		reader: store.reader,
		write: ops => store.write(ops),
		stage: () => store.stage(),
		changes: store.changes,
		connect: () => Promise.reject(new Error('nobody is there')),
		limits: {
			connectionsPerAddress: 1000,
			authFailuresPerAddress: 1e9,
			countLoopback: false,
			idleMs: 60_000,
			maxMessageSize: 100_000,
			maxRecipients: 5,
			messagesPerCommand: 1_000_000,
		},
	})
	for (const name of ['alice', 'bob']) await store.write([{ do: 'account.create', account: `id-of-${name}` }])
	for (let index = 0; index < 10; index++) {
		const body = store.stageSmall(
			Buffer.from(`Subject: number ${index}\r\n\r\n.text ${'word '.repeat(index * 50)}\r\n`),
		)
		const where = { account: 'id-of-alice', mailbox: 'INBOX', flags: 0, keywords: [], internalDate: 0 }
		await store.write([{ do: 'message.add', body, ...where }])
	}
	const door = { address: '127.0.0.1', port: 0, implicitTls: false, busy: '' }
	const doors = [
		{ ...door, name: 'imap', serve: serveImap },
		{ ...door, name: 'pop3', serve: servePop3 },
		{ ...door, name: 'smtp', serve: serveSmtp },
		{ ...door, name: 'submission', serve: serveSubmission },
		// As on the web port: the peer is a node of ours.
		{
			...door,
			name: 'lmtp',
			serve: ((house, entrance) =>
				serveLmtp(house, { ...entrance, implicitTls: true, node: 'there' })) as typeof serveLmtp,
		},
	]
	const listening = await listen(home, doors)
	return {
		all: listening.doors.map(({ name, port }) => {
			const known = name as Ground['name']
			return { name: known, language: languages[known], port }
		}),
		faults: () => faults.splice(0),
		async close() {
			await listening.close(0)
			await store.close()
			rmSync(folder, { recursive: true })
		},
	}
}
