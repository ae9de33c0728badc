import { setTimeout } from 'node:timers/promises'
import { z } from 'zod'
import { nodesNow } from './nodes.ts'
import { troublesOf } from './troubles.ts'
import { verb } from './verb.ts'

export const status = verb({
	about: 'is this node well: its peers, its queue, its mail',
	input: z.object({}),
	act: 'nodes:read',
	async run(office) {
		const { directory, store, cluster, clock } = office
		const nodes = nodesNow(office)
		const totals = store.reader.totals()
		const idle = nodes.length > 1 ? ('stopped' as const) : ('not needed' as const)
		const engine = cluster.links.engineRunning ? ('running' as const) : idle
		return {
			node: office.self,
			hostname: office.hostname,
			version: office.version,
			runtime: process.version,
			role: nodes.length > 1 ? ('member' as const) : ('alone' as const),
			upSince: new Date(office.started).toISOString(),
			uptimeMs: clock.now() - office.started,
			engine,
			accounts: {
				here: directory.countAccounts({ node: office.self }),
				everywhere: directory.countAccounts({}),
			},
			conflicts: [
				...directory.conflicts().map(({ address, claimed, home }) => ({ address, claimed, home })),
				...directory.conflictingGroups().map(({ address, claimed }) => ({ address, claimed })),
			],
			messages: totals.messages,
			octets: totals.size,
			queue: totals.queued,
			peers: nodes.filter(node => !node.self),
			problems: troublesOf(office).map(({ en }) => en),
			memory: process.memoryUsage.rss(),
		}
	},
})

export const rebuildCluster = verb({
	about: "throw away the engine's state and build it anew from the files of this node",
	input: z.object({}),
	act: 'nodes:change',
	slow: true,
	async run({ cluster, directory }) {
		const wereUp = cluster.links.peers().filter(peer => peer.state === 'up').length
		await cluster.rebuild()
		// The new engine finds the others within a second or two.
		for (let tries = 1; ; tries++) {
			const results = await directory.refresh()
			const reached = results.filter(result => result.state === 'done').length
			if (reached >= wereUp || tries === 20) return results
			await setTimeout(500)
		}
	},
})
