/**
 * The whole comparison: Postfix → Dovecot and Panpipe by turns on this machine, medians, one table.
 * `--json` adds one line of JSON at the end; `--runs N` (3); `--only local,pair,latency,directory,idle,imap,million,webmail,admin`
 * measures some of it; `--dir DIR` (/var/tmp) is where the mail lies: on a real disk, or fsync costs nothing and the
 * figures say nothing.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { adminRows } from './admin.ts'
import { type DirectoryFigures, measureDirectory } from './directory.ts'
import { imapRows } from './imap.ts'
import { latencies, type Mailbox, memoryPerIdle, messagesPerSecond } from './load.ts'
import { millionRows } from './million.ts'
import { PASSWORD, PanpipeNode } from './panpipe.ts'
import { quiet } from './processes.ts'
import { type Reference, startReference } from './reference.ts'
import { median, print, type Row } from './table.ts'
import { webmailRows } from './webmail.ts'

const MESSAGES = 5000
// A server runs for months: its first seconds, in which the compiler is still at work, are not what is compared.
const WARM_UP = { reference: 2000, panpipe: 10_000 }
const IDLE = { reference: 200, panpipe: 1000 }
const ACCOUNTS = 100_000
const PARTS = ['local', 'pair', 'latency', 'directory', 'idle', 'imap', 'million', 'webmail', 'admin']

const { values } = parseArgs({
	options: {
		json: { type: 'boolean', default: false },
		runs: { type: 'string', default: '3' },
		only: { type: 'string', default: PARTS.join(',') },
		dir: { type: 'string', default: '/var/tmp' },
	},
})
const parts = new Set(values.only.split(','))
const runs = Math.max(1, Number(values.runs))
const undo: (() => Promise<void> | void)[] = []
let cleaning: Promise<void> | null = null
const cleanUp = () => {
	cleaning ??= (async () => {
		for (let last = undo.pop(); last; last = undo.pop()) await last()
	})()
	return cleaning
}
/** Whoever is told to end while something starts waits for it, and ends it too. */
function begun<T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> {
	undo.push(async () => (await starting.catch(() => null))?.stop())
	return starting
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
	process.once(signal, () => void cleanUp().finally(() => process.exit(130)))
}

try {
	const root = mkdtempSync(join(values.dir, 'panpipe-bench-'))
	undo.push(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }))
	chmodSync(root, 0o755) // Postfix and Dovecot walk through it as users of their own
	await measure(root)
} finally {
	await cleanUp()
}

async function measure(root: string): Promise<void> {
	const rows: Row[] = []
	const reference = needsAny('local', 'pair', 'idle', 'imap') ? await begun(startReference(root)) : null
	note(reference ? `${reference.versions}; ` : '', `${cpus().length} CPUs, ${cpus()[0]?.model ?? ''}`)

	const alone = needsAny('local', 'idle') ? await started(root, 'alone', '127.88.0.11') : null
	const pair = needsAny('pair', 'latency') ? await startPair(root) : null
	const throughput = { reference: [] as number[], local: [] as number[], pair: [] as number[] }
	if (reference && needsAny('local', 'pair', 'idle'))
		await load(reference, referenceBox(reference, 'warm'), WARM_UP.reference)
	if (alone) await load(alone, await mailbox(alone, 'warm'), WARM_UP.panpipe)
	if (pair) await load(pair.a, await mailbox(pair.b, 'warm', pair.a), WARM_UP.panpipe)

	if (needsAny('local', 'pair')) {
		for (let run = 1; run <= runs; run++) {
			// Every run goes into a mailbox of its own: all start with the same, an empty one.
			throughput.reference.push(await load(reference!, referenceBox(reference!, `run${run}`), MESSAGES))
			note(`run ${run}: Postfix → Dovecot ${throughput.reference.at(-1)!.toFixed(0)}/s`)
			if (parts.has('local')) {
				throughput.local.push(await load(alone!, await mailbox(alone!, `run${run}`), MESSAGES))
				note(`run ${run}: Panpipe, one node ${throughput.local.at(-1)!.toFixed(0)}/s`)
			}
			if (parts.has('pair')) {
				throughput.pair.push(await load(pair!.a, await mailbox(pair!.b, `run${run}`, pair!.a), MESSAGES))
				note(`run ${run}: Panpipe, A → B ${throughput.pair.at(-1)!.toFixed(0)}/s`)
			}
		}
	}
	if (parts.has('local'))
		rows.push(rateRow('SMTP in → mailbox, one node', throughput.reference, throughput.local, 15))
	if (parts.has('pair'))
		rows.push(rateRow('SMTP in at A → mailbox at B', throughput.reference, throughput.pair, 4))
	if (parts.has('latency')) {
		const found = await latencies(
			{ host: pair!.a.host, port: pair!.a.smtp },
			await mailbox(pair!.b, 'latency', pair!.a),
			50,
		)
		rows.push({
			name: "A's 250 → seen at B, idle",
			unit: 'ms',
			reference: null,
			panpipe: median(found),
			wanted: { below: 20 },
		})
	}
	await Promise.all([alone?.stop(), pair?.a.stop(), pair?.b.stop()])
	if (parts.has('idle')) rows.push(await idleRow(root, reference!))
	if (parts.has('imap'))
		rows.push(...(await imapRows(root, reference!, runs, node => void undo.push(() => node.stop()), note)))
	await reference?.stop()
	if (parts.has('million')) rows.push(...(await millionRows(root, node => void undo.push(() => node.stop()))))
	if (parts.has('webmail'))
		rows.push(...(await webmailRows(root, runs, node => void undo.push(() => node.stop()), note)))
	if (parts.has('admin'))
		rows.push(...(await adminRows(root, runs, node => void undo.push(() => node.stop()), note)))
	if (parts.has('directory')) {
		const figures = await measureDirectory(root, ACCOUNTS, node => void undo.push(() => node.stop()))
		rows.push(...directoryRows(figures))
	}
	print(rows, { json: values.json, runs, messages: MESSAGES, throughput })
}

