import assert from 'node:assert/strict'
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { test } from 'node:test'
import { TOTP } from 'otpauth'
import { type Directory, hashPassword, type ScramLogin } from '../src/directory/index.ts'
import { Nodes } from './directory-nodes.ts'

const ALICE = 'alice@example.com'
const WRONG = { ok: false, why: 'wrong' }

async function withAlice(t: { after(fn: () => void): void }, passwordHash?: string) {
	const nodes = new Nodes(t)
	const a = nodes.start('a')
	a.addDomain('example.com')
	const { id } = a.addAccount({
		address: ALICE,
		passwordHash: passwordHash ?? (await hashPassword('secret')),
	})
	return { nodes, a, id }
}

/** Which key a client who knows the password can prove, by the arithmetic of RFC 5802 section 3. */
function proved({ salt, iterations, keys }: ScramLogin, password: string): number | null {
	const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256')
	const clientKey = createHmac('sha256', salted).update('Client Key').digest()
	const stored = createHash('sha256').update(clientKey).digest()
	const found = keys.findIndex(key => key.storedKey.equals(stored))
	return found < 0 ? null : found
}

const byScram = (directory: Directory, login: string, password: string) => {
	const exchange = directory.scram(login)
	return exchange.signIn(proved(exchange, password))
}

test('an app password lets mail programs in and nobody at a page, until it is removed', async t => {
	const { a, id, nodes } = await withAlice(t)
	const phone = await a.appPasswords.add(id, '手机')
	nodes.now += 1000
	const laptop = await a.appPasswords.add(id, ' laptop ')
	assert.match(phone.password, /^[a-z0-9]{5}(-[a-z0-9]{5}){3}$/)
	assert.deepEqual(a.appPasswords.list(id), [
		{ id: phone.id, name: '手机', created: nodes.now - 1000, lastUsed: null },
		{ id: laptop.id, name: 'laptop', created: nodes.now, lastUsed: null },
	])
	assert.equal((await a.authenticate(ALICE, phone.password)).ok, true)
	assert.equal((await a.authenticate(ALICE, phone.password.toUpperCase().replaceAll('-', ' '))).ok, true)
	assert.equal((await a.authenticate(ALICE, 'secret')).ok, true)
	assert.deepEqual(await a.signIn(ALICE, phone.password), WRONG)
	assert.equal((await a.signIn(ALICE, 'secret')).ok, true)
	assert.equal(a.appPasswords.list(id)[0]!.lastUsed, nodes.now)
	assert.equal(a.appPasswords.list(id)[1]!.lastUsed, null)
	a.appPasswords.remove(id, phone.id)
	assert.deepEqual(await a.authenticate(ALICE, phone.password), WRONG)
	assert.deepEqual(byScram(a, ALICE, phone.password), WRONG)
	assert.equal((await a.authenticate(ALICE, laptop.password)).ok, true)
	assert.throws(() => a.appPasswords.remove(id, phone.id), { code: 'nonexistent' })
	await assert.rejects(a.appPasswords.add(id, ' '), { code: 'invalid-name' })
	a.setDisabled(id, true)
	assert.deepEqual(await a.authenticate(ALICE, laptop.password), { ok: false, why: 'disabled' })
})

test('app passwords made on both sides of a cut are both there, one removed stays removed; use is told to nobody', async t => {
	const { a, id, nodes } = await withAlice(t)
	const b = nodes.start('b')
	await nodes.beats(20)
	const old = await a.appPasswords.add(id, 'old')
	await nodes.settled()
	nodes.net.cut('a', 'b')
	const one = await a.appPasswords.add(id, 'one')
	b.appPasswords.remove(id, old.id)
	const two = await b.appPasswords.add(id, 'two')
	nodes.net.mend('a', 'b')
	await nodes.beats(20)
	assert.equal(nodes.digests().size, 1)
	for (const directory of [a, b]) {
		const names = directory.appPasswords.list(id).map(({ name }) => name)
		assert.deepEqual(names.sort(), ['one', 'two'])
	}
	assert.equal((await b.authenticate(ALICE, one.password)).ok, true)
	assert.equal((await a.authenticate(ALICE, two.password)).ok, true)
	await nodes.settled()
	assert.equal(nodes.digests().size, 1)
	assert.equal(a.appPasswords.list(id).find(each => each.id === one.id)?.lastUsed, null)
})

