/**
 * Searching a mailbox of 10,000 messages of 4 KiB, Dovecot (without a full-text plugin) and Panpipe by turns on this
 * machine; medians. Both must find the same. `node bench/search.ts [--messages N] [--runs N] [--dir DIR]`; root and
 * the packages that bench/run.sh installs are needed.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { ImapClient } from './imap-client.ts'
import { fill } from './letters.ts'
import type { Mailbox } from './load.ts'
import { PASSWORD, PanpipeNode } from './panpipe.ts'
import { startReference } from './reference.ts'

const { values } = parseArgs({
	options: {
		messages: { type: 'string', default: '10000' },
		runs: { type: 'string', default: '9' },
		dir: { type: 'string', default: '/var/tmp' },
	},
})
const messages = Number(values.messages)

const QUERIES = [
	'TEXT quartz',
	'BODY zephyr',
	'BODY meeting',
	'BODY nowhere',
	'TEXT artz',
	'TEXT "quartz 明天"',
	'BODY 会议',
	'SUBJECT quarterly',
	'FROM zoe@example',
	'UNSEEN TEXT quartz',
]

const undo: (() => Promise<void> | void)[] = []
try {
	const root = mkdtempSync(join(values.dir, 'panpipe-bench-'))
	undo.push(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }))
	chmodSync(root, 0o755)
	const reference = await startReference(root)
	undo.push(() => reference.stop())
	const node = await PanpipeNode.start(root, 'search', '127.88.0.21')
	undo.push(() => node.stop())
	await node.say('domain', 'add', 'search.test')
	await node.addAccount('user@search.test')
	const theirs: Mailbox = {
		host: reference.host,
		port: reference.imap,
		login: 'user@test.com',
		password: reference.password,
	}
	const ours: Mailbox = { host: node.host, port: node.imap, login: 'user@search.test', password: PASSWORD }
	for (const mailbox of [theirs, ours]) {
		const started = performance.now()
		await fill(mailbox, messages)
		process.stdout.write(`${messages} messages appended in ${(performance.now() - started).toFixed(0)} ms\n`)
	}
	const clients = [await signIn(theirs), await signIn(ours)]
	const settled = performance.now()
	for (let quick = 0; quick < 3; ) {
		const { spent } = await ask(clients[1]!, 'BODY nowhere')
		quick = spent < 30 ? quick + 1 : 0
		await sleep(200)
		if (performance.now() - settled > 120_000) break
	}
	process.stdout.write(`indexed ${(performance.now() - settled).toFixed(0)} ms later\n\n`)
	for (const query of QUERIES) {
		const spent: number[][] = [[], []]
		for (let run = 0; run < Number(values.runs); run++) {
			const found: string[] = []
			for (const [i, client] of clients.entries()) {
				const answer = await ask(client, query)
				spent[i]!.push(answer.spent)
				found.push(answer.found)
			}
			if (found[0] !== found[1]) throw new Error(`${query}: ${found[0]} and ${found[1]}`)
		}
		const [dovecot, panpipe] = spent.map(list => list.sort((a, b) => a - b)[list.length >> 1]!)
		process.stdout.write(
			`${query.padEnd(22)} Dovecot ${dovecot!.toFixed(1)} ms  Panpipe ${panpipe!.toFixed(1)} ms  ${(dovecot! / panpipe!).toFixed(1)} × faster\n`,
		)
	}
	for (const client of clients) client.close()
} finally {
	for (const each of undo.splice(0).reverse()) await each()
}

async function signIn(mailbox: Mailbox): Promise<ImapClient> {
	const client = await ImapClient.signIn(mailbox.host, mailbox.port, mailbox.login, mailbox.password)
	await client.command('SELECT INBOX')
	return client
}

async function ask(client: ImapClient, query: string): Promise<{ spent: number; found: string }> {
	const started = performance.now()
	const lines = await client.command(`SEARCH ${literals(query)}`)
	const found = lines.find(line => line.startsWith('* SEARCH')) ?? ''
	return { spent: performance.now() - started, found: found.trim() }
}

/** What is not ASCII goes as a literal, in UTF-8. */
function literals(query: string): string {
	if (/^[\x20-\x7e]*$/.test(query)) return query
	return `CHARSET UTF-8 ${query.replace(/"([^"]*)"$|([^\x20-\x7e]+)$/, (_, quoted, bare) => {
		const text: string = quoted ?? bare
		return `{${Buffer.byteLength(text)}+}\r\n${text}`
	})}`
}
