import { Unreachable } from '../cluster/index.ts'
import type { Office } from './verb.ts'

/**
 * Asks another node. One that is known to be away is not waited for, and one that falls silent meanwhile no longer than
 * its beats are missed: a person sits before the page. @throws Unreachable
 */
export async function reach(
	{ cluster: { links } }: Office,
	node: string,
	verb: string,
	payload: Uint8Array,
	patienceMs: number,
): Promise<Uint8Array> {
	if (links.peers().find(({ id }) => id === node)?.state !== 'up') throw new Unreachable(`${node} is away`)
	let unhear = () => {}
	const silent = new Promise<never>((_, reject) => {
		unhear = links.onPeerDown(id => id === node && reject(new Unreachable(`${node} has fallen silent`)))
	})
	try {
		return await Promise.race([links.request(node, verb, payload, patienceMs), silent])
	} finally {
		unhear()
	}
}
