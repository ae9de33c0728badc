import { type Piece, type Range, type SequenceSet, STAR } from './types.ts'
import { decodeUtf7 } from './utf7.ts'

/** Where and why the grammar was broken; `parse` turns it into a Refusal. */
export class SyntaxFault extends Error {}

const SP = 0x20
const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Octets that end an atom: CTL, SP and ( ) { % * " \ ; `]` is left to the caller (RFC 3501 section 9). */
const ATOM = table(c => c > SP && c < 0x7f && !'(){%*"\\'.includes(String.fromCharCode(c)))
/** An atom of astring: `]` is allowed; octets from 128 on too, as clients write UTF-8 names without quotes. */
const ASTRING = table(c => c > SP && c !== 0x7f && !'(){%*"\\'.includes(String.fromCharCode(c)))
/** list-mailbox: wildcards are allowed. */
const PATTERN = table(c => c > SP && c !== 0x7f && !'(){"\\'.includes(String.fromCharCode(c)))
const WORD = table(c => /[\w.-]/.test(String.fromCharCode(c)))
const MOST_63_BITS = 2n ** 63n - 1n
const DIGIT = table(c => c >= 0x30 && c <= 0x39)
/** More than anybody writes in one list; what has to be done for each is not for nothing. */
const MOST_ITEMS = 1000

function table(is: (code: number) => boolean): Uint8Array {
	return Uint8Array.from({ length: 256 }, (_, code) => (is(code) ? 1 : 0))
}

/** Walks through the pieces of one command and reads RFC 9051's common productions. */
export class Cursor {
	#pieces: Piece[]
	#index = 0
	#text: string
	#at = 0

	#utf8: boolean

	/** @param utf8 mailbox names are UTF-8, `&` is no sign of modified UTF-7 (RFC 6855 section 3, RFC 9051 section 5.1) */
	constructor(pieces: Piece[], utf8 = false) {
		this.#pieces = pieces
		this.#utf8 = utf8
		this.#text = pieces[0] as string
	}

	get done(): boolean {
		return this.#at === this.#text.length && this.#index === this.#pieces.length - 1
	}

	fault(expected: string): never {
		throw new SyntaxFault(`${expected} expected at column ${this.#at + 1}`)
	}

	/** The next character, '' where a literal or the end follows. */
	get ahead(): string {
		return this.#text.charAt(this.#at)
	}

	#code(): number {
		return this.#at < this.#text.length ? this.#text.charCodeAt(this.#at) : -1
	}

	/** Takes `text` (any case) when it is next. */
	skip(text: string): boolean {
		const end = this.#at + text.length
		const there = this.#text.slice(this.#at, end)
		if (there !== text && there.toUpperCase() !== text) return false
		this.#at = end
		return true
	}

	expect(text: string): void {
		if (!this.skip(text)) this.fault(text === ' ' ? 'space' : `"${text}"`)
	}

	space(): void {
		if (this.#code() !== SP) this.fault('space')
		this.#at++
	}

	end(): void {
		// QUIRK: spaces before CRLF come from several clients and mean nothing.
		while (this.#code() === SP) this.#at++
		if (!this.done) this.fault('end of command')
	}

	#run(of: Uint8Array): string {
		const start = this.#at
		while (this.#at < this.#text.length && of[this.#text.charCodeAt(this.#at)] === 1) this.#at++
		return this.#text.slice(start, this.#at)
	}

	atom(what = 'atom'): string {
		return this.#run(ATOM) || this.fault(what)
	}

	/** The letters, digits, dots and dashes of a command's or item's name, in upper case. */
	word(what = 'word'): string {
		return this.#run(WORD).toUpperCase() || this.fault(what)
	}

	number(most = 0xffffffff): number {
		const digits = this.#run(DIGIT)
		const number = Number(digits)
		if (digits === '' || number > most) this.fault('number')
		return number
	}

	/** RFC 7162: 63 bits there, what a double holds exactly here; all beyond is more than anything that is. */
	number64(): number {
		const digits = this.#run(DIGIT)
		if (digits === '' || BigInt(digits) > MOST_63_BITS) this.fault('number')
		return Math.min(Number(digits), Number.MAX_SAFE_INTEGER)
	}

	/** Octets of a quoted string or literal as Latin-1; null when neither is next. */
	#string(): string | null {
		const code = this.#code()
		if (code === QUOTE) return this.#quoted()
		if (code === -1 && this.#index < this.#pieces.length - 1) return this.#literal()
		return null
	}

	#quoted(): string {
		let out = ''
		let start = ++this.#at
		for (;;) {
			const code = this.#code()
			if (code === -1) this.fault('closing quote')
			if (code === QUOTE) break
			if (code === BACKSLASH) {
				out += this.#text.slice(start, this.#at)
				start = ++this.#at
				if (this.#code() === -1) this.fault('closing quote')
			}
			this.#at++
		}
		out += this.#text.slice(start, this.#at++)
		return out
	}

	#literal(): string {
		const literal = this.#pieces[this.#index + 1]
		if (!Buffer.isBuffer(literal)) this.fault('string')
		this.#enter(this.#index + 2)
		return literal.toString('latin1')
	}

	/** The size of a message that streamed by. */
	message(): number {
		const literal = this.#text.length === this.#at ? this.#pieces[this.#index + 1] : undefined
		if (!literal || typeof literal === 'string' || Buffer.isBuffer(literal)) this.fault('literal')
		this.#enter(this.#index + 2)
		return literal.octets
	}

	#enter(piece: number): void {
		this.#index = piece
		this.#text = this.#pieces[piece] as string
		this.#at = 0
	}

	/** Octets of an astring, as Latin-1. */
	octets(): string {
		return this.#string() ?? (this.#run(ASTRING) || this.fault('string'))
	}

	/** astring in UTF-8. */
	text(): string {
		return fromUtf8(this.octets())
	}

	/** Octets of string, literal8 or NIL, as Latin-1. */
	nvalue(): string | null {
		const string = this.#string()
		if (string === null && !this.skip('NIL')) this.fault('string or NIL')
		return string
	}

	/** Does a literal come next, a message that streamed by or one that was kept? */
	get literalAhead(): boolean {
		return this.#at === this.#text.length && this.#index < this.#pieces.length - 1
	}

	/** Octets of string or NIL. */
	nstring(): string | null {
		const string = this.#string()
		if (string !== null) return fromUtf8(string)
		if (!this.skip('NIL')) this.fault('string or NIL')
		return null
	}

	/** A mailbox name in Unicode: modified UTF-7, or UTF-8 as it is. */
	mailbox(): string {
		return this.#name(this.octets())
	}

	/** list-mailbox: a name with wildcards. */
	pattern(): string {
		return this.#name(this.#string() ?? (this.#run(PATTERN) || this.fault('mailbox name or pattern')))
	}

	#name(octets: string): string {
		if (this.#utf8 || /[\x80-\xff]/.test(octets)) return fromUtf8(octets)
		return decodeUtf7(octets) ?? octets
	}

	/** `(` items `)`, items apart by one space; empty only when `empty` is set. */
	list<T>(item: () => T, empty = false, most = MOST_ITEMS): T[] {
		this.expect('(')
		return empty && this.skip(')') ? [] : this.restOfList(item, most)
	}

	/** The same where `(` was read. */
	restOfList<T>(item: () => T, most = MOST_ITEMS): T[] {
		const items: T[] = []
		do {
			if (items.length === most) throw new SyntaxFault('too much in one list')
			items.push(item())
		} while (this.skip(' '))
		this.expect(')')
		return items
	}

	flag(): string {
		return this.skip('\\') ? `\\${this.atom('flag')}` : this.atom('flag')
	}

	sequenceSet(): SequenceSet {
		if (this.skip('$')) return '$'
		return this.ranges()
	}

	ranges(): Range[] {
		const ranges: Range[] = []
		do {
			const from = this.#bound()
			const to = this.skip(':') ? this.#bound() : from
			ranges.push(from <= to ? [from, to] : [to, from])
		} while (this.skip(','))
		return ranges
	}

	/** seq-number: one message, `*` the last. */
	one(): number {
		return this.#bound()
	}

	#bound(): number {
		if (this.skip('*')) return STAR
		const number = this.number()
		if (number === 0) this.fault('number above zero')
		return number
	}
}

export function fromUtf8(octets: string): string {
	return /[\x80-\xff]/.test(octets) ? Buffer.from(octets, 'latin1').toString('utf8') : octets
}
