import { z } from 'zod'
import { page, paging, route } from './route.ts'
import { link, listOf, rebuilt, status } from './shapes.ts'

const at = z.object({ node: z.string().max(300).exactOptional().describe('default: this node') })

export const cluster = [
	route({
		method: 'GET',
		path: '/status',
		answer: status,
		about: 'Is a node well: its peers, its queue, its mail, and what is not well in a sentence each',
		query: at,
		says: ['status'],
		run: ({ sayAt, query }) => sayAt(query.node, 'status'),
	}),
	route({
		method: 'GET',
		path: '/links',
		answer: listOf(link),
		about: 'Each way between two nodes, as its beginning sees it; `missing` names nodes that did not answer',
		query: paging,
		says: ['link everywhere'],
		async run({ say, query }) {
			const { links, missing } = await say('link everywhere')
			return { ...page(links, query), missing }
		},
	}),
	route({
		method: 'POST',
		path: '/cluster/rebuild',
		answer: listOf(rebuilt),
		about: "Throw this node's engine state away and make it anew from its files",
		slow: 'cluster rebuild',
		says: ['cluster rebuild'],
		run: async ({ say }) => ({ items: await say('cluster rebuild'), next: null }),
	}),
]
