import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashPassword, scramOf, verifyPassword } from './password.ts'
import { SignIns, type SignInsOptions } from './sign-in.ts'
import type { Account } from './types.ts'

const cheap = { memory: 64, passes: 1, parallelism: 1 }
const clock = { now: () => 1 }

function signInsOf(
	accounts: () => Account[],
	onOldHash: SignInsOptions['onOldHash'] = async () => {},
	isIncomplete = false,
): SignIns {
	return new SignIns({
		clock,
		candidates: () =>
			accounts().map(account => ({
				account,
				secrets: { passwordHash: account.passwordHash, appPasswords: [], totp: '', recovery: [] },
			})),
		appPasswords: { match: () => null, used: () => {} },
		secondFactor: { accepts: () => true },
		onOldHash,
		scramSecret: () => 'secret',
		tokens: null,
		isIncomplete: () => isIncomplete,
	})
}

function account(id: string, passwordHash: string, disabled = false): Account {
	const address = `${id}@example.com`
	const rest = { conflict: false, name: '', home: 'a', epoch: 1, created: 0, unit: '', mergesInto: null }
	return { id, address, claimed: address, passwordHash, disabled, ...rest }
}

test('a password verifies against its own hash and no other does', async () => {
	const hash = await hashPassword('correct horse', cheap)
	assert.match(
		hash,
		/^\$argon2id\$v=19\$m=64,t=1,p=1\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+\$scram-sha-256\$i=50000\$/,
	)
	assert.equal(await verifyPassword(hash, 'correct horse'), true)
	assert.equal(await verifyPassword(hash, 'correct horsE'), false)
	assert.notEqual(await hashPassword('correct horse', cheap), hash)
})

test('a hash made elsewhere with other costs is understood, one that would eat the machine is not', async () => {
	assert.equal(
		await verifyPassword(await hashPassword('x', { memory: 128, passes: 2, parallelism: 2 }), 'x'),
		true,
	)
	for (const hash of [
		'',
		'!',
		'$2y$10$abc',
		'$argon2id$v=19$m=99999999,t=1,p=1$c29tZXNhbHRzYWx0$c29tZWhhc2hoYXNo',
	])
		assert.equal(await verifyPassword(hash, 'x'), false)
})

test('a hash made elsewhere has no SCRAM, and is told about when its password was right', async () => {
	const whole = await hashPassword('one', cheap)
	const bare = whole.slice(0, whole.indexOf('$scram'))
	assert.equal(scramOf(whole)?.iterations, 50_000)
	assert.equal(scramOf(bare), null)
	assert.equal(await verifyPassword(bare, 'one'), true)
	assert.equal(await verifyPassword(`${bare}$scram-sha-256$i=1$x$y$z`, 'one'), true)
	assert.equal(await verifyPassword(`${bare}$more`, 'one'), false)
	const told: string[] = []
	const signIns = signInsOf(
		() => [account('a1', bare)],
		async (_account, password) => void told.push(password),
	)
	await signIns.program('x', 'two')
	assert.deepEqual(told, [])
	await signIns.program('x', 'one')
	assert.deepEqual(told, ['one'])
})

test("what can be no password is refused, and is nobody's", async () => {
	await assert.rejects(hashPassword('', cheap), { code: 'invalid-password' })
	await assert.rejects(hashPassword('a\nb', cheap), { code: 'invalid-password' })
	assert.equal(await verifyPassword(await hashPassword('ab', cheap), 'a\nb'), false)
})

test('a password typed with combining accents is the same password', async () => {
	assert.equal(await verifyPassword(await hashPassword('caf\u00e9', cheap), 'cafe\u0301'), true)
	assert.equal(await verifyPassword(await hashPassword('pass12', cheap), '\uff50ass\uff11\uff12'), true)
})

test('of two accounts the login may mean, the password says which', async () => {
	const [first, second] = [
		account('a1', await hashPassword('one', cheap)),
		account('a2', await hashPassword('two', cheap)),
	]
	const signIns = signInsOf(() => [first, second])
	assert.deepEqual(await signIns.program('x', 'two'), { ok: true, account: second })
	assert.deepEqual(await signIns.program('x', 'one'), { ok: true, account: first })
	assert.deepEqual(await signIns.program('x', 'three'), { ok: false, why: 'wrong' })
})

test('whom a node does not know while its list is incomplete is not told that the password is wrong', async () => {
	const known = account('a1', await hashPassword('one', cheap))
	const of = (accounts: Account[]) => signInsOf(() => accounts, undefined, true)
	const notNow = { ok: false, why: 'not-now' }
	assert.deepEqual(await of([]).program('x', 'one'), notNow)
	assert.deepEqual(await of([]).person('x', 'one', ''), notNow)
	assert.deepEqual(await of([]).scram('x').signIn(0), notNow)
	assert.deepEqual(await of([known]).program('x', 'two'), { ok: false, why: 'wrong' })
	assert.deepEqual(await of([known]).program('x', 'one'), { ok: true, account: known })
})

test('only who knows the password learns that an account is disabled', async () => {
	const signIns = signInsOf(() => [disabled])
	const disabled = account('a1', await hashPassword('one', cheap), true)
	assert.deepEqual(await signIns.program('x', 'one'), { ok: false, why: 'disabled' })
	assert.deepEqual(await signIns.program('x', 'two'), { ok: false, why: 'wrong' })
})

test('a remembered password ends with its hash', async () => {
	let present = account('a1', await hashPassword('old', cheap))
	const signIns = signInsOf(() => [present])
	assert.equal((await signIns.program('x', 'old')).ok, true)
	assert.equal((await signIns.program('x', 'old')).ok, true)
	present = account('a1', await hashPassword('new', cheap))
	assert.equal((await signIns.program('x', 'old')).ok, false)
	assert.equal((await signIns.program('x', 'new')).ok, true)
	present = account('a1', '')
	assert.equal((await signIns.program('x', '')).ok, false)
	assert.equal((await signIns.program('x', 'new')).ok, false)
})
