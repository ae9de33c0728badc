import { BlockList, isIP } from 'node:net'

/** Addresses that mean nothing to the rest of the world (RFC 6890): private, shared, loopback, link-local. */
const inner = new BlockList()
for (const [net, prefix] of [
	['0.0.0.0', 8],
	['10.0.0.0', 8],
	['100.64.0.0', 10],
	['127.0.0.0', 8],
	['169.254.0.0', 16],
	['172.16.0.0', 12],
	['192.168.0.0', 16],
	['224.0.0.0', 3],
] as const)
	inner.addSubnet(net, prefix, 'ipv4')
for (const [net, prefix] of [
	['::', 127],
	['fc00::', 7],
	['fe80::', 10],
	['ff00::', 8],
] as const)
	inner.addSubnet(net, prefix, 'ipv6')

export function isPublic(ip: string): boolean {
	const version = isIP(ip)
	return version !== 0 && !inner.check(ip, version === 6 ? 'ipv6' : 'ipv4')
}

/** Is the address in `net` (an address, or one with a prefix length)? False also when that is none. */
export function isInNet(ip: string, net: string): boolean {
	const [base = '', length] = net.split('/')
	const version = isIP(base)
	if (version === 0 || isIP(ip) !== version) return false
	const most = version === 6 ? 128 : 32
	const prefix = length === undefined ? most : Number(length)
	if (!Number.isInteger(prefix) || prefix < 0 || prefix > most) return false
	const family = version === 6 ? 'ipv6' : 'ipv4'
	const list = new BlockList()
	list.addSubnet(base, prefix, family)
	return list.check(ip, family)
}
