import { type ShallowRef, shallowRef } from 'vue'
import { type Jmap, resultOf } from '../jmap/client.ts'
import type { EmailLine, Id } from '../jmap/types.ts'
import { type Emails, LINE, PIECE } from './emails.ts'

/** Seconds in which what was sent can be taken back; nobody calls that waiting. */
export const UNDO_SECONDS = 10
/** A little later than its time, when the node has seen it too; and no timer runs longer (milliseconds). */
const AFTER = 1000
const LONGEST_TIMER = 2 ** 31 - 1

export type Envelope = {
	mailFrom: { email: string; parameters: Record<string, string | null> | null }
	rcptTo: { email: string; parameters: Record<string, string | null> | null }[]
}

/** A message that was handed in and goes out later (RFC 8621 section 7). Its email may be gone meanwhile: it goes all the same. */
export type Waits = {
	id: Id
	emailId: Id
	threadId: Id
	identityId: Id
	envelope: Envelope
	sendAt: string
}

const PROPERTIES = ['emailId', 'threadId', 'identityId', 'envelope', 'sendAt']

/** What waits until its time comes, whoever handed it in, the soonest first. */
export class Waiting {
	readonly all: ShallowRef<readonly Waits[]> = shallowRef([])
	readonly #jmap: Jmap
	readonly #emails: Emails
	#timer: ReturnType<typeof setTimeout> | undefined
	#turn = 0

	constructor(jmap: Jmap, emails: Emails) {
		this.#jmap = jmap
		this.#emails = emails
	}

	async load(): Promise<void> {
		const turn = ++this.#turn
		const { known, emails } = await this.#jmap.request([
			[
				'EmailSubmission/query',
				{ filter: { undoStatus: 'pending' }, sort: [{ property: 'sentAt' }], limit: PIECE },
				'query',
			],
			[
				'EmailSubmission/get',
				{ '#ids': resultOf('query', 'EmailSubmission/query', '/ids'), properties: PROPERTIES },
				'known',
			],
			[
				'Email/get',
				{ '#ids': resultOf('known', 'EmailSubmission/get', '/list/*/emailId'), properties: LINE },
				'emails',
			],
		])
		if (turn !== this.#turn) return
		this.#emails.take(emails!.list as EmailLine[])
		this.all.value = (known!.list as Waits[])
			.filter(isHeld)
			.toSorted((one, other) => Date.parse(one.sendAt) - Date.parse(other.sendAt))
		this.#lookAgain()
	}

	/** A node that was started anew meanwhile does not tell when the time has come. */
	#lookAgain(): void {
		clearTimeout(this.#timer)
		const [first] = this.all.value
		if (!first) return
		const wait = Math.max(0, Date.parse(first.sendAt) - Date.now()) + AFTER
		this.#timer = setTimeout(() => void this.load().catch(() => {}), Math.min(wait, LONGEST_TIMER))
	}

	of(emailId: Id): Waits | undefined {
		return this.all.value.find(each => each.emailId === emailId)
	}

	/** Of several of one conversation the soonest. */
	inThread(threadId: Id): Waits | undefined {
		return this.all.value.find(each => each.threadId === threadId)
	}

	close(): void {
		this.#turn++
		clearTimeout(this.#timer)
	}
}

/** Was it to wait? RFC 4865. */
function isHeld({ envelope }: Waits): boolean {
	return Object.entries(envelope.mailFrom.parameters ?? {}).some(([name, value]) => {
		const parameter = name.toUpperCase()
		return parameter === 'HOLDUNTIL' || (parameter === 'HOLDFOR' && Number(value) > UNDO_SECONDS)
	})
}
