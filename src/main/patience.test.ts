import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SignIn } from '../directory/index.ts'
import { Patience } from './patience.ts'

const WRONG: SignIn = { ok: false, why: 'wrong' }
const clock = { now: () => 0 }
const open = () => new Patience({ clock, failuresPerAddress: 20, countLoopback: false })
const wrong = async () => WRONG

test('an address that failed too often is not listened to, whatever it tries', async () => {
	const patience = open()
	for (let i = 0; i < 20; i++)
		assert.deepEqual(await patience.attempt(`x${i}@test.com`, '192.0.2.1', wrong), WRONG)
	let asked = false
	const result = await patience.attempt('y@test.com', '192.0.2.1', async () => {
		asked = true
		return WRONG
	})
	assert.deepEqual([result.ok, !result.ok && result.why, asked], [false, 'too-many', false])
	assert.deepEqual(await patience.attempt('y@test.com', '192.0.2.2', wrong), WRONG)
})

test('who changes his address within one IPv6 network is one', async () => {
	const patience = open()
	for (let i = 0; i < 20; i++) await patience.attempt(`x${i}@test.com`, `2001:db8:1:2::${i + 1}`, wrong)
	const result = await patience.attempt('y@test.com', '2001:db8:1:2:ffff::', wrong)
	assert.equal(!result.ok && result.why, 'too-many')
	assert.deepEqual(await patience.attempt('y@test.com', '2001:db8:1:3::1', wrong), WRONG)
})

test('a login that many guess at is answered to one after the other; its owner comes in where he did before', async () => {
	const patience = open()
	const right = async () => ({ ok: true }) as SignIn
	await patience.attempt('alice@test.com', '198.51.100.7', right)
	for (let i = 0; i < 10; i++) await patience.attempt('alice@test.com', `192.0.2.${i}`, wrong)
	let under = 0
	let most = 0
	const guess = async () => {
		most = Math.max(most, ++under)
		await new Promise(setImmediate)
		under--
		return WRONG
	}
	const results = await Promise.all(
		Array.from({ length: 7 }, (_, i) => patience.attempt('Alice@test.com', `203.0.113.${i}`, guess)),
	)
	assert.equal(most, 1)
	assert.equal(results.filter(result => !result.ok && result.why === 'too-many').length, 2)
	assert.equal((await patience.attempt('alice@test.com', '198.51.100.7', right)).ok, true)
})

test('who came in from an address before still does when somebody else there fails again and again', async () => {
	const patience = open()
	const right = async () => ({ ok: true }) as SignIn
	const office = '192.0.2.1'
	await patience.attempt('alice@test.com', office, right)
	for (let i = 0; i < 20; i++) await patience.attempt(`x${i}@test.com`, office, wrong)
	assert.equal((await patience.attempt('alice@test.com', office, right)).ok, true)
	// But nobody there may guess at her password without end.
	for (let i = 0; i < 10; i++) await patience.attempt('alice@test.com', office, wrong)
	const guesses = await Promise.all(
		Array.from({ length: 7 }, () => patience.attempt('alice@test.com', office, wrong)),
	)
	assert.equal(guesses.filter(result => !result.ok && result.why === 'too-many').length, 2)
	const stranger = await patience.attempt('carol@test.com', office, right)
	assert.equal(!stranger.ok && stranger.why, 'too-many')
})

test('this machine is not slowed', async () => {
	const patience = open()
	for (let i = 0; i < 30; i++)
		assert.deepEqual(await patience.attempt('x@test.com', '127.0.0.1', wrong), WRONG)
})
