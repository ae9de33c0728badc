import { formatReply, type Reply } from '../../wire/index.ts'

/**
 * Replies in the order of their commands (RFC 2920): one that is not known yet (a message on its way to the disk)
 * holds back those behind it, but not the reading of further commands. What is ready goes out in one write.
 */
export class Replies {
	#slots: { text: string | null }[] = []
	#ready = ''
	#send: (text: string) => void
	#flushSoon = false
	#waiters: { most: number; wake: () => void }[] = []

	constructor(send: (text: string) => void) {
		this.#send = send
	}

	say(reply: Reply): void {
		const text = formatReply(reply)
		if (this.#slots.length === 0) this.#ready += text
		else this.#slots.push({ text })
	}

	/** Takes the next place for what `replies` will be; it must not reject. */
	sayLater(replies: Promise<Reply[]>): void {
		const slot: { text: string | null } = { text: null }
		this.#slots.push(slot)
		replies.then(all => {
			slot.text = ''
			for (const reply of all) slot.text += formatReply(reply)
			if (this.#slots[0] === slot) this.#advance()
		})
	}

	/** Replies that are held back by one that is not known yet, that one included. */
	get waiting(): number {
		return this.#slots.length
	}

	#advance(): void {
		let passed = 0
		for (const { text } of this.#slots) {
			if (text === null) break
			this.#ready += text
			passed++
		}
		this.#slots.splice(0, passed)
		if (this.#waiters.length > 0) this.#wake()
		this.flushSoon()
	}

	/**
	 * Sends what is ready when this turn of the event loop is over: of all connections one after the other. A peer that was
	 * woken by each reply as it comes would take the processor from us each time.
	 */
	flushSoon(): void {
		if (this.#flushSoon || this.#ready === '') return
		this.#flushSoon = true
		setImmediate(() => this.flush())
	}

	/** Sends what is ready. */
	flush(): void {
		this.#flushSoon = false
		if (this.#ready === '') return
		const text = this.#ready
		this.#ready = ''
		this.#send(text)
	}

	#wake(): void {
		const still = this.#waiters.filter(({ most }) => this.#slots.length > most)
		const woken = this.#waiters.filter(({ most }) => this.#slots.length <= most)
		this.#waiters = still
		for (const { wake } of woken) wake()
	}

	/** Resolves when at most `most` replies are held back. With 0 everything said so far has been sent. */
	async atMost(most: number): Promise<void> {
		if (this.#slots.length > most) await new Promise<void>(wake => this.#waiters.push({ most, wake }))
		this.flush()
	}
}