test('with TOTP on a page wants the code, once, and mail programs an app password', async t => {
	const { a, id, nodes } = await withAlice(t)
	const { secret, uri } = a.secondFactor.propose(ALICE)
	assert.match(uri, /^otpauth:\/\/totp\/example\.com:alice%40example\.com\?.*secret=/)
	const codeAt = (ms: number) => new TOTP({ secret }).generate({ timestamp: ms })
	assert.throws(() => a.secondFactor.turnOn(id, secret, '000000'), { code: 'wrong-code' })
	assert.throws(() => a.secondFactor.turnOn(id, 'JBSWY3DP', '000000'), { code: 'wrong-code' })
	assert.equal((await a.signIn(ALICE, 'secret')).ok, true)
	const recovery = a.secondFactor.turnOn(id, secret, codeAt(nodes.now))
	assert.equal(new Set(recovery).size, 10)
	assert.deepEqual(a.secondFactor.status(id), { on: true, recoveryCodesLeft: 10 })

	const wantsCode = { ok: false, why: 'code' }
	assert.deepEqual(await a.signIn(ALICE, 'secret'), wantsCode)
	assert.deepEqual(await a.signIn(ALICE, 'wrong', codeAt(nodes.now)), WRONG)
	// The one that turned it on is spent.
	assert.deepEqual(await a.signIn(ALICE, 'secret', codeAt(nodes.now)), wantsCode)
	nodes.now += 30_000
	assert.equal((await a.signIn(ALICE, 'secret', codeAt(nodes.now))).ok, true)
	assert.deepEqual(await a.signIn(ALICE, 'secret', codeAt(nodes.now)), wantsCode)
	assert.equal((await a.signIn(ALICE, 'secret', codeAt(nodes.now + 30_000))).ok, true)
	nodes.now += 300_000
	assert.deepEqual(await a.signIn(ALICE, 'secret', codeAt(nodes.now - 90_000)), wantsCode)

	assert.equal((await a.signIn(ALICE, 'secret', recovery[3]!.toUpperCase())).ok, true)
	assert.deepEqual(await a.signIn(ALICE, 'secret', recovery[3]), wantsCode)
	assert.equal(a.secondFactor.status(id).recoveryCodesLeft, 9)

	assert.deepEqual(await a.authenticate(ALICE, 'secret'), { ok: false, why: 'app-password' })
	assert.deepEqual(byScram(a, ALICE, 'secret'), { ok: false, why: 'app-password' })
	const phone = await a.appPasswords.add(id, 'phone')
	assert.equal((await a.authenticate(ALICE, phone.password)).ok, true)
	assert.equal(byScram(a, ALICE, phone.password).ok, true)

	const fresh = a.secondFactor.renewRecoveryCodes(id)
	assert.deepEqual(await a.signIn(ALICE, 'secret', recovery[4]), wantsCode)
	assert.equal((await a.signIn(ALICE, 'secret', fresh[4])).ok, true)
	a.secondFactor.turnOff(id)
	assert.deepEqual(a.secondFactor.status(id), { on: false, recoveryCodesLeft: 0 })
	assert.equal((await a.signIn(ALICE, 'secret')).ok, true)
	assert.equal((await a.authenticate(ALICE, 'secret')).ok, true)
})

test('who guesses codes is not heard after ten wrong ones, for a while', async t => {
	const { a, id, nodes } = await withAlice(t)
	const { secret } = a.secondFactor.propose(ALICE)
	const code = () => new TOTP({ secret }).generate({ timestamp: nodes.now })
	a.secondFactor.turnOn(id, secret, code())
	nodes.now += 30_000
	for (let guess = 0; guess < 10; guess++) await a.signIn(ALICE, 'secret', 'guess')
	assert.deepEqual(await a.signIn(ALICE, 'secret', code()), { ok: false, why: 'code' })
	nodes.now += 20 * 60_000
	assert.equal((await a.signIn(ALICE, 'secret', code())).ok, true)
})

