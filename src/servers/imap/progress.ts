import { imap } from '../../wire/index.ts'

/** How long nothing is said, at first and between two words. */
const EVERY_MS = 10_000

/** INPROGRESS (RFC 9585): tells a client that a long command is being worked on. */
export class Progress {
	#tag: string
	#next: number

	/** @param now milliseconds, of any clock that only goes forward */
	constructor(tag: string, now: number) {
		this.#tag = tag
		this.#next = now + EVERY_MS
	}

	/** What to say now, '' = nothing. */
	at(now: number, done: number, goal: number): string {
		if (now < this.#next || done >= goal) return ''
		this.#next = now + EVERY_MS
		return `* OK [INPROGRESS (${imap.formatString(this.#tag)} ${done} ${goal})] still at it\r\n`
	}
}
