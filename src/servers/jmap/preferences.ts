import { z } from 'zod'
import { jmap } from '../../wire/index.ts'
import type { Call, Responses } from './call.ts'
import { isKeyword } from './keywords.ts'
import { inOrder, type Json, objectState, putObject } from './objects.ts'
import { getFrom, readGet } from './standard-get.ts'
import { oneByOne, readSet, type Setting, set } from './standard-set.ts'

/* How a person likes the webmail; kept with the account, so that it is the same at every device. Not in any RFC. */

export const PREFERENCES = 'urn:panpipe:jmap:preferences'
const KIND = 'Preferences'
const ONLY = 'singleton'

const word = z.string().max(100).nullable()
const shape = z.strictObject({
	/** null: what the browser says. */
	language: word,
	timeZone: word,
	theme: word,
	density: word,
	layout: word,
	conversations: z.boolean().nullable(),
	/** Addresses whose pictures are always fetched. */
	trustedSenders: z.record(z.string().max(320), z.literal(true)),
	/** By keyword. */
	labels: z.record(
		z.string().refine(isKeyword),
		z.strictObject({ name: z.string().min(1).max(100), color: z.string().max(30) }),
	),
})
const NONE = {
	language: null,
	timeZone: null,
	theme: null,
	density: null,
	layout: null,
	conversations: null,
	trustedSenders: {},
	labels: {},
}
const MOST = 65_536

function current({ house, account }: Call): Json {
	return { id: ONLY, ...NONE, ...(house.reader.emails.object(account.id, KIND, ONLY) as Json | null) }
}

export function getPreferences(call: Call, args: Json): Responses {
	const asked = readGet(call, args, ['id', ...Object.keys(NONE)])
	const { list, notFound } = getFrom([current(call)], asked)
	return [[`${KIND}/get`, { accountId: asked.accountId, state: objectState(call, KIND), list, notFound }]]
}

/** There is one, and it stays. */
export async function setPreferences(call: Call, args: Json): Promise<Responses> {
	const never = async () => {
		throw new jmap.RecordRefused({ type: 'singleton' })
	}
	const setting: Setting = {
		state: () => objectState(call, KIND),
		create: objects => oneByOne(objects, ([creationId]) => creationId, never),
		update: patches =>
			oneByOne(
				patches,
				([id]) => id,
				async ([id, patch]) => {
					if (id !== ONLY) throw new jmap.RecordRefused({ type: 'notFound' })
					const before = current(call)
					const { id: same = id, ...changed } = jmap.applyPatch(before, patch, NONE)
					if (same !== id) throw jmap.invalidProperties(['id'], 'ids do not change')
					const { id: _, ...value } = { ...before, ...changed }
					const parsed = shape.safeParse(value)
					if (!parsed.success) {
						const names = parsed.error.issues.map(({ path }) => String(path[0] ?? Object.keys(patch)[0]))
						throw jmap.invalidProperties([...new Set(names)], 'these cannot have that value')
					}
					if (JSON.stringify(value).length > MOST) throw new jmap.RecordRefused({ type: 'tooLarge' })
					await putObject(call, KIND, ONLY, value)
					return null
				},
			),
		destroy: ids => oneByOne(ids, id => id, never),
	}
	const answer = await inOrder(call, () => set(call, readSet(call, args), setting))
	return [[`${KIND}/set`, answer]]
}
