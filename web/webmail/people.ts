import type { Address, EmailLine } from './jmap/types.ts'

export const shortName = ({ name, email }: Address): string => name?.trim() || email

/** Whom a line of the list is about: who wrote it, or, in folders of one's own mail, to whom it went. */
export function peopleOf(line: EmailLine, toThem: boolean): string {
	const people = (toThem ? line.to : line.from) ?? []
	return people.map(shortName).join(', ')
}

/** A hue from 0 to 359 that stays with an address. */
export function hueOf(email: string): number {
	let sum = 0
	for (const character of email.toLowerCase()) sum = (sum * 31 + character.codePointAt(0)!) % 360
	return sum
}

/** One letter for a face: of a Chinese name the last character, as people there call each other. */
export function faceOf(address: Address | undefined): string {
	if (!address) return '?'
	const characters = [...shortName(address).replace(/["'<>\s]/g, '')]
	const isHan = /\p{Script=Han}/u.test(characters.at(-1) ?? '')
	return (isHan ? characters.at(-1)! : (characters[0] ?? '?')).toUpperCase()
}