async function startPair(root: string): Promise<{ a: PanpipeNode; b: PanpipeNode }> {
	const a = await started(root, 'a', '127.88.0.12')
	const b = await begun(PanpipeNode.start(root, 'b', '127.88.0.13'))
	await a.join(b)
	return { a, b }
}

async function started(root: string, name: string, host: string): Promise<PanpipeNode> {
	const node = await begun(PanpipeNode.start(root, name, host))
	await node.say('domain', 'add', 'test.com')
	return node
}

/** A new account at the node; returns when the other node, if there is one, has heard of it. */
async function mailbox(node: PanpipeNode, name: string, other?: PanpipeNode): Promise<Mailbox> {
	const login = `${name}@test.com`
	await node.addAccount(login)
	const wanted = await node.accounts()
	while (other && (await other.accounts()) < wanted) await sleep(50)
	return { host: node.host, port: node.imap, login, password: PASSWORD }
}

function referenceBox({ host, imap, password }: Reference, name: string): Mailbox {
	return { host, port: imap, login: `${name}@test.com`, password }
}

async function load(to: PanpipeNode | Reference, box: Mailbox, messages: number): Promise<number> {
	const rate = await messagesPerSecond({ host: to.host, port: to.smtp }, box, messages)
	await quiet('pid' in to ? [to.pid] : [to.postfix, to.dovecot])
	return rate
}

/** Into an INBOX with the messages of the warm-up. */
async function idleRow(root: string, reference: Reference): Promise<Row> {
	const found = { reference: [] as number[], panpipe: [] as number[] }
	for (let run = 1; run <= runs; run++) {
		found.reference.push(
			await memoryPerIdle(reference.dovecot, referenceBox(reference, 'warm'), IDLE.reference),
		)
		// Started anew: a heap that has grown before would hide what the connections take.
		const node = await begun(PanpipeNode.start(root, 'alone', '127.88.0.11'))
		const box = { host: node.host, port: node.imap, login: 'warm@test.com', password: PASSWORD }
		found.panpipe.push(await memoryPerIdle(node.pid, box, IDLE.panpipe))
		await node.stop()
		note(
			`run ${run}: an idle IMAP connection: Dovecot ${kib(found.reference.at(-1)!)}, Panpipe ${kib(found.panpipe.at(-1)!)} KiB`,
		)
	}
	return {
		name: 'memory per idle IMAP connection',
		unit: 'KiB',
		reference: median(found.reference) / 1024,
		panpipe: median(found.panpipe) / 1024,
		wanted: { ratioBelow: 0.2 },
	}
}

function directoryRows({ accounts, joinSeconds, residentOctets, lookupMicros }: DirectoryFigures): Row[] {
	const name = `${accounts.toLocaleString('en')} accounts`
	const own = { reference: null }
	return [
		{ ...own, name: `${name}: join complete`, unit: 's', panpipe: joinSeconds, wanted: { below: 15 } },
		{
			...own,
			name: `${name}: memory of a node`,
			unit: 'MB',
			panpipe: residentOctets / 1e6,
			wanted: { below: 400 },
		},
		{ ...own, name: `${name}: address lookup`, unit: 'µs', panpipe: lookupMicros, wanted: { below: 10 } },
	]
}

function rateRow(name: string, reference: number[], panpipe: number[], atLeast: number): Row {
	return {
		name,
		unit: 'msgs/s',
		reference: median(reference),
		panpipe: median(panpipe),
		wanted: { ratioAbove: atLeast },
	}
}

function needsAny(...names: string[]): boolean {
	return names.some(name => parts.has(name))
}

function kib(octets: number): string {
	return (octets / 1024).toFixed(1)
}

function note(...words: string[]): void {
	process.stderr.write(`${words.join('')}\n`)
}
