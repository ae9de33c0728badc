import {
	type Address,
	type AddressOrGroup,
	decodeHeader,
	headerFields,
	parseAddresses,
	parseDate,
} from '../../message/index.ts'
import { jmap } from '../../wire/index.ts'

/** A header field: its name as written, its value as it stands (folds and all), and unfolded. */
export type Field = { name: string; raw: string; value: string }

/** The fields of a header. @param octets up to its blank line or beyond */
export function fieldsOf(octets: Buffer): Field[] {
	return headerFields(octets).map(({ name, value, start, end }) => {
		const line = octets.subarray(start, end)
		const raw = line
			.subarray(line.indexOf(58) + 1)
			.toString()
			.replaceAll('\0', '')
			.replace(/\r?\n$/, '')
		return { name, raw, value }
	})
}

/** RFC 8621 section 4.1.3: the last field of that name, or all of them. */
export function headerValue(fields: Field[], { name, form, all }: jmap.HeaderProperty): unknown {
	const wanted = name.toLowerCase()
	const found = fields.filter(field => field.name.toLowerCase() === wanted)
	if (all) return found.map(field => valueAs(field, form))
	const last = found.at(-1)
	return last ? valueAs(last, form) : null
}

/** RFC 8621 section 4.1.2. */
function valueAs({ raw, value }: Field, form: jmap.Form): unknown {
	switch (form) {
		case 'asRaw':
			return raw
		case 'asText':
			return asText(decodeHeader(value))
		case 'asAddresses':
			return asAddresses(parseAddresses(value))
		case 'asGroupedAddresses':
			return asGroupedAddresses(parseAddresses(value))
		case 'asMessageIds':
			return asMessageIds(value)
		case 'asDate':
			return asDate(value)
		case 'asURLs':
			return asUrls(value)
	}
}

export function asText(decoded: string): string {
	return decoded.trim().normalize('NFC')
}

export function asAddresses(list: AddressOrGroup[]): { name: string | null; email: string }[] {
	return list.flatMap(entry => ('group' in entry ? entry.members : [entry])).map(emailAddress)
}

function emailAddress({ name, mailbox, host }: Address): { name: string | null; email: string } {
	return { name: name?.trim() || null, email: host === '' ? mailbox : `${mailbox}@${host}` }
}

/** Addresses that stand in no group, side by side, are one group without a name. */
function asGroupedAddresses(list: AddressOrGroup[]): unknown[] {
	const groups: { name: string | null; addresses: unknown[] }[] = []
	let open = false
	for (const entry of list) {
		if ('group' in entry) {
			groups.push({ name: entry.group, addresses: entry.members.map(emailAddress) })
			open = false
			continue
		}
		if (!open) groups.push({ name: null, addresses: [] })
		groups.at(-1)!.addresses.push(emailAddress(entry))
		open = true
	}
	return groups
}

/** Null when there is anything but message ids and comments. */
export function asMessageIds(value: string): string[] | null {
	const plain = withoutComments(value)
	const ids = plain.match(/<[^<>]+>/g) ?? []
	const rest = plain.replace(/<[^<>]+>/g, '').trim()
	return ids.length > 0 && rest === '' ? ids.map(one => one.slice(1, -1).replace(/\s/g, '')) : null
}

export function asDate(value: string): string | null {
	const ms = parseDate(value)
	if (ms === null) return null
	const zone = /([+-])(\d\d):?(\d\d)(?:\s*\([^()]*\))*\s*$/.exec(value)
	const offset = zone ? (zone[1] === '-' ? -1 : 1) * (Number(zone[2]) * 60 + Number(zone[3])) : 0
	return jmap.formatDateTime(ms, Math.abs(offset) < 1440 ? offset : 0)
}

function asUrls(value: string): string[] | null {
	const urls = withoutComments(value).match(/<[^<>]+>/g)
	return urls ? urls.map(url => url.slice(1, -1).replace(/\s/g, '')) : null
}

function withoutComments(value: string): string {
	if (!value.includes('(')) return value
	let out = ''
	let depth = 0
	let inside = false
	for (let i = 0; i < value.length; i++) {
		const char = value[i]!
		if (depth === 0 && char === '<') inside = true
		if (char === '>') inside = false
		if (!inside && char === '(') depth++
		else if (depth > 0 && char === ')') depth--
		else if (depth > 0 && char === '\\') i++
		else if (depth === 0) out += char
	}
	return out
}
