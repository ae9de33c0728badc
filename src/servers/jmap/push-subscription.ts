import { randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { newId } from '../../kit/index.ts'
import { jmap } from '../../wire/index.ts'
import type { Call, Responses } from './call.ts'
import { isTextOrNull, type Json, putObject } from './objects.ts'
import { forgetExpired, type KeptPush, KIND, pushesOf } from './push.ts'
import { post } from './push-post.ts'
import { areKeys } from './push-sealed.ts'
import { getFrom, readGet } from './standard-get.ts'
import { changed, oneByOne, readSet, set } from './standard-set.ts'

/*
 * RFC 8620 section 7.2. Push subscriptions belong to what one signed in with, not to an account: the methods have neither
 * account nor state.
 */

const PROPERTIES = ['id', 'deviceClientId', 'verificationCode', 'expires', 'types']
/** Nobody is told these again, not even who said them. */
const SECRET = ['url', 'keys']
const MOST = 50
const LONGEST_MS = 7 * 24 * 3600_000

function recordOf({ id, value }: { id: string; value: KeptPush }): Json {
	const { deviceClientId, code, verified, expires, types } = value
	return {
		id,
		deviceClientId,
		verificationCode: verified ? code : null,
		expires: jmap.formatUtcDate(expires),
		types,
	}
}

/** Those that were made by who showed the same. */
function ownPushes({ house, account, credential }: Call) {
	return pushesOf(house, account.id).filter(({ value }) => value.credential === credential)
}

/** @throws MethodRefused invalidArguments: these methods take no such thing */
function withoutAccount(args: Json): void {
	const wrong = ['accountId', 'ifInState'].filter(name => name in args)
	if (wrong.length > 0)
		throw new jmap.MethodRefused('invalidArguments', `${KIND} has no account and no state`, {
			arguments: wrong,
		})
}

/** Section 7.2.1. */
export function getPushes(call: Call, args: Json): Responses {
	withoutAccount(args)
	const { properties } = args
	if (Array.isArray(properties) && properties.some(one => SECRET.includes(one)))
		throw new jmap.MethodRefused('forbidden', 'url and keys are not told')
	const asked = readGet(call, { accountId: call.account.id, ...args }, PROPERTIES)
	return [[`${KIND}/get`, getFrom(ownPushes(call).map(recordOf), asked)]]
}

/** Section 7.2.2. */
export async function setPushes(call: Call, args: Json): Promise<Responses> {
	withoutAccount(args)
	const got = readSet(call, { accountId: call.account.id, ...args })
	await forgetExpired(call.house, call.account.id)
	const find = (id: string) => {
		const kept = ownPushes(call).find(one => one.id === id)
		if (!kept) throw new jmap.RecordRefused({ type: 'notFound' })
		return kept
	}
	const {
		accountId: _,
		oldState: __,
		newState: ___,
		...answer
	} = await set(call, got, {
		state: () => '',
		create: objects =>
			oneByOne(
				objects,
				([creationId]) => creationId,
				([, given]) => create(call, given),
			),
		update: patches =>
			oneByOne(
				patches,
				([id]) => id,
				([id, patch]) => update(call, find(id), patch),
			),
		destroy: ids =>
			oneByOne(
				ids,
				id => id,
				async (id): Promise<true> => {
					await putObject(call, KIND, find(id).id, null)
					return true
				},
			),
	})
	return [[`${KIND}/set`, answer]]
}

async function create(call: Call, given: Json): Promise<Json & { id: string }> {
	const { deviceClientId, url, keys = null, verificationCode = null, expires = null, types = null } = given
	const wrong = Object.keys(given).filter(name => name === 'id' || ![...PROPERTIES, ...SECRET].includes(name))
	if (typeof deviceClientId !== 'string' || deviceClientId === '' || deviceClientId.length > 255)
		wrong.push('deviceClientId')
	if (!isHttps(url)) wrong.push('url')
	if (keys !== null && !areKeys(keys)) wrong.push('keys')
	if (verificationCode !== null) wrong.push('verificationCode')
	if (!isTime(expires)) wrong.push('expires')
	if (!areTypes(types)) wrong.push('types')
	if (wrong.length > 0) throw jmap.invalidProperties(wrong, 'these are missing, or cannot have that value')
	if (pushesOf(call.house, call.account.id).length >= MOST)
		throw new jmap.RecordRefused({ type: 'overQuota', description: `at most ${MOST} push subscriptions` })
	const id = newId()
	const value = {
		deviceClientId,
		credential: call.credential,
		url,
		keys,
		types,
		expires: within(expires),
		code: randomBytes(24).toString('base64url'),
		verified: false,
	} as KeptPush
	await putObject(call, KIND, id, value)
	verify(call, id, value)
	return {
		...recordOf({ id, value }),
		id,
		...('keys' in given ? null : { keys: null }),
	}
}

/** Whoever the URL belongs to says whether he wants this. */
function verify({ house, account }: Call, id: string, { url, keys, code }: KeptPush): void {
	const value = { '@type': 'PushVerification', pushSubscriptionId: id, verificationCode: code }
	post(url, keys, value, house.limits.pushToPrivate ?? false).then(
		status => {
			if (status >= 300)
				house.log.info({ account: account.id, status }, 'a push URL refused its verification')
		},
		error => house.log.info({ err: error, account: account.id }, 'a push URL cannot be reached'),
	)
}

async function update(call: Call, kept: { id: string; value: KeptPush }, patch: Json): Promise<Json | null> {
	const before = recordOf(kept)
	const asked = changed(before, jmap.applyPatch(before, patch))
	const { verificationCode, expires = before.expires, types = before.types, ...rest } = asked
	const wrong = Object.keys(rest).filter(
		name => !SECRET.includes(name) || !isDeepStrictEqual(rest[name], kept.value[name as 'url' | 'keys']),
	)
	if (verificationCode !== undefined && verificationCode !== kept.value.code) wrong.push('verificationCode')
	if (!isTime(expires)) wrong.push('expires')
	if (!areTypes(types)) wrong.push('types')
	if (wrong.length > 0) throw jmap.invalidProperties(wrong, 'these do not change, or not to that')
	const value: KeptPush = {
		...kept.value,
		expires: expires === before.expires ? kept.value.expires : within(expires),
		types: types as string[] | null,
		verified: kept.value.verified || verificationCode !== undefined,
	}
	if (!isDeepStrictEqual(value, kept.value)) await putObject(call, KIND, kept.id, value)
	const told = jmap.formatUtcDate(value.expires)
	return told === expires ? null : { expires: told }
}

function isHttps(url: unknown): boolean {
	return (
		typeof url === 'string' &&
		url.startsWith('https://') &&
		url.length <= 2000 &&
		URL.canParse(url) &&
		new URL(url).username === ''
	)
}

function isTime(value: unknown): boolean {
	return isTextOrNull(value) && (value === null || jmap.parseUtcDate(value) !== null)
}

function areTypes(value: unknown): boolean {
	return (
		value === null ||
		(Array.isArray(value) &&
			value.length <= 50 &&
			value.every(one => typeof one === 'string' && one.length < 100))
	)
}

/** Not longer than we keep them without hearing of the client again. */
function within(expires: unknown): number {
	const latest = Date.now() + LONGEST_MS
	return expires === null ? latest : Math.min(latest, jmap.parseUtcDate(expires)!)
}