test('SCRAM takes the password and every app password, also after the password was changed', async t => {
	const { a, id } = await withAlice(t)
	const phone = await a.appPasswords.add(id, 'phone')
	assert.equal(a.scram(ALICE).keys.length, 2)
	assert.equal(byScram(a, 'Alice', 'secret').ok, true)
	assert.equal(byScram(a, ALICE, phone.password).ok, true)
	assert.deepEqual(byScram(a, ALICE, 'other'), WRONG)
	await a.changePassword(id, 'changed')
	assert.deepEqual(byScram(a, ALICE, 'secret'), WRONG)
	assert.equal(byScram(a, ALICE, 'changed').ok, true)
	assert.equal(byScram(a, ALICE, phone.password).ok, true)
	a.setPassword(id, '')
	assert.equal(byScram(a, ALICE, phone.password).ok, true)
	assert.notEqual(a.appPasswords.list(id)[0]!.lastUsed, null)
})

test('a login nobody has is answered like any other, alike at all times and nodes', async t => {
	const { a, id, nodes } = await withAlice(t)
	const b = nodes.start('b')
	const salt = (directory: Directory, login: string) => directory.scram(login).salt.toString('hex')
	const nobody = salt(a, 'nobody@example.com')
	await nodes.beats(20)
	assert.equal(salt(a, 'Nobody@Example.com'), nobody)
	assert.equal(salt(b, 'nobody@example.com'), nobody)
	assert.notEqual(salt(a, 'nobody2@example.com'), nobody)
	nodes.stop('a')
	const again = nodes.start('a')
	assert.equal(salt(again, 'nobody@example.com'), nobody)
	const [known, unknown] = [again.scram(ALICE), again.scram('nobody@example.com')]
	assert.equal(known.salt.length, unknown.salt.length)
	assert.equal(known.iterations, unknown.iterations)
	assert.deepEqual(unknown.signIn(0), WRONG)
	// An account without a password is nobody, too.
	again.setPassword(id, '')
	assert.deepEqual(again.scram(ALICE).signIn(0), WRONG)
})

test('a hash from elsewhere can do SCRAM after the first sign-in, and does not undo a newer password', async t => {
	const whole = await hashPassword('secret')
	const bare = whole.slice(0, whole.indexOf('$scram'))
	const { a, id, nodes } = await withAlice(t, bare)
	const b = nodes.start('b')
	await nodes.beats(20)
	assert.deepEqual(byScram(a, ALICE, 'secret'), WRONG)
	nodes.net.cut('a', 'b')
	nodes.now += 1000
	await b.changePassword(id, 'newer')
	nodes.now += 60_000
	assert.equal((await a.authenticate(ALICE, 'secret')).ok, true)
	assert.equal(byScram(a, ALICE, 'secret').ok, true)
	nodes.net.mend('a', 'b')
	await nodes.beats(20)
	assert.equal(nodes.digests().size, 1)
	for (const directory of [a, b]) {
		assert.equal(byScram(directory, ALICE, 'newer').ok, true)
		assert.deepEqual(await directory.authenticate(ALICE, 'secret'), WRONG)
	}
})

test('a bearer token lets in whose it is, and only as themselves', async t => {
	const nodes = new Nodes(t)
	const owners = new Map([
		['good', ALICE],
		['stranger', 'mallory@test.com'],
	])
	const a = nodes.start('a', { tokens: { ownerOf: async token => owners.get(token) ?? null } })
	a.addDomain('example.com')
	const { id } = a.addAccount({ address: ALICE })
	a.addAccount({ address: 'bob@example.com' })
	const got = await a.authenticateToken(ALICE, 'good')
	assert.equal(got.ok && got.account.id, id)
	assert.equal((await a.authenticateToken('', 'good')).ok, true)
	assert.deepEqual(await a.authenticateToken('bob@example.com', 'good'), WRONG)
	assert.deepEqual(await a.authenticateToken(ALICE, 'bad'), WRONG)
	assert.deepEqual(await a.authenticateToken('', 'stranger'), WRONG)
	a.setDisabled(id, true)
	assert.deepEqual(await a.authenticateToken('', 'good'), { ok: false, why: 'disabled' })
})
