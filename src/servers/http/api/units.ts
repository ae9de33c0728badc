import { z } from 'zod'
import { page, paging, route } from './route.ts'
import { listOf, unit as shape } from './shapes.ts'

const named = z.object({ unit: z.string().max(1000).describe('id, or path with %2F between the names') })
// A tree is shown whole.
const everything = z.coerce.number().int().min(1).max(10_000).default(10_000)
const limit = z.number().int().min(0).nullable().exactOptional()
const settings = {
	kind: z.enum(['group', 'company', 'branch', 'department']).exactOptional(),
	storage: limit.describe('octets an account may hold; null = no limit'),
	messages: limit.describe('messages an account may hold'),
	accounts: limit.describe('accounts in the unit and all below it'),
	recipients: limit.describe('recipients of a message that is sent'),
	messageSize: limit.describe('octets of a message that is sent'),
	outside: z.boolean().exactOptional().describe('may mail be sent to addresses outside?'),
}

export const units = [
	route({
		method: 'GET',
		path: '/units',
		answer: listOf(shape),
		about: 'The tree of organisation units: each follows the one it stands below',
		query: paging.extend({ below: z.string().max(1000).exactOptional(), limit: everything }),
		says: ['unit list'],
		run: async ({ say, query: { below, ...query } }) =>
			page(await say('unit list', below ? { below } : {}), query),
	}),
	route({
		method: 'POST',
		path: '/units',
		answer: shape,
		about: 'Make a unit',
		body: z.object({
			name: z.string().min(1).max(200),
			parent: z.string().exactOptional().describe('id or path of the unit above; without it: at the top'),
			...settings,
		}),
		status: 201,
		says: ['unit add'],
		run: ({ say, body }) => say('unit add', body),
	}),
	route({
		method: 'PATCH',
		path: '/units/:unit',
		answer: shape,
		about:
			'Change a unit: its name, and whoever administers what is above it: its kind, its limits (they can only be tighter than those above), its place',
		params: named,
		body: z.object({
			name: z.string().min(1).max(200).exactOptional(),
			parent: z.string().nullable().exactOptional().describe('null = to the top'),
			...settings,
		}),
		says: ['unit edit', 'unit move'],
		async run({ say, params, body: { parent, ...changes } }) {
			// By its id: its path may be what changes.
			const { id } = await say('unit edit', { ...params, ...changes })
			if (parent !== undefined) await say('unit move', { unit: id, parent })
			return say('unit edit', { unit: id })
		},
	}),
	route({
		method: 'DELETE',
		path: '/units/:unit',
		about: 'Remove a unit that nobody belongs to and that has none below it',
		params: named,
		status: 204,
		says: ['unit remove'],
		run: ({ say, params }) => say('unit remove', params),
	}),
]
