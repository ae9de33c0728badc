import { hash } from 'node:crypto'
import { isStamp } from './stamp.ts'
import type { Fields, Kind, Value } from './types.ts'

/** Digests are sums modulo this. */
export const DIGEST_SIZE = 2 ** 40

/** A record as it travels and as it is hashed: kind, tab, id, tab, fields as canonical JSON. */
export type Line = string

/** The same fields always give the same text: names sorted, no white space. */
export function canonicalText(fields: Fields): string {
	let out = ''
	for (const name of Object.keys(fields).sort()) {
		out += `${out ? ',' : ''}"${name}":${JSON.stringify(fields[name])}`
	}
	return `{${out}}`
}

/** 40 bits. */
export function hashOf(kind: string, id: string, text: string): number {
	return Number.parseInt(hash('sha1', `${kind}\t${id}\t${text}`).slice(0, 10), 16)
}

export function lineOf(kind: string, id: string, text: string): Line {
	return `${kind}\t${id}\t${text}`
}

/** Cuts a line without reading its fields: most of a refresh is records we have already. */
export function cutLine(line: Line): { kind: Kind; id: string; text: string } | null {
	const first = line.indexOf('\t')
	const second = line.indexOf('\t', first + 1)
	if (first < 1 || second < first + 2) return null
	// Kinds and fields of a newer version are kept and passed on, though nobody here reads them.
	return {
		kind: line.slice(0, first) as Kind,
		id: line.slice(first + 1, second),
		text: line.slice(second + 1),
	}
}

// A field's name begins with a letter: `__proto__` is no field.
const NAME = /^[a-zA-Z]\w{0,63}$/

/** Fields as another node sent them, null when they are none. */
export function parseFields(text: string): Fields | null {
	let fields: unknown
	try {
		fields = JSON.parse(text)
	} catch {
		return null
	}
	if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) return null
	for (const [name, field] of Object.entries(fields)) {
		if (!NAME.test(name) || !Array.isArray(field) || field.length !== 2) return null
		if (!isValue(field[0]) || !isStamp(field[1])) return null
	}
	return fields as Fields
}

function isValue(value: unknown): value is Value {
	if (value === null) return true
	if (Array.isArray(value)) return value.every(item => typeof item === 'string')
	return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

export function isDeleted(fields: Fields): boolean {
	return fields.deleted?.[0] === true
}

export function textOf(fields: Fields, name: string): string {
	const value = fields[name]?.[0]
	return typeof value === 'string' ? value : ''
}

export function numberOf(fields: Fields, name: string): number {
	const value = fields[name]?.[0]
	return typeof value === 'number' ? value : 0
}

export function listOf(fields: Fields, name: string): string[] {
	const value = fields[name]?.[0]
	return Array.isArray(value) ? value : []
}
