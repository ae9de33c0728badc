/** Big directories: how one is made quickly, how long two nodes take to share it, what a look into it costs. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Links } from '../src/cluster/index.ts'
import { type Directory, openDirectory } from '../src/directory/index.ts'
import { silentLog, systemClock } from '../src/kit/index.ts'
import { PanpipeNode, WEB_PORT } from './panpipe.ts'

export type DirectoryFigures = {
	accounts: number
	joinSeconds: number
	residentOctets: number
	lookupMicros: number
}

/** A node with that many accounts takes in an empty one. */
export async function measureDirectory(
	root: string,
	accounts: number,
	started: (node: PanpipeNode) => void,
): Promise<DirectoryFigures> {
	const first = await PanpipeNode.start(root, 'large', '127.88.0.21')
	started(first)
	await first.say('domain', 'add', 'test.com')
	const { node: self } = await first.say<{ node: string }>('status')
	await first.stop()
	await fill(first.dir, self, accounts)
	const large = await PanpipeNode.start(root, 'large', '127.88.0.21')
	started(large)
	const empty = await PanpipeNode.start(root, 'empty', '127.88.0.22')
	started(empty)
	const { code } = await empty.say<{ code: string }>('node', 'code')

	let residentOctets = 0
	const begun = performance.now()
	const adding = large.say('node', 'add', empty.host, String(WEB_PORT), code)
	adding.catch(() => {}) // awaited below
	for (;;) {
		await sleep(100)
		residentOctets = Math.max(residentOctets, large.residentMemory, empty.residentMemory)
		if ((await empty.accounts()) >= accounts) break
		if (performance.now() - begun > 60_000)
			throw new Error('the directories were not complete after a minute')
	}
	await adding
	const joinSeconds = (performance.now() - begun) / 1000
	await sleep(1000)
	residentOctets = Math.max(residentOctets, large.residentMemory, empty.residentMemory)
	await Promise.all([large.stop(), empty.stop()])
	return { accounts, joinSeconds, residentOctets, lookupMicros: lookups(empty.dir, accounts) }
}

/** Writes the accounts into the directory of a stopped node: making them is not what is measured. */
export async function fill(dir: string, self: string, accounts: number): Promise<void> {
	const directory = open(dir, self)
	const wanted = Array.from({ length: accounts }, (_, i) => ({ address: address(i), home: self }))
	const refused = (await directory.addAccounts(wanted)).find(made => made instanceof Error)
	directory.close()
	if (refused) throw refused
}

/** Microseconds of one lookup, the addresses asked in no order. The first round fills the caches, the second counts. */
function lookups(dir: string, accounts: number): number {
	const { id } = JSON.parse(readFileSync(join(dir, 'node.json'), 'utf8')) as { id: string }
	const directory = open(dir, id)
	let spent = 0
	for (let round = 0; round < 2; round++) {
		const started = performance.now()
		// A step that has no factor in common with the count visits every account once.
		for (let i = 0, at = 0; i < accounts; i++, at = (at + 61_803) % accounts) {
			if (directory.lookup(address(at)).is !== 'account') throw new Error(`${address(at)} is not there`)
		}
		spent = performance.now() - started
	}
	directory.close()
	return (spent * 1000) / accounts
}

function open(dir: string, self: string): Directory {
	const file = join(dir, 'directory.sqlite')
	return openDirectory({ file, self, clock: systemClock, log: silentLog, links: nobody(self) })
}

const address = (i: number) => `person${i}@test.com`

/** The links of a node that is alone and not running. */
function nobody(self: string): Links {
	const none = () => () => {}
	return {
		self,
		engineRunning: false,
		publish() {},
		subscribe: none,
		request: async () => {
			throw new Error('nobody is there')
		},
		answer() {},
		addToBeat() {},
		beatNow() {},
		onBeat: none,
		onPeerUp: none,
		onPeerDown: none,
		peers: () => [],
		connect: async () => {
			throw new Error('nobody is there')
		},
	}
}
