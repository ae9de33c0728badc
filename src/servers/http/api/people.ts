import { z } from 'zod'
import { route } from './route.ts'

const MOST = 50

/** Colleagues, for whoever writes to them: names and addresses, nothing else. */
export const people = [
	route({
		method: 'GET',
		path: '/people',
		about: 'People of all nodes whose name or address holds these words, for completing addresses',
		query: z.object({
			q: z.string().min(1).max(200),
			limit: z.coerce.number().int().min(1).max(MOST).default(10),
		}),
		run({ office, query: { q, limit } }) {
			const items: { name: string; address: string }[] = []
			for (const { name, address, disabled } of office.directory.eachAccount({ search: q })) {
				if (disabled) continue
				items.push({ name, address })
				if (items.length >= limit) break
			}
			return { items, next: null }
		},
	}),
]
