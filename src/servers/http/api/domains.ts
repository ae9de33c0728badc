import { z } from 'zod'
import { normalDomain } from '../../../directory/index.ts'
import { page, paging, route } from './route.ts'
import { listOf, domain as shape } from './shapes.ts'
import { dkimKey, domainDns, mtaSts } from './shapes-mail.ts'

const domain = z.object({ domain: z.string().min(1).max(300) })

export const domains = [
	route({
		method: 'GET',
		path: '/domains',
		answer: listOf(shape),
		about: 'Domains of this organisation',
		query: paging,
		says: ['domain list'],
		run: async ({ say, query }) => page(await say('domain list'), query),
	}),
	route({
		method: 'POST',
		path: '/domains',
		answer: shape,
		about: 'Take mail for a domain, on all nodes',
		body: domain,
		status: 201,
		says: ['domain add'],
		run: ({ say, body }) => say('domain add', body),
	}),
	route({
		method: 'PUT',
		path: '/domains/:domain',
		answer: shape,
		about: 'Take mail for a domain, unless that is so already',
		params: domain,
		says: ['domain list', 'domain add'],
		async run({ say, params, office, reply }) {
			if (office.directory.isOurDomain(params.domain)) {
				const known = (await say('domain list')).find(one => one.domain === normalDomain(params.domain))
				if (known) return known
			}
			reply.code(201)
			return say('domain add', params)
		},
	}),
	route({
		method: 'GET',
		path: '/domains/:domain/dns',
		answer: domainDns,
		about: 'The DNS records to publish; with ?check=true what is there, as seen from every node',
		params: domain,
		query: z.object({ check: z.enum(['true', 'false']).default('false') }),
		slow: 'domain dns',
		says: ['domain dns'],
		run: ({ say, params, query }) => say('domain dns', { ...params, check: query.check === 'true' }),
	}),
	route({
		method: 'GET',
		path: '/domains/:domain/dkim',
		answer: listOf(dkimKey),
		about: 'The keys the domain signs with: the first one signs, all are to be published',
		params: domain,
		query: paging,
		says: ['domain dkim list'],
		run: async ({ say, params, query }) => page(await say('domain dkim list', params), query),
	}),
	route({
		method: 'POST',
		path: '/domains/:domain/dkim',
		answer: listOf(dkimKey),
		about: 'Make a key more',
		params: domain,
		status: 201,
		says: ['domain dkim add'],
		run: async ({ say, params }) => ({ items: await say('domain dkim add', params), next: null }),
	}),
	route({
		method: 'DELETE',
		path: '/domains/:domain/dkim/:selector',
		about: 'Sign no more with a key, and forget it',
		params: domain.extend({ selector: z.string().max(100) }),
		status: 204,
		says: ['domain dkim retire'],
		run: ({ say, params }) => say('domain dkim retire', params),
	}),
	route({
		method: 'PUT',
		path: '/domains/:domain/mta-sts',
		answer: mtaSts,
		about: 'How strict others are to be about TLS (MTA-STS)',
		params: domain,
		body: z.object({ mode: z.enum(['none', 'testing', 'enforce']) }),
		says: ['domain mta-sts'],
		run: ({ say, params, body }) => say('domain mta-sts', { ...params, ...body }),
	}),
	route({
		method: 'DELETE',
		path: '/domains/:domain',
		about: 'Stop taking mail for a domain that nobody uses',
		params: domain,
		status: 204,
		says: ['domain remove'],
		run: ({ say, params }) => say('domain remove', params),
	}),
]
