import type { Random } from './random.ts'

/** Octets, one character each, that parsers stumble over. */
const PIECES = [
	'\r\n',
	'\n',
	'\r',
	'\0',
	' ',
	'  ',
	'"',
	'\\',
	'(',
	')',
	'((((((((',
	'))))))))',
	'{',
	'}',
	'[',
	']',
	'<',
	'>',
	'*',
	'%',
	'&',
	'&-',
	'~',
	'=',
	'{0}\r\n',
	'{0+}\r\n',
	'{5}\r\n',
	'{5+}\r\nhello',
	'~{3+}\r\na\0b',
	'{99999999999999}\r\n',
	'{1048577+}\r\n',
	'{-1}\r\n',
	'{4294967296}\r\n',
	'NIL',
	'\xff\xfe',
	'\xe4\xbd\xa0',
	'\xe4\xbd',
	'4294967295',
	'4294967296',
	'18446744073709551616',
	'0',
	'-1',
	'1:*',
	'*:1',
	'$',
	'1,,2',
	'.\r\n',
	'..\r\n',
	'\r\n.\r\n',
	'\n.\n',
	'BDAT 5 LAST\r\n',
	'BDAT 0 LAST\r\n',
	'DATA\r\n',
	'RSET\r\n',
	'STARTTLS\r\n',
	'AUTH PLAIN =\r\n',
	'AUTH LOGIN\r\n',
	'DONE\r\n',
	'IDLE\r\n',
	'a IDLE\r\n',
	'a LOGOUT\r\n',
	'a NOOP\r\n',
	'QUIT\r\n',
	'*\r\n',
	'AAAA',
	'====',
	'a'.repeat(2000),
	'('.repeat(3000),
	'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
]

/** Something like these commands, but not quite. */
export function mutate(random: Random, steps: readonly string[]): string {
	const own = [...steps]
	// Wrong order: left out, said twice, swapped.
	for (let turn = random.below(3); turn > 0 && own.length > 0; turn--) {
		const at = random.below(own.length)
		const how = random.below(3)
		if (how === 0) own.splice(at, 1)
		else if (how === 1) own.splice(at, 0, own[at]!)
		else own.push(...own.splice(at, 1))
	}
	let octets = own.join('')
	for (let turn = random.below(6); turn > 0; turn--) octets = once(random, octets)
	return octets
}

function once(random: Random, octets: string): string {
	const at = random.below(octets.length + 1)
	const to = Math.min(octets.length, at + 1 + random.below(20))
	switch (random.below(7)) {
		case 0: {
			// One bit.
			const flipped = String.fromCharCode((octets.charCodeAt(at) || 0) ^ (1 << random.below(8)))
			return octets.slice(0, at) + flipped + octets.slice(at + 1)
		}
		case 1:
			return octets.slice(0, at)
		case 2:
			return octets.slice(0, at) + octets.slice(to)
		case 3:
			return octets.slice(0, to) + octets.slice(at)
		case 4:
			return octets.slice(0, at) + String.fromCharCode(random.below(256)) + octets.slice(at)
		case 5:
			// Another number.
			return octets.replace(/\d+/, digits =>
				random.chance(0.5) ? `${digits}${random.below(1e9)}` : String(random.below(12)),
			)
		default:
			return octets.slice(0, at) + random.of(PIECES) + octets.slice(random.chance(0.5) ? at : to)
	}
}

/** The octets in pieces, cut anywhere; mostly few. */
export function pieces(random: Random, octets: string): Buffer[] {
	const bytes = Buffer.from(octets, 'latin1')
	const cuts = random.chance(0.2) ? Math.min(200, bytes.length) : random.below(6)
	const at = Array.from({ length: cuts }, () => random.below(bytes.length + 1)).sort((a, b) => a - b)
	return [0, ...at].map((from, index) => bytes.subarray(from, at[index] ?? bytes.length))
}
