import { BlockList, isIP } from 'node:net'

/** `::ffff:192.0.2.1` and `192.0.2.1` are one address; zones (`%eth0`) are dropped. */
export function normalAddress(address: string | undefined): string {
	if (!address) return ''
	const plain = address.replace(/%.*$/, '')
	const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain)
	return mapped ? mapped[1]! : plain.toLowerCase()
}

/** Who may be one person: an IPv4 address, or the 64 bits of an IPv6 network, in which everybody has as many as he likes. */
export function networkOf(address: string): string {
	const plain = normalAddress(address)
	if (isIP(plain) !== 6) return plain
	const [front = '', back] = plain.split('::')
	const groups = front === '' ? [] : front.split(':')
	const after = back === undefined || back === '' ? [] : back.split(':')
	while (groups.length + after.length < 8) groups.push('0')
	const four = [...groups, ...after].slice(0, 4).map(group => Number.parseInt(group, 16).toString(16))
	return `${four.join(':')}::/64`
}

const PRIVATE = new BlockList()
for (const [net, bits] of [
	['0.0.0.0', 8],
	['10.0.0.0', 8],
	['100.64.0.0', 10],
	['127.0.0.0', 8],
	['169.254.0.0', 16],
	['172.16.0.0', 12],
	['192.0.0.0', 24],
	['192.168.0.0', 16],
	['198.18.0.0', 15],
	['224.0.0.0', 3],
] as const)
	PRIVATE.addSubnet(net, bits, 'ipv4')
for (const [net, bits] of [
	['::', 95],
	['64:ff9b::', 32],
	['2002::', 16],
	['fc00::', 7],
	['fe80::', 10],
	['ff00::', 8],
] as const)
	PRIVATE.addSubnet(net, bits, 'ipv6')

/** Not an address of the internet: this machine, a network of one's own, or what leads into one (RFC 6890). */
export function isPrivate(address: string): boolean {
	const plain = normalAddress(address)
	const family = isIP(plain)
	return family === 0 || PRIVATE.check(plain, family === 4 ? 'ipv4' : 'ipv6')
}

/** 127.0.0.0/8 or ::1. */
export function isLoopback(address: string): boolean {
	const plain = normalAddress(address)
	return plain === '::1' || plain.startsWith('127.')
}
