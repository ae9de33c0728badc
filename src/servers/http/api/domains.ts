import { z } from 'zod'
import { page, paging, route } from './route.ts'
import { listOf, domain as shape } from './shapes.ts'

const domain = z.object({ domain: z.string().min(1).max(300) })

export const domains = [
	route({
		method: 'GET',
		path: '/domains',
		answer: listOf(shape),
		about: 'Domains of this organisation',
		query: paging,
		run: async ({ say, query }) => page(await say('domain list'), query),
	}),
	route({
		method: 'POST',
		path: '/domains',
		answer: shape,
		about: 'Take mail for a domain, on all nodes',
		body: domain,
		status: 201,
		run: ({ say, body }) => say('domain add', body),
	}),
	route({
		method: 'PUT',
		path: '/domains/:domain',
		answer: shape,
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
		method: 'GET',
		path: '/domains/:domain/dns',
		about: 'The DNS records to publish; with ?check=true what is there, as seen from every node',
		params: domain,
		query: z.object({ check: z.enum(['true', 'false']).default('false') }),
		slow: 'domain dns',
		run: ({ say, params, query }) => say('domain dns', { ...params, check: query.check === 'true' }),
	}),
	route({
		method: 'GET',
		path: '/domains/:domain/dkim',
		about: 'The keys the domain signs with: the first one signs, all are to be published',
		params: domain,
		run: async ({ say, params }) => ({ items: await say('domain dkim list', params), next: null }),
	}),
	route({
		method: 'POST',
		path: '/domains/:domain/dkim',
		about: 'Make a key more',
		params: domain,
		status: 201,
		run: async ({ say, params }) => ({ items: await say('domain dkim add', params), next: null }),
	}),
	route({
		method: 'DELETE',
		path: '/domains/:domain/dkim/:selector',
		about: 'Sign no more with a key, and forget it',
		params: domain.extend({ selector: z.string().max(100) }),
		status: 204,
		run: ({ say, params }) => say('domain dkim retire', params),
	}),
	route({
		method: 'PUT',
		path: '/domains/:domain/mta-sts',
		about: 'How strict others are to be about TLS (MTA-STS)',
		params: domain,
		body: z.object({ mode: z.enum(['none', 'testing', 'enforce']) }),
		run: ({ say, params, body }) => say('domain mta-sts', { ...params, ...body }),
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
