import { z } from 'zod'

/*
 * What the API answers, for those who read its description: the compiler holds routes to it. Times are ISO 8601 unless the
 * name says milliseconds (…Ms).
 */

const text = z.string()
const when = z.iso.datetime()
const ms = z.number().nullable()

export const listOf = <Item extends z.ZodType>(item: Item) =>
	z.object({
		items: z.array(item),
		next: text.nullable().describe('ask again with ?cursor=… until it is null'),
		total: z.number().int().nullable().exactOptional().describe('null: not counted'),
		missing: z.array(text).exactOptional().describe('ids of nodes that did not answer'),
	})

export const account = z.object({
	id: text,
	address: text,
	name: text,
	home: text.describe('address of its node'),
	homeDescription: text,
	node: text.describe('id of its node'),
	conflict: z.boolean(),
	claimed: text.exactOptional().describe('with a conflict: the address it was made with'),
	mergesInto: text.exactOptional().describe('address of the account its mail is just being brought to'),
	waitsFor: text.exactOptional().describe('while it is merged: id of the node that cannot be reached'),
	disabled: z.boolean(),
	unit: text.nullable().describe('path'),
	unitId: text.nullable(),
	created: when,
})
export const conflict = account.extend({ holder: account.nullable().describe('who has the address') })
export const alias = z.object({ address: text, targets: z.array(text) })
export const domain = z.object({ domain: text, accounts: z.number().int().exactOptional() })

export const forward = z.object({ id: text, address: text, node: text, ip: text, description: text })

const places = { id: text, ip: text, description: text, site: text }
export const nodeName = z.object(places)
export const node = z.object({
	...places,
	webPort: z.number(),
	clusterPort: z.number(),
	hostname: text,
	enabled: z.boolean(),
	state: z.enum(['up', 'unreachable', 'disabled']),
	self: z.boolean(),
	copyAgeMs: ms.describe('age of our copy of its users; null = never had'),
	lastHeardMs: ms,
	clockOffMs: ms,
	roundTripMs: ms,
	accounts: z.number().int(),
	queue: z.number().int().nullable(),
	webPortProblem: text
		.nullable()
		.describe('why its web port cannot be reached though it is heard: mail and people go there'),
	version: text,
})
export const added = z.object({
	id: text,
	ip: text,
	webPort: z.number(),
	merged: z.boolean().describe('both know the same'),
	accounts: z.number().int(),
})
export const joinCode = z.object({ code: text, ip: text.exactOptional(), webPort: z.number() })
export const refreshed = z.object({
	node: text,
	ip: text,
	description: text,
	state: z.enum(['done', 'unreachable']),
	records: z.number().int(),
	changed: z.number().int(),
	added: z.number().int(),
	conflicts: z.number().int(),
})
export const job = z.object({
	id: text,
	what: text.describe('the verb that was said'),
	node: text.describe('id of the node that does it'),
	state: z.enum(['running', 'done', 'failed']),
	done: z.number().int(),
	total: z.number().int().describe('0 = nobody can tell how much there is to do'),
	started: when,
	ended: when.nullable(),
	result: z.unknown().describe('what the request would have answered'),
	problem: text.nullable(),
	code: text.nullable(),
})
export const rebuilt = refreshed.omit({ ip: true, description: true, conflicts: true })
export const removedNode = z.object({ id: text, ip: text, told: z.boolean().describe('it has heard of it') })
export const link = z.object({
	from: text,
	to: text,
	state: z.enum(['up', 'unreachable']),
	roundTripMs: ms,
	clockOffMs: ms,
	lastHeardMs: ms,
	waiting: z.number().int().describe('recipients whose mail waits to go that way'),
	lately: z.number().int().describe('recipients whose mail went that way in the last five minutes'),
})

