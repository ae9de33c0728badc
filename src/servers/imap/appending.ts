import type { BodyStage, Op, StagedBody } from '../../store/index.ts'
import { imap } from '../../wire/index.ts'
import { octetsOf } from './catenate.ts'
import { bad, type Done, no, ok, Rejected } from './done.ts'
import { readFlags } from './flags.ts'
import { type Box, mailboxNamed, opRefusal } from './mailboxes.ts'
import { mustBeFew } from './message-limit.ts'
import { mustFit, roomForRest, roomOf } from './quota.ts'
import { doneBy, mayFlag, mustHave } from './rights.ts'
import type { Session } from './session.ts'

type Adding = imap.CommandOf<'APPEND'> | imap.CommandOf<'REPLACE'>
type Message = { flags: number; keywords: string[]; date: number | null; body: StagedBody }

/**
 * An APPEND or REPLACE under way: its messages go to the store as they come, all are filed at its end or none
 * (RFC 3502). What CATENATE (RFC 4469) takes from other messages goes into them in its place.
 */
export class Appending {
	tag = '*'
	/** Why nothing of it is taken. */
	refused: Done | null = null
	#session: Session
	/** Those that are complete. */
	#messages: Message[] = []
	/** Of the message that is being put together. */
	#stage: BodyStage | null = null
	/** All of this command, until the store has them. */
	#stages: BodyStage[] = []
	#box: Box | null = null
	#replacing = false
	#parts = 0
	#size = 0
	/** Octets of all. */
	#total = 0

	constructor(session: Session) {
		this.#session = session
	}

	/** @param pieces the command as far as it came. False = not wanted, see `refused` */
	async announced(pieces: imap.Piece[], octets: number): Promise<boolean> {
		try {
			const command = this.#sofar(pieces, octets)
			this.tag = command.tag
			if (command.name !== 'APPEND' && command.name !== 'REPLACE') throw new Rejected(bad('APPEND expected'))
			this.#replacing = command.name === 'REPLACE'
			this.#box = this.#check(command)
			await this.#advance(command, false)
		} catch (error) {
			if (error instanceof imap.Refusal) {
				this.tag = error.tag
				this.refused = { status: error.status, code: error.code, text: error.message }
			} else if (error instanceof Rejected) this.refused = error.done
			else throw error
			this.abort()
			return false
		}
		return true
	}

