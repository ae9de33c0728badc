import { setTimeout } from 'node:timers/promises'
import { z } from 'zod'
import { nodesNow } from './nodes.ts'
import { type Office, verb } from './verb.ts'

export const status = verb({
	about: 'is this node well: its peers, its queue, its mail',
	input: z.object({}),
	act: 'nodes:read',
	async run(office) {
		const { directory, store, cluster, clock } = office
		const nodes = nodesNow(office)
		const totals = store.reader.totals()
		return {
			node: office.self,
			hostname: office.hostname,
			version: office.version,
			runtime: process.version,
			role: nodes.length > 1 ? 'member' : 'alone',
			upSince: new Date(office.started).toISOString(),
			uptimeMs: clock.now() - office.started,
			engine: cluster.links.engineRunning ? 'running' : nodes.length > 1 ? 'stopped' : 'not needed',
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
			problems: problemsOf(
				office,
				nodes.filter(node => !node.self),
			),
			memory: process.memoryUsage.rss(),
		}
	},
})

// Stamps of a clock ten minutes ahead are not taken any more; people are told long before.
const CLOCK_OFF_MS = 60_000

/** What is not well, each in a sentence that says what to do. */
function problemsOf({ cluster, directory, clock }: Office, peers: ReturnType<typeof nodesNow>): string[] {
	const problems: string[] = []
	if (cluster.problem) problems.push(cluster.problem)
	for (const { description, ip, webPort, state, clockOffMs } of peers) {
		const name = description || ip
		if (state === 'unreachable') {
			problems.push(
				`${name} cannot be reached; mail for it waits here. Check that it runs, and the line to ${ip} port ${webPort}.`,
			)
		}
		if (clockOffMs !== null && Math.abs(clockOffMs) > CLOCK_OFF_MS) {
			const way = clockOffMs > 0 ? 'ahead of' : 'behind'
			problems.push(
				`The clock of ${name} is ${Math.round(Math.abs(clockOffMs) / 1000)} seconds ${way} ours. Set both right (chrony, systemd-timesyncd).`,
			)
		}
	}
	problems.push(...certificateProblems(cluster, clock.now()))
	for (const { address, claimed } of directory.conflicts()) {
		problems.push(
			`${claimed} was made twice; the later account is ${address} for now. Settle it with "account rename".`,
		)
	}
	for (const { address, claimed } of directory.conflictingGroups()) {
		problems.push(
			`${claimed} was made twice; the group that came later is ${address} for now. Settle it with "group edit --address".`,
		)
	}
	return problems
}

const CERTIFICATE_ENDS_MS = 14 * 86_400_000

function certificateProblems({ certificate, acme }: Office['cluster'], now: number): string[] {
	if (acme.problem) return [acme.problem]
	const { validTo } = certificate.about()
	if (validTo - now > CERTIFICATE_ENDS_MS) return []
	return [
		`The certificate that mail programs see ends on ${new Date(validTo).toISOString().slice(0, 10)}. Give another one ("certificate use"), or order one ("certificate order").`,
	]
}

export const rebuildCluster = verb({
	about: "throw away the engine's state and build it anew from the files of this node",
	input: z.object({}),
	act: 'nodes:change',
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
