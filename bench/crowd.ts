/** Many clients at work at the same time, each doing one thing after another, chosen at random. */
import { performance } from 'node:perf_hooks'
import { letter, numbers } from './letters.ts'
import type { Mailbox } from './load.ts'
import { ImapWire } from './wire-client.ts'

const CLIENTS = 50
/** Each person has five clients. */
export const PEOPLE = 10
export const PER_PERSON = 1000

/** What is done, and how often in a hundred times. */
const DEEDS = [
	[5, 'login'],
	[10, 'select'],
	[25, 'envelopes'],
	[15, 'body'],
	[20, 'store'],
	[10, 'append'],
	[15, 'idle'],
] as const

type Deed = (typeof DEEDS)[number][1]

export type Crowd = {
	/** Commands a second that were answered within so many milliseconds. */
	work(milliseconds: number): Promise<number>
	close(): void
}

export async function crowdOf(mailboxes: Mailbox[]): Promise<Crowd> {
	const members: Member[] = []
	for (let i = 0; i < CLIENTS; i++) {
		const member = new Member(mailboxes[i % mailboxes.length]!, i)
		await member.signIn()
		members.push(member)
	}
	return {
		async work(milliseconds) {
			const end = performance.now() + milliseconds
			const started = performance.now()
			const done = await Promise.all(members.map(member => member.workUntil(end)))
			return done.reduce((sum, each) => sum + each) / ((performance.now() - started) / 1000)
		},
		close() {
			for (const member of members) member.close()
		},
	}
}

class Member {
	#mailbox: Mailbox
	#random: (below: number) => number
	#client: ImapWire | null = null
	#written: number

	constructor(mailbox: Mailbox, number: number) {
		this.#mailbox = mailbox
		this.#random = numbers(number * 7919 + 1)
		this.#written = 2_000_000 + number * 10_000
	}

	async signIn(): Promise<void> {
		this.#client?.close()
		this.#client = await ImapWire.open(this.#mailbox)
		await this.#client.ask('SELECT INBOX')
	}

	async workUntil(end: number): Promise<number> {
		let commands = 0
		while (performance.now() < end) commands += await this.#one(this.#choose())
		return commands
	}

	#choose(): Deed {
		let left = this.#random(100)
		for (const [weight, deed] of DEEDS) {
			if (left < weight) return deed
			left -= weight
		}
		return 'idle'
	}

	/** How many commands it took. */
	async #one(deed: Deed): Promise<number> {
		const client = this.#client!
		const at = 1 + this.#random(PER_PERSON - 20)
		switch (deed) {
			case 'login':
				await this.signIn()
				return 2
			case 'select':
				await client.ask('SELECT INBOX')
				return 1
			case 'envelopes':
				await client.ask(`FETCH ${at}:${at + 19} (UID FLAGS ENVELOPE)`)
				return 1
			case 'body':
				await client.ask(`FETCH ${at} BODY.PEEK[]`)
				return 1
			case 'store':
				await client.ask(`STORE ${at} ${this.#random(2) ? '+' : '-'}FLAGS (\\Flagged)`)
				return 1
			case 'append':
				await client.ask(ImapWire.append('INBOX', letter(++this.#written)))
				return 1
			case 'idle':
				await client.idle()
				return 1
		}
	}

	close(): void {
		this.#client?.close()
	}
}
