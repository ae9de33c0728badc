import { properties, unescaped } from '../content-lines.ts'
import type { Person } from './card.ts'

/** Address books of other programs: vCard 2.1, 3.0 (RFC 2426) and 4.0 (RFC 6350) are read, 3.0 is written: all know it. */

const MOST_LINES = 500_000
const HAN = /\p{Script=Han}/u

export function readVcards(text: string): Person[] {
	const found: Person[] = []
	let open: Person | null = null
	let structured = ''
	// A long line of quoted-printable goes on after "=" at its end (vCard 2.1).
	for (const { name, params, value } of properties(text.replace(/=\r?\n/g, ''), MOST_LINES)) {
		if (name === 'BEGIN' && /^vcard$/i.test(value.trim())) {
			open = { name: '', emails: [], phones: [], organization: '', title: '', note: '' }
			structured = ''
		} else if (name === 'END' && open) {
			open.name ||= structured || open.organization || (open.emails[0] ?? '')
			if (open.name) found.push(open)
			open = null
		} else if (open) {
			const coded = /quoted-printable/i.test(params.ENCODING ?? params['QUOTED-PRINTABLE'] ?? '')
			const plain = coded ? decode(value, params.CHARSET ?? 'utf-8') : value
			const said = unescaped(plain).trim()
			if (said === '') continue
			if (name === 'FN') open.name ||= said
			else if (name === 'N') structured = nameOf(plain)
			else if (name === 'EMAIL') open.emails.push(said)
			else if (name === 'TEL') open.phones.push(said.replace(/^tel:/i, ''))
			else if (name === 'ORG') open.organization ||= parts(plain).filter(Boolean).join(' / ')
			else if (name === 'TITLE') open.title ||= said
			else if (name === 'NOTE') open.note ||= said
		}
	}
	return found
}

const parts = (value: string) =>
	(value.match(/(?:\\.|[^;\\])*(?:;|$)/gs) ?? []).map(part => unescaped(part.replace(/;$/, '')).trim())

/** Family; given; middle: in the order of the language. */
function nameOf(value: string): string {
	const [family = '', given = '', middle = ''] = parts(value)
	if (HAN.test(family + given)) return family + middle + given
	return [given, middle, family].filter(Boolean).join(' ')
}

function decode(value: string, charset: string): string {
	const octets: number[] = []
	for (const [, hex, plain] of value.matchAll(/=([0-9A-Fa-f]{2})|([^=]+)/g))
		if (hex) octets.push(Number.parseInt(hex, 16))
		else octets.push(...new TextEncoder().encode(plain))
	try {
		return new TextDecoder(charset).decode(new Uint8Array(octets))
	} catch {
		return new TextDecoder().decode(new Uint8Array(octets))
	}
}

export function writeVcards(people: Person[]): string {
	return people.map(writeOne).join('')
}

const escaped = (text: string) => text.replace(/[\\,;]/g, '\\$&').replace(/\r?\n/g, '\\n')

function writeOne({ name, emails, phones, organization, title, note }: Person): string {
	const lines = ['BEGIN:VCARD', 'VERSION:3.0', `FN:${escaped(name)}`, `N:${escaped(name)};;;;`]
	for (const email of emails) lines.push(`EMAIL;TYPE=INTERNET:${escaped(email)}`)
	for (const phone of phones) lines.push(`TEL:${escaped(phone)}`)
	if (organization) lines.push(`ORG:${escaped(organization)}`)
	if (title) lines.push(`TITLE:${escaped(title)}`)
	if (note) lines.push(`NOTE:${escaped(note)}`)
	return `${[...lines, 'END:VCARD'].map(fold).join('\r\n')}\r\n`
}

/** At most 75 octets a line; characters stay whole. */
function fold(line: string): string {
	let folded = ''
	let room = 75
	for (const character of line) {
		const octets = new TextEncoder().encode(character).length
		if (octets > room) {
			folded += '\r\n '
			room = 74
		}
		folded += character
		room -= octets
	}
	return folded
}
