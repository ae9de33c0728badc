import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isPrivate, networkOf } from './ip.ts'

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

test('whoever has one IPv6 address has its network', () => {
	for (const [address, network] of [
		['192.0.2.7', '192.0.2.7'],
		['::ffff:192.0.2.7', '192.0.2.7'],
		['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
		['2001:DB8:1:2::9%eth0', '2001:db8:1:2::/64'],
		['2001:db8::9', '2001:db8:0:0::/64'],
		['2001:0db8:0000:0000:aaaa::9', '2001:db8:0:0::/64'],
		['fe80::', 'fe80:0:0:0::/64'],
		['::1', '0:0:0:0::/64'],
		['', ''],
	] as const)
		assert.equal(networkOf(address), network)
})
