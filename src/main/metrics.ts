import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { Office } from '../admin/index.ts'

export type Metrics = {
	/** A message was accepted, refused, delivered, deferred, failed. */
	count(outcome: string): void
	text(office: Office): Promise<{ type: string; text: string }>
}

/** What Prometheus reads at /metrics: taken when asked for, nothing is kept beside the counters. */
export function openMetrics(): Metrics {
	const register = new Registry()
	collectDefaultMetrics({ register })
	const counter = new Counter({
		name: 'panpipe_messages_total',
		help: 'Messages by what became of them here',
		labelNames: ['outcome'],
		registers: [register],
	})
	const gauge = (name: string, help: string, labelNames: string[] = []) =>
		new Gauge({ name: `panpipe_${name}`, help, labelNames, registers: [register] })
	const messages = gauge('stored_messages', 'Messages in the mailboxes of this node')
	const octets = gauge('stored_octets', 'Their octets')
	const queued = gauge('queue_recipients', 'Recipients that wait in the queue of this node')
	const accounts = gauge('accounts', 'Accounts by the node they live at', ['node'])
	const conflicts = gauge('address_conflicts', 'Accounts that wait for their address to be settled')
	const up = gauge('peer_up', 'Is the peer heard (1) or not (0)', ['node'])
	const age = gauge('peer_copy_age_seconds', 'Age of our copy of the list of the peer', ['node'])

	return {
		count: outcome => counter.inc({ outcome }),
		async text({ store, directory, cluster }) {
			const totals = store.reader.totals()
			messages.set(totals.messages)
			octets.set(totals.size)
			queued.set(totals.queued)
			conflicts.set(directory.conflicts().length)
			accounts.reset()
			for (const { id } of directory.nodes())
				accounts.set({ node: id }, directory.countAccounts({ node: id }))
			up.reset()
			age.reset()
			for (const peer of cluster.links.peers()) {
				up.set({ node: peer.id }, peer.state === 'up' ? 1 : 0)
				const copy = directory.copyAge(peer.id)
				if (copy !== null) age.set({ node: peer.id }, copy / 1000)
			}
			return { type: register.contentType, text: await register.metrics() }
		},
	}
}
