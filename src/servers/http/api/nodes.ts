import { z } from 'zod'
import { page, paging, route } from './route.ts'
import { added, joinCode, listOf, node, nodeName, refreshed, removedNode } from './shapes.ts'

const id = z.object({ id: z.string().max(300).describe('its id, address, host name or description') })
const port = z.number().int().min(1).max(65535)

const changes = z
	.object({
		description: z.string().max(1000),
		site: z.string().max(255),
		ip: z.string().min(1).max(255),
		webPort: port,
		clusterPort: port,
		enabled: z.boolean(),
	})
	.partial()

export const nodes = [
	route({
		method: 'GET',
		path: '/nodes',
		answer: listOf(node),
		about: 'All nodes: how they are, and how old our copy of their users is (milliseconds)',
		query: paging.extend({ site: z.string().exactOptional(), state: z.string().exactOptional() }),
		says: ['node list'],
		async run({ say, query }) {
			const found = (await say('node list')).filter(
				node => (!query.site || node.site === query.site) && (!query.state || node.state === query.state),
			)
			return page(found, query)
		},
	}),
	route({
		method: 'GET',
		path: '/nodes/names',
		answer: listOf(nodeName),
		about: 'What the nodes are called',
		query: paging,
		says: ['node names'],
		run: async ({ say, query }) => page(await say('node names'), query),
	}),
	route({
		method: 'POST',
		path: '/nodes',
		answer: added,
		about: 'Take a node into the cluster by its join code',
		body: z.object({
			ip: z.string().min(1).max(255),
			webPort: port.default(443),
			code: z.string().min(1).max(100),
			description: z.string().max(1000).exactOptional(),
			site: z.string().max(255).exactOptional(),
			enabled: z.boolean().exactOptional(),
		}),
		status: 201,
		slow: 'node add',
		says: ['node add'],
		run: ({ say, body }) => say('node add', body),
	}),
	route({
		method: 'POST',
		path: '/nodes/refresh',
		answer: listOf(refreshed),
		about: 'Distributed user refresh: fetch the users of every node anew, give ours',
		slow: 'node refresh',
		says: ['node refresh'],
		run: async ({ say }) => ({ items: await say('node refresh'), next: null }),
	}),
	route({
		method: 'POST',
		path: '/nodes/code',
		answer: joinCode,
		about: 'A join code for this node: to be typed in at a member of the cluster',
		status: 201,
		says: ['node code'],
		run: ({ say }) => say('node code'),
	}),
	route({
		method: 'PATCH',
		path: '/nodes/:id',
		answer: node,
		about: 'Change the settings of any node',
		params: id,
		body: changes,
		says: ['node edit', 'node enable', 'node list'],
		async run({ say, params, body: { enabled, ...edits } }) {
			let { id: node } = params
			if (enabled === undefined || Object.keys(edits).length > 0)
				node = (await say('node edit', { node, ...edits })).id
			if (enabled !== undefined) node = (await say('node enable', { node, enabled })).id
			return (await say('node list')).find(({ id }) => id === node)!
		},
	}),
	route({
		method: 'DELETE',
		path: '/nodes/:id',
		answer: removedNode,
		about: 'Take a node out of the cluster; it goes on alone',
		params: id,
		query: z.object({
			anyway: z
				.enum(['true', 'false'])
				.exactOptional()
				.describe(
					'also when mail waits there (`mail-waits`) or an account is being merged into or out of it (`in-use`), which is refused otherwise',
				),
		}),
		says: ['node remove'],
		run: ({ say, params, query }) =>
			say('node remove', { node: params.id, ...(query.anyway === 'true' ? { anyway: true } : {}) }),
	}),
]
