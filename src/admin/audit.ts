import { z } from 'zod'
import { verb } from './verb.ts'

const time = z.iso.datetime({ offset: true }).exactOptional()

export const listAudit = verb({
	about: 'who did what, when, from where, and what it was before and after; the latest first',
	input: z.object({
		from: time,
		to: time,
		person: z.string().max(320).exactOptional(),
		object: z.string().max(320).exactOptional(),
		node: z.string().max(100).exactOptional(),
		before: z.string().max(200).exactOptional(),
		limit: z.number().int().min(1).max(10_000).default(100),
	}),
	act: 'audit:read',
	run: ({ audit }, { from, to, ...filter }) =>
		audit.file
			.list({
				...filter,
				...(from ? { from: Date.parse(from) } : {}),
				...(to ? { to: Date.parse(to) } : {}),
			})
			.map(({ time, ...entry }) => ({ time: new Date(time).toISOString(), ...entry })),
})

export const verifyAudit = verb({
	about: 'is the audit log as it was written, here and in the copies of the other nodes?',
	input: z.object({}),
	act: 'audit:read',
	run: ({ audit }) =>
		audit.file.heads().map(({ chain, seq }) => {
			const broken = audit.file.firstBroken(chain)
			const state: 'broken' | 'differs' | 'whole' =
				broken !== null ? 'broken' : audit.forked.has(chain) ? 'differs' : 'whole'
			return { chain, entries: seq, state, brokenAt: broken }
		}),
})
