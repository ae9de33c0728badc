import { z } from 'zod'
import { may } from '../../../admin/index.ts'
import { normalAddress } from '../../../directory/index.ts'
import { page, pageAfter, paging, route } from './route.ts'
import { account, alias, listOf } from './shapes.ts'

const named = z.object({ account: z.string().max(320).describe('address or id') })
const fresh = z.object({
	password: z.string().min(1).max(1000).exactOptional(),
	name: z.string().max(1000).exactOptional(),
	node: z.string().exactOptional().describe('its home; default: this node'),
	unit: z.string().exactOptional().describe('id or path of the unit it belongs to'),
})

export const accounts = [
	route({
		method: 'GET',
		path: '/accounts',
		answer: listOf(account),
		about: 'Accounts of all nodes, by address',
		query: paging.extend({
			node: z.string().exactOptional(),
			domain: z.string().exactOptional(),
			unit: z.string().exactOptional().describe('with all below it'),
			state: z.enum(['active', 'disabled', 'conflict']).exactOptional(),
		}),
		says: ['account list'],
		async run({ say, who, office, query: { limit, cursor, q, ...filter } }) {
			const found = await say('account list', {
				...filter,
				...(q ? { search: q } : {}),
				...(cursor ? { after: cursor } : {}),
				limit: limit + 1,
			})
			// Counted only where that costs nothing, and for who sees all that is counted.
			const where = filter.domain ? { domain: filter.domain } : {}
			const counted = !q && !filter.state && !filter.node && !filter.unit
			const total =
				counted && may(who.grants, 'accounts:read', where) ? office.directory.countAccounts(where) : null
			return { ...pageAfter(found, limit), total }
		},
	}),
	route({
		method: 'POST',
		path: '/accounts',
		answer: account,
		about: 'Make an account',
		body: fresh.extend({ address: z.string().min(3).max(320) }),
		status: 201,
		says: ['account add'],
		run: ({ say, body }) => say('account add', body),
	}),
	route({
		method: 'GET',
		path: '/accounts/:account',
		answer: account,
		about: 'One account',
		params: named,
		says: ['account show'],
		run: ({ say, params }) => say('account show', { address: params.account }),
	}),
	route({
		method: 'PUT',
		path: '/accounts/:account',
		answer: account,
		about: 'Make an account unless it is there already; asked twice it is made once',
		params: named,
		body: fresh,
		says: ['account show', 'account add'],
		async run({ say, params, body, office, reply }) {
			const address = params.account
			if (office.directory.accountByAddress(address)) return say('account show', { address })
			reply.code(201)
			return say('account add', { ...body, address })
		},
	}),
	route({
		method: 'PATCH',
		path: '/accounts/:account',
		answer: account,
		about: 'Change an account: address, name, password, disabled, unit',
		params: named,
		body: z
			.object({
				address: z.string().min(3).max(320),
				name: z.string().max(1000),
				password: z.string().min(1).max(1000),
				disabled: z.boolean(),
				unit: z.string().describe('"/" = none'),
			})
			.partial(),
		says: [
			'account show',
			'account passwd',
			'account edit',
			'account disable',
			'account move-unit',
			'account rename',
		],
		async run({ say, params, body }) {
			// By its id: the address may be what changes.
			const { id } = await say('account show', { address: params.account })
			if (body.password !== undefined) await say('account passwd', { address: id, password: body.password })
			if (body.name !== undefined) await say('account edit', { address: id, name: body.name })
			if (body.disabled !== undefined) await say('account disable', { address: id, disabled: body.disabled })
			if (body.unit !== undefined) await say('account move-unit', { address: id, unit: body.unit })
			if (body.address !== undefined) await say('account rename', { address: id, to: body.address })
			return say('account show', { address: id })
		},
	}),
	route({
		method: 'DELETE',
		path: '/accounts/:account',
		about: 'Remove an account and its mail',
		params: named,
		status: 204,
		says: ['account remove'],
		run: ({ say, params }) => say('account remove', { address: params.account }),
	}),
	route({
		method: 'GET',
		path: '/accounts/:account/aliases',
		answer: listOf(alias),
		about: 'Other addresses that lead to the account',
		params: named,
		query: paging,
		says: ['account show', 'alias list'],
		async run({ say, params, query }) {
			const { address } = await say('account show', { address: params.account })
			const found = (await say('alias list')).filter(({ targets }) => targets.includes(address))
			return page(found, query)
		},
	}),
	route({
		method: 'PUT',
		path: '/accounts/:account/aliases/:address',
		answer: alias,
		about: 'Give the account another address',
		params: named.extend({ address: z.string().min(3).max(320) }),
		says: ['account show', 'alias list', 'alias add'],
		async run({ say, params }) {
			const { address: target } = await say('account show', { address: params.account })
			const there = (await say('alias list')).find(({ address }) => address === normalAddress(params.address))
			if (there?.targets.includes(target)) return there
			return say('alias add', { address: params.address, targets: [target] })
		},
	}),
]
