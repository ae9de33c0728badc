import type { Address } from '../jmap/types.ts'

/** What a person types: `Alice <alice@test.com>, bob@test.com`; also with Chinese commas and semicolons. */
export function parseAddresses(typed: string): Address[] {
	return splitAddresses(typed).flatMap(piece => {
		if (piece === '') return []
		const [, name, inner] = /^(.*?)\s*<([^<>]*)>\s*$/s.exec(piece) ?? []
		const email = (inner ?? piece).trim()
		if (email === '') return []
		const plain =
			name
				?.trim()
				.replace(/^"(.*)"$/s, '$1')
				.replace(/\\(.)/g, '$1') ?? ''
		return [{ name: plain || null, email }]
	})
}

/** At commas and semicolons that are not within quotes or angle brackets; the last piece may be empty, or half an address. */
export function splitAddresses(typed: string): string[] {
	const pieces: string[] = []
	let piece = ''
	let quoted = false
	let angle = false
	for (const character of typed) {
		if (character === '"') quoted = !quoted
		if (!quoted && character === '<') angle = true
		if (!quoted && character === '>') angle = false
		if (!quoted && !angle && /[,;，；、\n]/.test(character)) {
			pieces.push(piece)
			piece = ''
		} else piece += character
	}
	return [...pieces, piece].map(each => each.trim())
}

export function formatAddress({ name, email }: Address): string {
	if (!name) return email
	return /[",;，；、<>@]/.test(name) ? `"${name.replace(/["\\]/g, '\\$&')}" <${email}>` : `${name} <${email}>`
}

export const formatAddresses = (addresses: Address[]): string => addresses.map(formatAddress).join(', ')

/** Could mail be sent there? Not whether anybody lives there. */
export function isAddress({ email }: Address): boolean {
	return /^[^\s@<>()[\],;:\\"]+@[\p{L}\p{N}]([\p{L}\p{N}.-]*[\p{L}\p{N}])?$/u.test(email)
}
