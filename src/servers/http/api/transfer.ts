import { z } from 'zod'
import { page, paging, route } from './route.ts'
import { job, listOf } from './shapes.ts'
import { importReport } from './shapes-mail.ts'

/** Accounts by files, and how far what takes long has come. */
export const transfer = [
	route({
		method: 'POST',
		path: '/accounts/import',
		answer: importReport,
		about: 'Make and change accounts by a CSV file (base64; UTF-8 or GB18030); answers with a job',
		body: z.object({
			file: z.base64().describe('the octets of the file'),
			dryRun: z.boolean().exactOptional().describe('only says what would become of each line'),
			generate: z
				.boolean()
				.exactOptional()
				.describe('new accounts without a password get one, told in the report'),
			resetPasswords: z.boolean().exactOptional().describe('sets passwords of accounts that are there too'),
		}),
		status: 202,
		slow: 'account import',
		most: 21_000_000, // a line or two for each of a hundred thousand people
		says: ['account import'],
		run: ({ say, body }) => say('account import', body),
	}),
	route({
		method: 'GET',
		path: '/accounts/export',
		about: 'Accounts as a CSV file that the import reads again',
		query: z.object({
			node: z.string().exactOptional(),
			domain: z.string().exactOptional(),
			unit: z.string().exactOptional(),
			q: z.string().max(300).exactOptional(),
		}),
		says: ['account export'],
		async run({ say, reply, query: { q, ...filter } }) {
			const { csv } = await say('account export', { ...filter, ...(q ? { search: q } : {}) })
			reply.header('content-disposition', 'attachment; filename="accounts.csv"')
			reply.type('text/csv; charset=utf-8')
			return csv
		},
	}),
	route({
		method: 'GET',
		path: '/jobs',
		answer: listOf(job),
		about: "One's own jobs at this node, the latest first, without their results",
		query: paging,
		says: ['job list'],
		run: async ({ say, query }) => page(await say('job list'), query),
	}),
	route({
		method: 'GET',
		path: '/jobs/:id',
		about: 'A job at this node: how far it is, and its result when it is done',
		params: z.object({ id: z.string().max(100) }),
		answer: job,
		says: ['job show'],
		run: ({ say, params }) => say('job show', params),
	}),
]
