import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isPrivate } from './ip.ts'

test('networks of one’s own are told from the internet, however the address is written', () => {
	const own = [
		...['127.0.0.1', '10.1.2.3', '172.31.0.1', '192.168.1.1', '169.254.169.254', '100.64.0.1', '0.0.0.0'],
		...['224.0.0.1', '255.255.255.255', '::1', '::', 'fe80::1%eth0', 'fd00::1', 'ff02::1'],
		...['::ffff:10.0.0.1', '::ffff:7f00:1', '64:ff9b::a00:1', '2002:7f00:1::', 'no address', ''],
	]
	for (const address of own) assert.equal(isPrivate(address), true, address)
	for (const address of [
		'192.0.2.1',
		'8.8.8.8',
		'172.32.0.1',
		'2001:db8::1',
		'2606:4700::1',
		'::ffff:8.8.8.8',
	])
		assert.equal(isPrivate(address), false, address)
})
