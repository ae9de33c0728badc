import { z } from 'zod'
import { paging, route } from './route.ts'

const person = z.object({
	name: z.string(),
	address: z.string(),
	unit: z.string().describe('path of the unit; empty = none'),
	isGroup: z.boolean(),
})

/** Colleagues, for whoever writes to them: names, addresses and where they belong, nothing else. */
export const people = [
	route({
		method: 'GET',
		path: '/people',
		about:
			'People and groups of all nodes, by address; with q, those whose name or address holds these words',
		query: paging.extend({
			limit: z.coerce.number().int().min(1).max(200).default(10),
			unit: z.string().max(100).exactOptional().describe('those who belong to it or to one below it'),
			groups: z.enum(['only', 'also', 'no']).default('also'),
		}),
		answer: z.object({ items: z.array(person), next: z.string().nullable() }),
		run({ office: { directory }, query: { q, limit, cursor, unit, groups } }) {
			const items: (z.infer<typeof person> & { id: string })[] = []
			const search = q ? { search: q } : {}
			// Groups stand before people: there are few.
			const [, kind, after] = /^([gp])(.*)$/s.exec(cursor ?? '') ?? []
			const page = (done: boolean) => {
				const shown = items.slice(0, limit).map(({ id: _, ...each }) => each)
				const last = items.at(limit - 1)
				return { items: shown, next: done || !last ? null : `${last.isGroup ? 'g' : 'p'}${last.id}` }
			}
			if (groups !== 'no' && unit === undefined && kind !== 'p') {
				const found = directory.groups({ ...search, ...(after ? { after } : {}), limit: limit + 1 })
				for (const { id, name, address } of found) items.push({ id, name, address, unit: '', isGroup: true })
				if (items.length > limit) return page(false)
			}
			if (groups === 'only') return page(true)
			const found = directory.eachAccount({
				...search,
				...(unit === undefined ? {} : { unit }),
				...(kind === 'p' && after ? { after } : {}),
				disabled: false,
				limit: limit + 1 - items.length,
			})
			for (const { id, name, address, unit: of } of found)
				items.push({ id, name, address, unit: directory.unitPath(of).at(-1)?.path ?? '', isGroup: false })
			return page(items.length <= limit)
		},
	}),
	route({
		method: 'GET',
		path: '/people/units',
		about:
			'The tree of the organisation with how many people belong to each; each follows the one it stands below',
		answer: z.object({
			items: z.array(
				z.object({
					id: z.string(),
					name: z.string(),
					parent: z.string().nullable(),
					people: z.number().describe('those of the units below it included'),
				}),
			),
			next: z.null(),
		}),
		run: ({ office: { directory } }) => ({
			items: directory.units().map(({ id, name, parent }) => ({
				id,
				name,
				parent,
				people: directory.countAccounts({ unit: id }),
			})),
			next: null,
		}),
	}),
	route({
		method: 'GET',
		path: '/people/domains',
		about: 'The domains in which colleagues have their addresses: who writes from another one is a stranger',
		answer: z.object({ domains: z.array(z.string()) }),
		run: ({ office: { directory } }) => ({ domains: directory.domains().sort() }),
	}),
]
