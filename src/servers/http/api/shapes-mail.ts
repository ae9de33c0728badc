import { z } from 'zod'

/* What the API answers about mail and about how things are; the rest is in shapes.ts. */

const text = z.string()
const when = z.iso.datetime()
const count = z.number().int()

export const waiting = z.object({
	id: text.describe('of the message: the same for all its recipients'),
	node: text,
	from: text,
	to: text,
	size: z.number(),
	arrived: when,
	next: when,
	expires: when,
	attempts: count,
	held: z.boolean(),
	sendAt: when.nullable(),
	destination: text,
	route: text,
	at: text.nullable().describe('IP address and web port of the node it is for'),
	why: z
		.enum(['held', 'send-later', 'told', 'node-unreachable', 'node-disabled', 'node-unknown', 'on-its-way'])
		.describe('why it waits; told: in the words of `reason`'),
	reason: text,
})
const waitingThere = waiting.omit({ node: true })
export const waitingMessage = waitingThere.extend({ recipients: z.array(waitingThere), header: text })

const series = z.record(text, z.array(z.number().nullable()))
export const figures = z.object({
	hours: z.array(when).describe('when each hour begins; every series has one value for each'),
	nodes: z.array(z.object({ node: text, name: text, series })),
	total: series,
	missing: z.array(text).describe('names of nodes that did not answer'),
})

export const alert = z.object({
	id: text,
	key: text,
	code: text,
	scope: z.enum(['node', 'cluster']),
	en: text,
	zh: text,
	nodes: z.array(text).describe('names of those that see it'),
	began: when,
	ended: when.nullable(),
})

const step = z.object({
	time: when,
	node: text,
	event: z.enum(['accepted', 'refused', 'delivered', 'deferred', 'failed', 'dropped']),
	via: text,
	to: text,
	peer: text,
	detail: text,
})
const traced = z.object({
	id: text,
	from: text,
	to: text,
	subject: text,
	messageId: text,
	size: z.number(),
	first: when,
	state: z.array(text).describe('filed, sent, waits, failed, refused, dropped'),
	steps: z.array(step),
})
export const traces = z.object({
	messages: z.array(traced),
	missing: z.array(text).describe('names of nodes that did not answer: what happened there is not in this'),
	since: z
		.array(z.object({ node: text, since: when.nullable() }))
		.describe('how far back each node remembers'),
})

const seen = z.object({
	node: text,
	state: z.enum(['ok', 'missing', 'different', 'unknown']),
	found: z.array(text),
	problem: text.exactOptional(),
})
const record = z.object({
	key: text,
	name: text,
	type: z.enum(['MX', 'A', 'AAAA', 'TXT', 'SRV', 'PTR']),
	values: z.array(text).describe('empty: anything, but something'),
	about: text,
	required: z.boolean(),
	state: seen.shape.state.exactOptional(),
	seen: z.array(seen).exactOptional(),
})
export const domainDns = z.object({
	domain: text,
	records: z.array(record),
	problems: z.array(z.object({ en: text, zh: text })),
})
export const dkimKey = z.object({
	selector: text,
	signs: z.boolean(),
	created: when,
	name: text,
	record: text,
})
export const mtaSts = z.object({ domain: text, mode: z.enum(['none', 'testing', 'enforce']) })

export const certificate = z.object({
	source: z.enum(['self-signed', 'uploaded', 'acme', 'files']),
	names: z.array(text),
	issuer: text,
	validFrom: when,
	validTo: when,
	fingerprint: text,
	renewedFrom: text.nullable().describe('directory of the authority'),
	problem: text.nullable(),
})

export const importReport = z.object({
	dryRun: z.boolean(),
	created: count,
	changed: count,
	unchanged: count,
	refused: count,
	ignored: z.array(text).describe('columns that say nothing to us'),
	lines: z.array(
		z.object({
			line: count,
			address: text,
			outcome: z.enum(['created', 'changed', 'unchanged', 'refused']),
			fields: z.array(text).exactOptional(),
			why: text.exactOptional(),
			code: text.exactOptional(),
			password: text.exactOptional(),
		}),
	),
})
