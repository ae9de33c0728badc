import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scan } from '../message/index.ts'
import { judge } from './judge.ts'

const own = new Set(['alice@example.com', 'sales@example.com'])

function judged(header: string, signedIn = true) {
	const message = Buffer.from(`${header}\r\n\r\nhi\r\n`)
	const isOwn = signedIn ? (address: string) => own.has(address) : null
	const refused = judge({ scanned: scan(message), header: message, isOwn })
	return refused && `${refused.code} ${refused.enhanced}`
}

const cases: [what: string, header: string, refused: string | null][] = [
	['one’s own address in From', 'From: Alice <alice@example.com>', null],
	['an alias', 'From: sales@example.com', null],
	['no From', 'Subject: x', null],
	['From without an address', 'From: Alice', null],
	['a colleague', 'From: The boss <boss@example.com>', '550 5.7.1'],
	['an address elsewhere', 'From: alice@example.org', '550 5.7.1'],
	['oneself and a colleague', 'From: alice@example.com, boss@example.com', '550 5.7.1'],
	['a group of colleagues', 'From: us: alice@example.com, boss@example.com;', '550 5.7.1'],
	['a second From', 'From: alice@example.com\r\nSubject: x\r\nfrom: boss@example.com', '550 5.7.1'],
	['a colleague with oneself as Sender', 'From: boss@example.com\r\nSender: alice@example.com', '550 5.7.1'],
	['a letter sent again', 'Resent-From: alice@example.com\r\nFrom: boss@example.com', null],
	[
		'a letter sent again by a colleague',
		'Resent-From: boss@example.com\r\nFrom: alice@example.com',
		'550 5.7.1',
	],
]
for (const [what, header, refused] of cases) {
	test(`${what}: ${refused ? 'refused' : 'taken'} from who is signed in`, () => {
		assert.equal(judged(header), refused)
		assert.equal(judged(header, false), null)
	})
}

test('a header of which only the beginning was kept is judged by all of it', () => {
	const message = Buffer.from('X: y\r\nFrom: boss@example.com\r\n\r\n')
	const evidence = { scanned: scan(message), header: message.subarray(0, 6), isOwn: () => false }
	assert.equal(judge(evidence)?.code, 550)
})

test('a message that goes in circles is refused from everybody', () => {
	const header = 'Received: from x by y\r\n'.repeat(101)
	assert.equal(judged(`${header}Subject: x`, false), '554 5.4.6')
})