const role = z.enum(['admin', 'domain', 'unit', 'helpdesk', 'auditor'])
const held = { id: text, role, domain: text.nullable(), unit: text.nullable() }
export const grant = z.object({
	...held,
	account: text,
	address: text,
	unitPath: text.nullable(),
	by: text,
	created: when,
})
export const signedIn = z.object({
	account: text.describe('id'),
	address: text,
	name: text,
	via: z.enum(['session', 'password', 'token']),
	grants: z.array(z.object(held)),
	scopes: z.array(text).nullable(),
	session: z.object({ id: text, since: z.number(), ends: z.number() }).nullable(),
})
export const token = z.object({
	id: text,
	name: text,
	scopes: z.array(text),
	created: when,
	ends: when.nullable(),
})
export const newToken = token.extend({ token: text.describe('shown once') })

export const auditEntry = z.object({
	id: text,
	time: when,
	node: text,
	by: text.describe('account id, or root'),
	name: text,
	via: text,
	client: text,
	verb: text,
	object: text,
	outcome: text.describe('done, or the code of why not'),
	before: z.unknown(),
	after: z.unknown(),
})
export const auditChain = z.object({
	chain: text,
	entries: z.number().int(),
	state: z.enum(['whole', 'broken', 'differs']),
	brokenAt: z.number().int().nullable(),
})

export const session = z.object({
	id: text,
	since: z.number().describe('milliseconds since 1970, like the others here'),
	renewed: z.number(),
	ends: z.number(),
	node: text,
	nodeName: text,
	client: text.describe('address it was begun from'),
	program: text,
	current: z.boolean(),
})
export const totp = z.object({ address: text, on: z.boolean(), recoveryCodesLeft: z.number().int() })
export const appPassword = z.object({ id: text, name: text, created: when, lastUsed: when.nullable() })
export const newAppPassword = z.object({
	address: text,
	id: text,
	name: text,
	password: text.describe('shown once'),
})

const most = z.number().int().nullable()
const limits = z.object({
	storage: most,
	messages: most,
	accounts: most,
	recipients: most,
	messageSize: most,
	outside: z.boolean(),
})
export const unit = z.object({
	id: text,
	path: text,
	name: text,
	kind: z.enum(['group', 'company', 'branch', 'department']),
	parent: text.nullable(),
	accounts: z.number().int().describe('with all below it'),
	limits: limits.describe('its own'),
	holds: limits.describe('with those above'),
})
export const group = z.object({
	address: text,
	name: text,
	members: z.number().int(),
	senders: z.enum(['anyone', 'inside', 'members', 'named']),
	named: z.array(text),
	owner: text,
	conflict: z.boolean(),
	claimed: text.exactOptional(),
	id: text,
})

const limit = z.number().int().min(0).nullable()
export const quotaWish = z.object({
	storage: limit.or(z.literal('default')).exactOptional().describe('octets; null = no limit'),
	messages: limit.or(z.literal('default')).exactOptional(),
})
const quotaSet = z.object({
	storage: z.number().or(z.enum(['none', 'default'])),
	messages: z.number().or(z.enum(['none', 'default'])),
})
export const accountQuota = z.object({
	address: text,
	set: quotaSet.describe('its own'),
	holds: z
		.object({ storage: most, messages: most })
		.describe('with those of its domain and units; null = no limit'),
	used: z
		.object({ storage: z.number(), messages: z.number().int() })
		.nullable()
		.describe('null: its home cannot be reached'),
})
export const domainQuota = z.object({ domain: text, set: quotaSet })

const claim = z.object({ address: text, claimed: text, home: text.exactOptional() })
export const status = z.object({
	node: text,
	hostname: text,
	version: text,
	runtime: text,
	role: z.enum(['member', 'alone']),
	upSince: when,
	uptimeMs: z.number(),
	engine: z.enum(['running', 'stopped', 'not needed']),
	accounts: z.object({ here: z.number().int(), everywhere: z.number().int() }),
	conflicts: z.array(claim),
	messages: z.number().int(),
	octets: z.number(),
	queue: z.number().int(),
	peers: z.array(node),
	problems: z.array(text),
	memory: z.number(),
})
