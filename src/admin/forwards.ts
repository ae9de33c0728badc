import { z } from 'zod'
import { may } from './may.ts'
import { nodeNamed, placeOfNode } from './nodes.ts'
import { placeOfAccount } from './place.ts'
import { verb } from './verb.ts'

export const listForwards = verb({
	about: 'the SMTP forwarding table: address of another node → that node',
	input: z.object({
		node: z.string().exactOptional(),
		domain: z.string().exactOptional(),
		search: z.string().max(300).exactOptional(),
		after: z.string().exactOptional(),
		limit: z.number().int().positive().exactOptional(),
	}),
	act: 'accounts:read',
	inReach: true,
	run(office, { node, limit = Number.POSITIVE_INFINITY, ...filter }, by) {
		const found: { address: string; node: string; ip: string; description: string; id: string }[] = []
		const places = new Map(office.directory.nodes().map(({ id }) => [id, placeOfNode(office, id)]))
		const all = may(by.grants, 'accounts:read', {})
		const where = node ? { node: nodeNamed(office, node).id } : {}
		for (const account of office.directory.eachAccount({ ...filter, ...where })) {
			if (account.home === office.self) continue
			if (!all && !may(by.grants, 'accounts:read', placeOfAccount(office, account))) continue
			const place = places.get(account.home) ?? placeOfNode(office, account.home)
			found.push({ address: account.address, ...place, id: account.id })
			if (found.length >= limit) break
		}
		return found
	},
})
