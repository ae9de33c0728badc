import type { BodyStage, Op, StagedBody } from '../../store/index.ts'
import { imap } from '../../wire/index.ts'
import { bad, type Done, no, ok, Rejected } from './done.ts'
import { readFlags } from './flags.ts'
import { mustBeNamed, opRefusal } from './mailboxes.ts'
import type { Session } from './session.ts'

type Message = { flags: number; keywords: string[]; date: number | null; body: StagedBody | null }

/** An APPEND under way: its messages go to the store as they come, all are filed at its end or none (RFC 3502). */
export class Appending {
	tag = '*'
	/** Why nothing of it is taken. */
	refused: Done | null = null
	#session: Session
	#mailbox = ''
	#messages: Message[] = []
	#stage: BodyStage | null = null
	/** All of this command, until the store has them. */
	#stages: BodyStage[] = []

	constructor(session: Session) {
		this.#session = session
	}

	/** @param pieces the command as far as it came. False = not wanted, see `refused` */
	announced(pieces: imap.Piece[], octets: number): boolean {
		try {
			const sofar = pieces.at(-1) as string
			const command = imap.parse([...pieces, { octets }, /UTF8 \($/i.test(sofar) ? ')' : ''])
			this.tag = command.tag
			if (command.name !== 'APPEND') throw new Rejected(bad('APPEND expected'))
			this.#check(command)
		} catch (error) {
			if (error instanceof imap.Refusal) {
				this.tag = error.tag
				this.refused = { status: error.status, code: error.code, text: error.message }
			} else if (error instanceof Rejected) this.refused = error.done
			else throw error
			this.abort()
			return false
		}
		this.#stage = this.#session.house.stage()
		this.#stages.push(this.#stage)
		return true
	}

	#check(command: imap.CommandOf<'APPEND'>): void {
		const { account, house } = this.#session
		if (!account) throw new Rejected(bad('please sign in first'))
		mustBeNamed(command.mailbox)
		if (!house.reader.mailbox(account.id, command.mailbox)) {
			throw new Rejected(no('there is no such mailbox', 'TRYCREATE'))
		}
		const message = command.messages.at(-1)!
		if (message.octets > house.limits.maxMessageSize) {
			throw new Rejected(no(`messages may have ${house.limits.maxMessageSize} octets at most`, 'TOOBIG'))
		}
		if (message.octets === 0) throw new Rejected(no('a message without a single octet is none'))
		if (message.utf8 && !this.#session.utf8) throw new Rejected(bad('UTF8 needs ENABLE UTF8=ACCEPT'))
		this.#mailbox = command.mailbox
		this.#messages.push({ ...readFlags(message.flags), date: message.date, body: null })
	}

	octets(octets: Buffer, last: boolean): void | Promise<void> {
		// An empty buffer may come at the end, and stages need not know of it.
		const disk = octets.length > 0 ? this.#stage!.write(octets) : undefined
		if (!last) return disk
		return this.#staged(disk)
	}

	async #staged(disk: void | Promise<void>): Promise<void> {
		await disk
		const stage = this.#stage!
		this.#messages.at(-1)!.body = await stage.end()
		this.#stage = null
	}

	async end(): Promise<Done> {
		const { account, house } = this.#session
		const now = Date.now()
		const ops = this.#messages.map(
			({ flags, keywords, date, body }): Op => ({
				do: 'message.add',
				account: account!.id,
				mailbox: this.#mailbox,
				body: body!,
				flags,
				keywords,
				internalDate: date ?? now,
			}),
		)
		this.#stages = []
		const results = await house.write(ops)
		const uids: number[] = []
		let uidValidity = 0
		for (const result of results) {
			if (!result.ok) return opRefusal(result.error, true)
			uids.push(result.uid!)
			uidValidity = result.uidValidity!
		}
		return ok('APPEND completed', `APPENDUID ${uidValidity} ${imap.formatSet(uids)}`)
	}

	abort(): void {
		for (const stage of this.#stages) stage.abort()
		this.#stages = []
		this.#stage = null
		this.#messages = []
	}
}
