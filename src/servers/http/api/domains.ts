import { z } from 'zod'
import { page, paging, route } from './route.ts'

const domain = z.object({ domain: z.string().min(1).max(300) })

export const domains = [
	route({
		method: 'GET',
		path: '/domains',
		about: 'Domains of this organisation',
		query: paging,
		run: async ({ say, query }) => page(await say('domain list'), query),
	}),
	route({
		method: 'POST',
		path: '/domains',
		about: 'Take mail for a domain, on all nodes',
		body: domain,
		status: 201,
		run: ({ say, body }) => say('domain add', body),
	}),
	route({
		method: 'PUT',
		path: '/domains/:domain',
		about: 'Take mail for a domain, unless that is so already',
		params: domain,
		async run({ say, params, office, reply }) {
			if (office.directory.isOurDomain(params.domain)) {
				const known = (await say('domain list')).find(one => one.domain === params.domain.toLowerCase())
				if (known) return known
			}
			reply.code(201)
			return say('domain add', params)
		},
	}),
	route({
		method: 'DELETE',
		path: '/domains/:domain',
		about: 'Stop taking mail for a domain that nobody uses',
		params: domain,
		status: 204,
		run: ({ say, params }) => say('domain remove', params),
	}),
]
