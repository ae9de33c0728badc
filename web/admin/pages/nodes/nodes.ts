import { sentenceOf } from '../../../shared/api.ts'
import { asProblem, useAsked } from '../../../shared/ask.ts'
import { allNodes, type ClusterNode } from '../../api/nodes.ts'

/** Ages and states grow old quickly. */
const EVERY_MS = 3000

export const useNodes = () => useAsked(allNodes, EVERY_MS)

/** How old a copy may be before somebody should look. The nodes compare theirs every few minutes by themselves. */
const STALE_MS = 15 * 60_000
// Stamps of a clock ten minutes ahead are not taken any more; people are told long before.
const CLOCK_OFF_MS = 60_000

export type Worry = 'unreachable' | 'webPort' | 'stale' | 'clock'

/** What an administrator should know of this node, the worst first. */
export function worriesOf(node: ClusterNode): Worry[] {
	const worries: Worry[] = []
	if (node.self || !node.enabled) return worries
	if (node.state === 'unreachable') worries.push(node.webPortProblem ? 'webPort' : 'unreachable')
	if (node.copyAgeMs === null || node.copyAgeMs > STALE_MS) worries.push('stale')
	if (node.clockOffMs !== null && Math.abs(node.clockOffMs) > CLOCK_OFF_MS) worries.push('clock')
	return worries
}

/** Does it for each, one after the other; what failed is told by node, the rest is done. */
export async function forEach(
	nodes: ClusterNode[],
	act: (node: ClusterNode) => Promise<unknown>,
): Promise<{ node: ClusterNode; why: string }[]> {
	const failed: { node: ClusterNode; why: string }[] = []
	for (const node of nodes) {
		try {
			await act(node)
		} catch (error) {
			failed.push({ node, why: sentenceOf(asProblem(error)) })
		}
	}
	return failed
}

/** Nothing gets there. */
export const isBad = (worry: Worry): boolean => worry === 'unreachable' || worry === 'webPort'

/** Everything a person may look for in the list. */
export function fits(node: ClusterNode, part: string): boolean {
	const wanted = part.trim().toLowerCase()
	return [node.ip, node.description, node.hostname, node.site].some(text =>
		text.toLowerCase().includes(wanted),
	)
}