	/** UTF8 (…) and CATENATE (…) are open still. */
	#sofar(pieces: imap.Piece[], octets: number): imap.Command {
		try {
			return imap.parse([...pieces, { octets }, ''], this.#session.utf8)
		} catch (error) {
			if (!(error instanceof imap.Refusal)) throw error
			return imap.parse([...pieces, { octets }, ')'], this.#session.utf8)
		}
	}

	/** Where it goes. @throws Rejected */
	#check(command: Adding): Box {
		const { account, view } = this.#session
		if (!account) throw new Rejected(bad('please sign in first'))
		if (command.name === 'REPLACE') {
			if (!view) throw new Rejected(bad('please select a mailbox first'))
			if (view.readOnly) throw new Rejected(no('this mailbox is open read-only', 'CANNOT'))
			mustHave(this.#session, 'te')
			this.#replaced(command)
		}
		return mailboxNamed(this.#session, command.mailbox, 'i', 'TRYCREATE')
	}

	/** The uid of the message that REPLACE replaces. @throws Rejected */
	#replaced({ uid, number }: imap.CommandOf<'REPLACE'>): number {
		const view = this.#session.view!
		const [uidOf] = view.uidsOf(view.spans([[number, number]], uid))
		if (uidOf === undefined) throw new Rejected(no('there is no such message', 'NONEXISTENT'))
		return uidOf
	}

	/**
	 * Puts together what is there: everything when the command is `whole`; else up to the octets that come next, for
	 * which a stage is ready then. @throws Rejected
	 */
	async #advance(command: Adding, whole: boolean): Promise<void> {
		const messages = command.name === 'APPEND' ? command.messages : [command.message]
		mustBeFew(this.#session, messages.length)
		for (let index = this.#messages.length; index < messages.length; index++) {
			const message = messages[index]!
			const parts = message.catenate ?? [{ octets: message.octets }]
			const flags = readFlags(message.flags, () =>
				this.#box ? this.#session.house.reader.keywords(this.#box) : [],
			)
			if (message.utf8 && !this.#session.utf8) throw new Rejected(bad('UTF8 needs ENABLE UTF8=ACCEPT'))
			if (!this.#stage) {
				this.#stage = this.#session.house.stage()
				this.#stages.push(this.#stage)
			}
			while (this.#parts < parts.length) {
				const part = parts[this.#parts++]!
				if ('url' in part) await this.#take(part.url)
				else {
					this.#grow(part.octets)
					// They are still to come.
					return
				}
			}
			if (!whole && index === messages.length - 1) return
			await this.#complete(flags, message.date)
		}
	}

	async #take(url: string): Promise<void> {
		const octets = octetsOf(this.#session, url)
		this.#grow(octets.size)
		for await (const piece of octets.pieces()) await this.#stage!.write(piece)
	}

	#grow(octets: number): void {
		const { maxMessageSize } = this.#session.house.limits
		this.#size += octets
		this.#total += octets
		if (this.#size > maxMessageSize) {
			throw new Rejected(no(`messages may have ${maxMessageSize} octets at most`, 'TOOBIG'))
		}
		// A message that is replaced makes room; how much, the writer says.
		if (this.#box && !this.#replacing) mustFit(this.#session, this.#box.account, this.#total)
	}

	async #complete(flags: { flags: number; keywords: string[] }, date: number | null): Promise<void> {
		if (this.#size === 0) throw new Rejected(no('a message without a single octet is none'))
		const body = await this.#stage!.end()
		this.#messages.push({ ...flags, date, body })
		this.#stage = null
		this.#parts = 0
		this.#size = 0
	}

	octets(octets: Buffer): void | Promise<void> {
		// An empty buffer may come at the end, and stages need not know of it.
		return octets.length > 0 ? this.#stage!.write(octets) : undefined
	}

	/** @throws Rejected */
	async end(command: Adding): Promise<Done> {
		const { house, view } = this.#session
		await this.#advance(command, true)
		const box = this.#check(command)
		const now = Date.now()
		const replaces =
			command.name === 'REPLACE'
				? { account: view!.account, mailbox: view!.mailbox, uid: this.#replaced(command) }
				: undefined
		const may = mayFlag(box.rights)
		const room = roomOf(this.#session, box.account)
		const rest = this.#messages.slice(1)
		const octets = rest.reduce((sum, { body }) => sum + body.size, 0)
		const ops = this.#messages.map(
			({ flags, keywords, date, body }, index): Op => ({
				do: 'message.add',
				account: box.account,
				mailbox: box.inside,
				body,
				flags: flags & may.flags,
				keywords: may.keywords ? keywords : [],
				internalDate: date ?? now,
				...doneBy(this.#session, box.account),
				...(replaces ? { replaces } : null),
				...(index === 0 ? roomForRest(room, octets, rest.length) : null),
			}),
		)
		this.#stages = []
		const results = await house.write(ops)
		const uids: number[] = []
		let uidValidity = 0
		for (const result of results) {
			if (!result.ok) return opRefusal(result.error, !replaces)
			uids.push(result.uid!)
			if (result.mailbox === view?.mailbox) view!.own.add(result.modseq!)
			uidValidity = result.uidValidity!
		}
		const code = `APPENDUID ${uidValidity} ${imap.formatSet(uids)}`
		if (!replaces) return ok('APPEND completed', code)
		// Before the EXPUNGE response, which follows (RFC 8508 section 3.3).
		this.#session.out.text(`* OK [${code}] replaced\r\n`)
		return ok('REPLACE completed')
	}

	abort(): void {
		for (const stage of this.#stages) stage.abort()
		this.#stages = []
		this.#stage = null
		this.#messages = []
	}
}
