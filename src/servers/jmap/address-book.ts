import { z } from 'zod'
import { jmap } from '../../wire/index.ts'
import { object, read } from './arguments.ts'
import type { Call, Responses } from './call.ts'
import type { Json } from './objects.ts'
import { changes } from './standard-changes.ts'
import { getFrom, readGet } from './standard-get.ts'
import { oneByOne, readSet, set } from './standard-set.ts'

const KIND = 'AddressBook'
/** Everybody has one address book, and all cards are in it. */
export const ONLY_BOOK = 'default'
const BOOK = {
	id: ONLY_BOOK,
	name: 'Contacts',
	description: null,
	sortOrder: 0,
	isDefault: true,
	isSubscribed: true,
	shareWith: null,
	myRights: { mayRead: true, mayWrite: true, mayShare: false, mayDelete: false },
}
const STATE = 0

/** RFC 9610 section 2.1. */
export function getAddressBooks(call: Call, args: Json): Responses {
	const asked = readGet(call, args, Object.keys(BOOK))
	const { list, notFound } = getFrom([BOOK], asked)
	return [[`${KIND}/get`, { accountId: asked.accountId, state: String(STATE), list, notFound }]]
}

/** RFC 9610 section 2.2: it stays as it is. */
export function addressBookChanges(call: Call, args: Json): Responses {
	const answer = changes(
		call,
		args,
		() => STATE,
		() => [],
	)
	const { events: _, ...rest } = answer
	return [[`${KIND}/changes`, rest]]
}

const extraShape = z.object({
	onDestroyRemoveContents: z.boolean().default(false),
	onSuccessSetIsDefault: z.string().nullable().default(null),
})

/** RFC 9610 section 2.3. */
export async function setAddressBooks(call: Call, args: Json): Promise<Responses> {
	const { onDestroyRemoveContents: _, onSuccessSetIsDefault: __, ...rest } = args
	read(extraShape, args)
	const never = async () => {
		throw new jmap.RecordRefused({
			type: 'forbidden',
			description: 'there is one address book, and it stays',
		})
	}
	const neverThis = async (id: string) => {
		if (id !== ONLY_BOOK) throw new jmap.RecordRefused({ type: 'notFound' })
		return never()
	}
	const answer = await set(call, readSet(call, read(object, rest)), {
		state: () => String(STATE),
		create: objects => oneByOne(objects, ([creationId]) => creationId, never),
		update: patches =>
			oneByOne(
				patches,
				([id]) => id,
				([id]) => neverThis(id),
			),
		destroy: ids => oneByOne(ids, id => id, neverThis),
	})
	return [[`${KIND}/set`, answer]]
}
