import { z } from 'zod'
import { sayEverywhere } from './elsewhere.ts'
import { stateOf } from './nodes.ts'
import { verb } from './verb.ts'

export const listLinks = verb({
	about: 'how this node reaches each of the others, and what waits for them here',
	input: z.object({}),
	act: 'nodes:read',
	run({ cluster, store, queue, self, clock }) {
		const waiting = new Map(store.reader.queue.routes().map(route => [route.route, route.waiting]))
		return cluster.links.peers().map(peer => {
			const { id, roundTripMs, clockOff, heard } = peer
			return {
				from: self,
				to: id,
				state: stateOf(peer),
				roundTripMs,
				clockOffMs: clockOff,
				lastHeardMs: heard === null ? null : clock.now() - heard,
				/** Recipients whose mail waits here to go there. */
				waiting: waiting.get(`node:${id}`) ?? 0,
				/** Those whose mail went that way in the last five minutes. */
				lately: queue.handedOver(id),
			}
		})
	},
})

export type Link = Awaited<ReturnType<typeof listLinks.run>>[number]

export const linksEverywhere = verb({
	about: 'each way between two nodes, as its beginning sees it',
	input: z.object({}),
	act: 'nodes:read',
	async run(office, _, by): Promise<{ links: Link[]; missing: string[] }> {
		const { answers, missing } = await sayEverywhere(office, by, 'link list', {})
		return { links: answers.flatMap(({ answer }) => answer), missing }
	},
})
