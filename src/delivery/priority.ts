import type { QueueItem } from '../store/index.ts'

/**
 * What has a higher priority (RFC 6710) goes first, as far as that keeps the order of one sender's messages to one
 * recipient: what must go before something urgent is as urgent itself.
 */
export function byPriority<C extends readonly Pick<QueueItem, 'priority' | 'reversePath' | 'recipient'>[]>(
	consignments: C[],
): C[] {
	if (consignments.every(([item]) => item!.priority === 0)) return consignments
	const urgency = new Map<string, number>()
	const ranked: { consignment: C; rank: number }[] = []
	for (const consignment of consignments.toReversed()) {
		const pairs = consignment.map(item => `${item.reversePath} ${item.recipient}`)
		const rank = Math.max(consignment[0]!.priority, ...pairs.map(pair => urgency.get(pair) ?? -9))
		for (const pair of pairs) urgency.set(pair, rank)
		ranked.push({ consignment, rank })
	}
	return ranked
		.toReversed()
		.sort((a, b) => b.rank - a.rank)
		.map(one => one.consignment)
}
