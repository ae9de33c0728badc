import { jmap } from '../../wire/index.ts'
import type { Call, Responses } from './call.ts'
import {
	checkProperties,
	isAddressList,
	isText,
	type Json,
	objectChanges,
	objectState,
	setObjects,
} from './objects.ts'
import { getFrom, readGet } from './standard-get.ts'
import { changed } from './standard-set.ts'
import { mayWriteAs } from './submit.ts'

const KIND = 'Identity'
const PROPERTIES = ['id', 'name', 'email', 'replyTo', 'bcc', 'textSignature', 'htmlSignature', 'mayDelete']

/** Everybody has one with the account's own address, which is kept only when it was changed. */
function ownIdentity({ account }: Call): Json {
	return {
		name: account.name,
		email: account.address,
		replyTo: null,
		bcc: null,
		textSignature: '',
		htmlSignature: '',
	}
}

export function identitiesOf(call: Call): Json[] {
	const own = call.account.id
	const kept = call.house.reader.emails.objects(own, KIND)
	const mine = (kept.find(({ id }) => id === own)?.value ?? ownIdentity(call)) as Json
	const others = kept.filter(({ id }) => id !== own)
	return [
		{ id: own, ...mine, mayDelete: false },
		...others.map(({ id, value }) => ({ id, ...(value as Json), mayDelete: true })),
	]
}

/** RFC 8621 section 6.1. */
export function getIdentities(call: Call, args: Json): Responses {
	const asked = readGet(call, args, PROPERTIES)
	const { list, notFound } = getFrom(identitiesOf(call), asked)
	return [[`${KIND}/get`, { accountId: asked.accountId, state: objectState(call, KIND), list, notFound }]]
}

/** RFC 8621 section 6.2. */
export function identityChanges(call: Call, args: Json): Responses {
	return objectChanges(call, KIND, args)
}

const SHAPE = {
	name: isText,
	email: (value: unknown) => typeof value === 'string' && /^[^\s@]+@[^\s@]+$/.test(value),
	replyTo: isAddressList,
	bcc: isAddressList,
	textSignature: isText,
	htmlSignature: isText,
}

/** RFC 8621 section 6.3. */
export async function setIdentities(call: Call, args: Json): Promise<Responses> {
	const answer = await setObjects(
		call,
		{
			kind: KIND,
			make(_call, given) {
				checkProperties(given, SHAPE)
				if (given.email === undefined) throw jmap.invalidProperties(['email'], 'an identity has an address')
				if (!mayWriteAs(call, given.email as string))
					throw new jmap.RecordRefused({ type: 'forbiddenFrom', description: 'that is not your address' })
				const byDefault = { name: '', replyTo: null, bcc: null, textSignature: '', htmlSignature: '' }
				const value = { ...byDefault, ...given }
				const added = Object.fromEntries(Object.entries(byDefault).filter(([name]) => !(name in given)))
				return { value, added: { ...added, mayDelete: true } }
			},
			find: (_call, id) => identitiesOf(call).find(one => one.id === id) ?? null,
			change(_call, _id, before, patch) {
				const { email: _, ...shape } = SHAPE
				const asked = changed(
					before,
					jmap.applyPatch(before, patch, { name: '', textSignature: '', htmlSignature: '' }),
				)
				checkProperties(asked, shape)
				const { id: __, mayDelete: ___, ...value } = { ...before, ...asked }
				return value
			},
			mayDestroy(_call, id) {
				if (id === call.account.id)
					throw new jmap.RecordRefused({ type: 'forbidden', description: 'your own address stays' })
			},
		},
		args,
	)
	return [[`${KIND}/set`, answer]]
}
