import { LineReader, LineTooLong } from '../../kit/index.ts'
import { type Piece, Refusal } from './types.ts'

export type AssemblerLimits = {
	/** Longest line in octets, its CRLF included. */
	line: number
	/** All literals of one command together, those of APPEND's messages aside. */
	literals: number
}

/** A line has room for a sequence set of thirty thousand uids that follow no order. */
export const ASSEMBLER_LIMITS: AssemblerLimits = { line: 256 * 1024, literals: 1024 * 1024 }

export type Assembled =
	/** A whole command. */
	| { is: 'command'; pieces: Piece[] }
	/** The client waits for `+` before it sends its literal. */
	| { is: 'continue' }
	/** A message of APPEND is announced. Call `accept` or `refuse` before `next`. `pieces`: the command so far. */
	| { is: 'message'; pieces: Piece[]; octets: number; waits: boolean }
	/** Octets of an accepted message; `last` when it is complete. May be empty. */
	| { is: 'octets'; octets: Buffer; last: boolean }
	/** What was refused has passed by; the next command may come. */
	| { is: 'skipped' }

const ANNOUNCED = /~?\{(\d{1,15})(\+?)\}$/
const NOTHING = Buffer.alloc(0)

/**
 * Bytes → whole commands with their literals (RFC 9051 sections 2.2.1 and 4.3, LITERAL+ of RFC 7888).
 * Messages of APPEND and REPLACE are not kept but handed out as they come.
 */
export class Assembler {
	#reader: LineReader
	#limits: AssemblerLimits
	#pieces: Piece[] = []
	/** Octets of literals of this command so far. */
	#used = 0
	#literal: Buffer | null = null
	#filled = 0
	/** Octets of a message of APPEND still to come. */
	#message = 0
	#phase: 'text' | 'literal' | 'decide' | 'message' | 'skip' = 'text'
	#skipping = false
	#waits = false

	constructor(limits: AssemblerLimits = ASSEMBLER_LIMITS) {
		// QUIRK: people try a server out with programs that end lines in LF, as `openssl s_client` does.
		this.#reader = new LineReader(limits.line, { bareLf: true })
		this.#limits = limits
	}

	push(chunk: Buffer): void {
		this.#reader.push(chunk)
	}

	/** Octets that have come and are not used yet. */
	get waiting(): number {
		return this.#reader.length
	}

	/** Everything that has come and is not used yet; the assembler is empty afterwards. */
	drain(): Buffer {
		const rest: Buffer[] = []
		for (let chunk = this.#reader.take(Infinity); chunk; chunk = this.#reader.take(Infinity)) rest.push(chunk)
		return Buffer.concat(rest)
	}

	/** A bare line: what follows IDLE, and SASL answers. Only between commands. @throws Refusal */
	line(): string | null {
		const line = this.#line()
		return line?.toString('latin1') ?? null
	}

	/** @throws Refusal when a limit is passed; the connection cannot go on then, its place in the stream is lost. */
	next(): Assembled | null {
		switch (this.#phase) {
			case 'decide':
				throw new Error('a message of APPEND was neither accepted nor refused')
			case 'literal':
				return this.#fill() ? this.#text() : null
			case 'message': {
				const octets = this.#reader.take(this.#message)
				if (!octets && this.#message > 0) return null
				this.#message -= octets?.length ?? 0
				if (this.#message === 0) this.#phase = 'text'
				return { is: 'octets', octets: octets ?? NOTHING, last: this.#message === 0 }
			}
			case 'skip': {
				const octets = this.#reader.take(this.#message)
				this.#message -= octets?.length ?? 0
				if (this.#message > 0) return octets ? this.next() : null
				this.#phase = 'text'
				return this.#text()
			}
			case 'text':
				return this.#text()
		}
	}

	/** The announced message is wanted: its octets come next. Send `+` first when it `waits`. */
	accept(): void {
		this.#pieces.push({ octets: this.#message })
		this.#phase = 'message'
	}

	/** It is not: `skipped` comes once the rest of the command has passed by. */
	refuse(): void {
		this.#skipping = true
		// A client that waits for `+` sends none of it after a tagged NO.
		if (this.#waits) {
			this.#message = 0
			this.#phase = 'text'
		} else this.#phase = 'skip'
	}

	/** Reads on to the end of the line, where either the command ends or a literal is announced. */
	#text(): Assembled | null {
		if (this.#skipping && this.#waits) return this.#skipped()
		const line = this.#line()
		if (!line) return null
		const announced =
			line.at(-1) === 0x7d ? ANNOUNCED.exec(line.toString('latin1', Math.max(0, line.length - 24))) : null
		if (!announced) {
			this.#pieces.push(line.toString('latin1'))
			return this.#skipping ? this.#skipped() : this.#whole()
		}
		this.#pieces.push(line.toString('latin1', 0, line.length - announced[0].length))
		return this.#announce(Number(announced[1]), announced[2] !== '+')
	}

	#announce(octets: number, waits: boolean): Assembled | null {
		this.#waits = waits
		this.#message = octets
		if (this.#skipping) {
			if (!waits) this.#phase = 'skip'
			return this.next()
		}
		if (isMessage(this.#pieces)) {
			this.#phase = 'decide'
			return { is: 'message', pieces: this.#pieces, octets, waits }
		}
		this.#used += octets
		if (this.#used > this.#limits.literals)
			throw new Refusal(tagOf(this.#pieces), 'literal too large', 'BAD', 'TOOBIG')
		this.#literal = Buffer.allocUnsafeSlow(octets)
		this.#filled = 0
		this.#phase = 'literal'
		return waits ? { is: 'continue' } : this.next()
	}

	#fill(): boolean {
		const literal = this.#literal!
		while (this.#filled < literal.length) {
			const octets = this.#reader.take(literal.length - this.#filled)
			if (!octets) return false
			octets.copy(literal, this.#filled)
			this.#filled += octets.length
		}
		this.#pieces.push(literal)
		this.#literal = null
		this.#phase = 'text'
		return true
	}

	#whole(): Assembled {
		const pieces = this.#pieces
		this.#begin()
		return { is: 'command', pieces }
	}

	#skipped(): Assembled {
		this.#begin()
		return { is: 'skipped' }
	}

	#begin(): void {
		this.#pieces = []
		this.#used = 0
		this.#skipping = false
		this.#phase = 'text'
	}

	#line(): Buffer | null {
		try {
			return this.#reader.line()
		} catch (error) {
			if (error instanceof LineTooLong)
				throw new Refusal(tagOf(this.#pieces), 'line too long', 'BAD', 'TOOBIG')
			throw error
		}
	}
}

const APPEND = /^[^ ]+ (?:APPEND|(?:UID )?REPLACE [^ ]+) (?<mailbox>.?)/is

/**
 * Is the literal announced after these pieces a message, or a part of one: does it come after the mailbox name of APPEND
 * or REPLACE, and is it no URL of CATENATE?
 */
function isMessage(pieces: Piece[]): boolean {
	const append = APPEND.exec(pieces[0] as string)
	if (append === null || (pieces.length === 1 && append.groups!.mailbox === '')) return false
	if (!/[( ]URL $/i.test(pieces.at(-1) as string)) return true
	return !pieces.some(piece => typeof piece === 'string' && / CATENATE \(/i.test(piece))
}

function tagOf(pieces: Piece[]): string {
	const first = pieces[0]
	return (typeof first === 'string' && /^[^ ]+(?= )/.exec(first)?.[0]) || '*'
}
