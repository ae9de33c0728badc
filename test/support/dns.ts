import { createSocket } from 'node:dgram'

/** May be changed while the server runs. */
export type Records = Record<
	string,
	{
		MX?: [preference: number, exchange: string][]
		A?: string[]
		TXT?: string[]
		PTR?: string[]
		SRV?: [priority: number, weight: number, port: number, target: string][]
	}
>
const TYPES: Record<number, 'A' | 'MX' | 'TXT' | 'PTR' | 'SRV'> = {
	1: 'A',
	12: 'PTR',
	15: 'MX',
	16: 'TXT',
	33: 'SRV',
}

/** A name server that knows a few names (RFC 1035), for the mail exchangers of a made-up world. */
export async function nameServer(
	address: string,
	port: number,
	records: Records,
): Promise<{ close(): void }> {
	const socket = createSocket('udp4')
	socket.on('message', (query, from) => socket.send(answer(query, records), from.port, from.address))
	await new Promise<void>(resolve => socket.bind(port, address, resolve))
	return { close: () => socket.close() }
}

function answer(query: Buffer, records: Records): Buffer {
	let at = 12
	const labels: string[] = []
	while (query[at]! > 0) {
		labels.push(query.toString('latin1', at + 1, at + 1 + query[at]!))
		at += 1 + query[at]!
	}
	const name = labels.join('.').toLowerCase()
	const type = TYPES[query.readUInt16BE(at + 1)]
	const question = query.subarray(12, at + 5)
	const known = records[name]
	const data: Buffer[] = []
	if (type === 'A') for (const ip of known?.A ?? []) data.push(Buffer.from(ip.split('.').map(Number)))
	if (type === 'MX') {
		for (const [preference, exchange] of known?.MX ?? []) {
			data.push(Buffer.concat([Buffer.from([preference >> 8, preference & 255]), encodeName(exchange)]))
		}
	}
	if (type === 'PTR') for (const name of known?.PTR ?? []) data.push(encodeName(name))
	if (type === 'TXT') for (const text of known?.TXT ?? []) data.push(encodeText(text))
	if (type === 'SRV') {
		for (const [priority, weight, port, target] of known?.SRV ?? []) {
			const numbers = Buffer.alloc(6)
			for (const [index, value] of [priority, weight, port].entries()) numbers.writeUInt16BE(value, index * 2)
			data.push(Buffer.concat([numbers, encodeName(target)]))
		}
	}
	const header = Buffer.alloc(12)
	query.copy(header, 0, 0, 2)
	header.writeUInt16BE(known ? 0x8180 : 0x8183, 2) // an answer; NXDOMAIN for strangers
	header.writeUInt16BE(1, 4)
	header.writeUInt16BE(data.length, 6)
	const answers = data.map(bytes => {
		const head = Buffer.alloc(12)
		head.writeUInt16BE(0xc00c, 0) // the name of the question
		query.copy(head, 2, at + 1, at + 5)
		head.writeUInt32BE(60, 6)
		head.writeUInt16BE(bytes.length, 10)
		return Buffer.concat([head, bytes])
	})
	return Buffer.concat([header, question, ...answers])
}

/** In strings of at most 255 octets. */
function encodeText(text: string): Buffer {
	const octets = Buffer.from(text)
	const parts: Buffer[] = []
	for (let at = 0; at < octets.length; at += 255) {
		const part = octets.subarray(at, at + 255)
		parts.push(Buffer.from([part.length]), part)
	}
	return Buffer.concat(parts)
}

function encodeName(name: string): Buffer {
	return Buffer.concat([
		...name
			.split('.')
			.filter(label => label !== '')
			.map(label => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])),
		Buffer.from([0]),
	])
}
