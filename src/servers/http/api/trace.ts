import { z } from 'zod'
import { route } from './route.ts'
import { traces } from './shapes-mail.ts'

const text = z.string().min(1).max(500).exactOptional()

export const trace = [
	route({
		method: 'GET',
		path: '/trace',
		answer: traces,
		about: 'Where is this mail: its way over all nodes; `missing` names those that did not answer',
		query: z.object({
			id: text.describe('of a message, as the queue and the log name it'),
			address: text.describe('of the sender, a recipient, or a member it went to'),
			subject: text.describe('a part of it'),
			messageId: text,
			since: text.describe('RFC 3339'),
			until: text,
			limit: z.coerce.number().int().min(1).max(1000).exactOptional(),
		}),
		says: ['trace'],
		run: ({ say, query }) => say('trace', query),
	}),
]
