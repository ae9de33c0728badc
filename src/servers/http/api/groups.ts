import { z } from 'zod'
import { page, pageAfter, paging, route } from './route.ts'
import { group, listOf } from './shapes.ts'

const named = z.object({ group: z.string().max(320).describe('address or id') })
const address = z.string().min(3).max(320)
const members = z.array(address).max(100_000)
const settings = {
	name: z.string().max(200).exactOptional(),
	senders: z.enum(['anyone', 'inside', 'members', 'named']).exactOptional().describe('who may send to it'),
	named: z.array(address).max(1000).exactOptional().describe('those who may when senders is "named"'),
	owner: z.string().max(320).exactOptional().describe('gets the reports; empty = the sender does'),
}

export const groups = [
	route({
		method: 'GET',
		path: '/groups',
		answer: listOf(group),
		about: 'Groups (distribution lists) of all nodes, by address',
		query: paging.extend({
			domain: z.string().exactOptional(),
			state: z.literal('conflict').exactOptional(),
		}),
		says: ['group list'],
		async run({ say, query: { limit, cursor, q, ...filter } }) {
			const found = await say('group list', {
				...filter,
				...(q ? { search: q } : {}),
				...(cursor ? { after: cursor } : {}),
				limit: limit + 1,
			})
			return pageAfter(found, limit)
		},
	}),
	route({
		method: 'POST',
		path: '/groups',
		answer: group,
		about: 'Make a group',
		body: z.object({ address, members: members.exactOptional(), ...settings }),
		status: 201,
		says: ['group add'],
		run: ({ say, body }) => say('group add', body),
	}),
	route({
		method: 'GET',
		path: '/groups/:group',
		answer: group,
		about: 'One group; its members are a list of their own',
		params: named,
		says: ['group show'],
		async run({ say, params }) {
			const { memberList: _, ...group } = await say('group show', params)
			return group
		},
	}),
	route({
		method: 'PATCH',
		path: '/groups/:group',
		answer: group,
		about: 'Change a group; a new address settles a conflict',
		params: named,
		body: z.object({ address: address.exactOptional(), ...settings }),
		says: ['group edit'],
		run: ({ say, params, body }) => say('group edit', { ...params, ...body }),
	}),
	route({
		method: 'DELETE',
		path: '/groups/:group',
		about: 'Remove a group; its members stay what they are',
		params: named,
		status: 204,
		says: ['group remove'],
		run: ({ say, params }) => say('group remove', params),
	}),
	route({
		method: 'GET',
		path: '/groups/:group/members',
		answer: listOf(z.object({ address: z.string() })),
		about: 'Its members: accounts, aliases, other groups, and people outside',
		params: named,
		query: paging,
		says: ['group show'],
		async run({ say, params, query }) {
			const { memberList } = await say('group show', params)
			return page(
				memberList.map(address => ({ address })),
				query,
			)
		},
	}),
	route({
		method: 'POST',
		path: '/groups/:group/members',
		answer: z.object({ members: z.number().int() }),
		about: 'Put members in and take members out',
		params: named,
		body: z.object({ add: members.exactOptional(), remove: members.exactOptional() }),
		says: ['group member', 'group show'],
		async run({ say, params, body: { add = [], remove = [] } }) {
			if (remove.length > 0) await say('group member', { ...params, members: remove, remove: true })
			if (add.length > 0) await say('group member', { ...params, members: add })
			const { members } = await say('group show', params)
			return { members }
		},
	}),
]
