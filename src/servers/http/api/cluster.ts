import { z } from 'zod'
import { sayAt, sayEverywhere } from '../../../admin/index.ts'
import { actorOf } from '../who.ts'
import { route } from './route.ts'
import { link, listOf } from './shapes.ts'

const at = z.object({ node: z.string().max(300).exactOptional().describe('default: this node') })

export const cluster = [
	route({
		method: 'GET',
		path: '/status',
		about: 'Is a node well: its peers, its queue, its mail, and what is not well in a sentence each',
		query: at,
		run: ({ office, who, query }) => sayAt(office, actorOf(who), query.node ?? office.self, 'status', {}),
	}),
	route({
		method: 'GET',
		path: '/links',
		answer: listOf(link),
		about: 'Each way between two nodes, as its beginning sees it; `missing` names nodes that did not answer',
		async run({ office, who }) {
			const { answers, missing } = await sayEverywhere(office, actorOf(who), 'link list', {})
			return { items: answers.flatMap(({ answer }) => answer), next: null, missing }
		},
	}),
]
