/** `::ffff:192.0.2.1` and `192.0.2.1` are one address; zones (`%eth0`) are dropped. */
export function normalAddress(address: string | undefined): string {
	if (!address) return ''
	const plain = address.replace(/%.*$/, '')
	const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain)
	return mapped ? mapped[1]! : plain.toLowerCase()
}

/** 127.0.0.0/8 or ::1. */
export function isLoopback(address: string): boolean {
	const plain = normalAddress(address)
	return plain === '::1' || plain.startsWith('127.')
}
