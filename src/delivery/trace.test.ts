import assert from 'node:assert/strict'
import { test } from 'node:test'
import { receivedField } from './trace.ts'
import type { Client, Transaction } from './types.ts'

const client = (helo: string) =>
	({ protocol: 'smtp', address: '192.0.2.1', helo, extended: true, tls: false, account: null }) as Client
const transaction = { recipients: [], smtputf8: false, priority: 0 } as unknown as Transaction
const from = (helo: string) =>
	receivedField(client(helo), transaction, 'mail.test.com', 'id', 0).split('\r\n')[0]

test('the name a client gives itself cannot hide or forge its address', () => {
	for (const fine of ['mail.example.org', '[192.0.2.9]', '[IPv6:2001:db8::1]', 'my_pc'])
		assert.equal(from(fine), `Received: from ${fine} ([192.0.2.1])`)
	for (const evil of ['x([198.51.100.1])', 'x(', 'a;b', 'a\\', '"a"', 'a b', '邮件', ''])
		assert.equal(from(evil), 'Received: from unknown ([192.0.2.1])')
})
