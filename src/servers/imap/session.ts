import type { Socket } from 'node:net'
import type { Account } from '../../directory/index.ts'
import { isLoopback, type Log } from '../../kit/index.ts'
import { DiskFull } from '../../store/index.ts'
import { imap } from '../../wire/index.ts'
import { secure } from '../connection.ts'
import type { Comer } from '../sign-in.ts'
import type { House } from '../types.ts'
import { Appending } from './appending.ts'
import { capabilities } from './capability.ts'
import { commandFor } from './commands/index.ts'
import { Deflated, type Wire } from './deflated.ts'
import { bad, type Done, no, Rejected } from './done.ts'
import { Gone, Input } from './input.ts'
import { Output } from './output.ts'
import { Progress } from './progress.ts'
import { rightsIn } from './rights.ts'
import { Tidings } from './tidings.ts'
import type { View } from './view.ts'

/** Commands in a row that we could not make sense of: whoever is there speaks no IMAP. */
const MOST_BAD = 20
/** Before sign-in nobody has thirty minutes (RFC 9051 section 5.4 speaks of the time after it). */
const SIGN_IN_MS = 3 * 60_000
/** After our last word, for the client to hang up. */
const LINGER_MS = 5_000
const STOPPING = 'this server is stopping, please come again'

export type Guest = {
	socket: Socket
	implicitTls: boolean
	/** Our node at the other end, whose EXTERNAL is believed; else null. */
	node: string | null
	/** The real client's address. */
	address: string
	/** Octets that came before the session began. */
	pending: Buffer
}

/** One connection: reads commands, runs them one after another, answers. */
export class Session {
	readonly house: House
	readonly log: Log
	readonly guest: Guest
	readonly input: Input
	readonly out: Output
	socket: Wire
	/** Nobody can listen in: TLS, or a client on this machine. */
	secure: boolean
	tls: boolean
	account: Account | null = null
	view: View | null = null
	/** UTF8=ACCEPT or IMAP4rev2 was enabled: UTF-8 in mailbox names and quoted strings. */
	utf8 = false
	/** IMAP4rev2 was enabled. */
	rev2 = false
	/** UIDONLY was enabled (RFC 9586): no sequence numbers in either direction. */
	uidOnly = false
	/** The client knows of modseqs (RFC 7162). */
	condstore = false
	/** The client enabled QRESYNC: it hears of expunges by UID (RFC 7162 section 3.2.10). */
	qresync = false
	signInFailures = 0
	/** A node of ours brought the client here, and the account lives here. */
	readonly walked: boolean
	/** The client's own connection, before compression; null when it was walked here. */
	#channel: Socket | null
	/** COMPRESS is on. */
	compressed = false
	readonly tidings = new Tidings(this)
	#badInRow = 0
	#appending: Appending | null = null
	#progress: Progress | null = null
	/** Ended, or given away. */
	#over = false
	#given = false
	#leaving = false

	constructor(house: House, guest: Guest) {
		this.house = house
		this.guest = guest
		this.log = house.log.child({ protocol: 'imap', client: guest.address })
		this.socket = guest.socket
		this.walked = guest.node !== null
		this.#channel = this.walked ? null : guest.socket
		this.tls = guest.implicitTls
		this.secure = guest.implicitTls || isLoopback(guest.address)
		this.input = new Input(guest.socket, guest.pending)
		this.out = new Output(guest.socket)
		this.#setTimeout()
	}

	get comer(): Comer {
		const { house, guest, secure } = this
		return { house, address: guest.address, secure, socket: this.#channel, node: guest.node }
	}

	#timedOut = () => {
		// In the middle of something the client only reads slowly, or not at all: no words can be put in there.
		if (this.input.waiting) this.bye('nothing was heard for too long')
		else this.socket.destroy()
	}

	#setTimeout(): void {
		this.socket.setTimeout(
			this.account ? this.house.limits.idleMs : Math.min(SIGN_IN_MS, this.house.limits.idleMs),
		)
		this.socket.on('timeout', this.#timedOut)
	}

	/** Resolves when the connection is over, or given away. */
	async run(): Promise<void> {
		try {
			this.out.text(`* OK [CAPABILITY ${capabilities(this)}] ${this.house.hostname} Panpipe is ready\r\n`)
			while (!this.#over) await this.#turn()
		} catch (error) {
			if (error instanceof imap.Refusal) this.#refuse(error)
			else if (!(error instanceof Gone)) {
				this.log.error({ err: error }, 'an IMAP session failed')
				if (!this.out.inside) this.bye('something went wrong here, please come again', 'UNAVAILABLE')
				else this.socket.destroy()
			}
		}
		this.#appending?.abort()
		this.tidings.forget()
		this.view = null
		if (this.#given) return
		this.out.flush()
		this.socket.end()
		this.socket.off('timeout', this.#timedOut)
		this.socket.setTimeout(LINGER_MS, () => this.socket.destroy())
	}

	async #turn(): Promise<void> {
		if (this.#leaving) return this.bye(STOPPING, 'UNAVAILABLE')
		// Who does not read our answers is not read either.
		if (this.out.full) await this.out.drained()
		const assembled = this.input.here()
		if (!assembled) {
			this.out.flush()
			return this.input.more()
		}
		switch (assembled.is) {
			case 'continue':
				this.out.text('+ go on\r\n')
				return
			case 'message':
				return this.#announced(assembled)
			case 'octets': {
				const disk = this.#appending!.octets(assembled.octets)
				if (disk) await disk
				return
			}
			case 'skipped': {
				const appending = this.#appending!
				this.#appending = null
				return this.#answer(appending.tag, appending.refused!)
			}
			case 'command':
				return this.#command(assembled.pieces)
		}
	}

	/** Octets of a message of APPEND or REPLACE are announced: are they wanted? */
	async #announced({
		pieces,
		octets,
		waits,
	}: {
		pieces: imap.Piece[]
		octets: number
		waits: boolean
	}): Promise<void> {
		this.#appending ??= new Appending(this)
		if (await this.#appending.announced(pieces, octets)) {
			this.input.accept()
			if (waits) this.out.text('+ go on\r\n')
		} else this.input.refuse()
	}

	async #command(pieces: imap.Piece[]): Promise<void> {
		while (this.tidings.told) await this.tidings.told
		let command: imap.Command
		try {
			command = imap.parse(pieces, this.utf8)
		} catch (error) {
			if (!(error instanceof imap.Refusal)) throw error
			this.#dropAppending()
			if (error.saves) this.view?.save([])
			this.#answer(error.tag, { status: error.status, code: error.code, text: error.message })
			if (++this.#badInRow >= MOST_BAD) this.bye('too many commands that are none')
			return
		}
		this.#badInRow = 0
		const done = await this.#done(command)
		if (done) this.#answer(command.tag, done)
	}

	async #done(command: imap.Command): Promise<Done | null> {
		try {
			if (command.name === 'APPEND' || command.name === 'REPLACE') return await this.#append(command)
			const { when, run, expunge } = commandFor(command.name)
			const refused = this.#refusedNow(when)
			if (refused) return refused
			if (when === 'selected' && !rightsIn(this, this.view!).includes('r')) {
				this.gone()
				return null
			}
			if (this.#needsUid(command)) return bad('only the UID form of this command is left', 'UIDREQUIRED')
			this.#progress = new Progress(command.tag, performance.now())
			const done = await run(this, command)
			this.tidings.expunging = command.name === 'EXPUNGE' || command.name === 'MOVE'
			if (done && this.account) await this.tidings.tell(expunge(command))
			return done
		} catch (error) {
			if (error instanceof Rejected) return error.done
			if (error instanceof Gone || error instanceof imap.Refusal || this.out.inside) throw error
			this.#dropAppending()
			if (error instanceof DiskFull) return no('there is no room here now, please try later', 'UNAVAILABLE')
			this.log.error({ err: error, command: command.name }, 'an IMAP command failed')
			return no('something went wrong here, please try again', 'SERVERBUG')
		}
	}

	#needsUid(command: imap.Command): boolean {
		return this.uidOnly && 'uid' in command && !command.uid
	}

	async #append(command: imap.CommandOf<'APPEND'> | imap.CommandOf<'REPLACE'>): Promise<Done> {
		const refused = this.#refusedNow('signed-in')
		if (refused) {
			this.#dropAppending()
			return refused
		}
		if (this.#needsUid(command)) {
			this.#dropAppending()
			return bad('only the UID form of this command is left', 'UIDREQUIRED')
		}
		let done: Done
		try {
			done = await (this.#appending ?? new Appending(this)).end(command)
		} finally {
			this.#dropAppending()
		}
		this.tidings.expunging = command.name === 'REPLACE'
		if (this.account) await this.tidings.tell(true)
		return done
	}

	/** Between two responses: says how far a long command is, from time to time. */
	tellProgress(done: number, goal: number): void {
		this.out.text(this.#progress?.at(performance.now(), done, goal) ?? '')
	}

	#dropAppending(): void {
		this.#appending?.abort()
		this.#appending = null
	}

	#refusedNow(when: 'any' | 'before' | 'signed-in' | 'selected'): Done | null {
		if (when === 'any') return null
		if (when === 'before') return this.account ? bad('you are signed in already') : null
		if (!this.account) return bad('please sign in first')
		return when === 'selected' && !this.view ? bad('please select a mailbox first') : null
	}

	#answer(tag: string, { status, code, text }: Done): void {
		this.out.text(`${tag} ${status} ${code ? `[${code}] ` : ''}${imap.formatText(text)}\r\n`)
	}

	#refuse(refusal: imap.Refusal): void {
		if (refusal.tag !== '*')
			this.#answer(refusal.tag, { status: 'BAD', code: refusal.code, text: refusal.message })
		this.bye(refusal.message)
	}

	get over(): boolean {
		return this.#over
	}

	/** The selected mailbox was deleted under us (RFC 2180 section 3.3), or is no longer shared. */
	gone(): void {
		this.view = null
		this.bye('the selected mailbox is not there any more')
	}

	/** Says so and ends the connection once it is out. */
	bye(text: string, code: string | null = null): void {
		if (this.#over) return
		this.out.text(`* BYE ${code ? `[${code}] ` : ''}${text}\r\n`)
		this.close()
	}

	/** Ends the connection; everything is said. */
	close(): void {
		this.#over = true
		this.out.flush()
		this.socket.end()
		this.input.end()
	}

	/** We are stopping: a command under way is finished first. */
	farewell(): void {
		if (this.#given) this.socket.destroySoon()
		else if (this.input.waiting) this.bye(STOPPING, 'UNAVAILABLE')
		else this.#leaving = true
	}

	signedIn(account: Account): void {
		this.account = account
		this.socket.off('timeout', this.#timedOut)
		this.#setTimeout()
	}

	/** UNAUTHENTICATE (RFC 8437 section 2): as if nobody had signed in; TLS and compression stay. */
	signedOut(): void {
		this.tidings.forget()
		this.account = null
		this.view = null
		this.utf8 = false
		this.rev2 = false
		this.uidOnly = false
		this.condstore = false
		this.qresync = false
		this.socket.off('timeout', this.#timedOut)
		this.#setTimeout()
	}

	/** The client said something that only clients of RFC 7162 say: from now on it is told modseqs (section 3.1). */
	knowsModseqs(): void {
		if (this.condstore) return
		this.condstore = true
		if (this.view) this.out.text(`* OK [HIGHESTMODSEQ ${this.view.modseq}] modseqs are told from now on\r\n`)
	}

	/** The socket goes to somebody else; what the client sent and we did not use. */
	giveAway(): Buffer {
		this.#over = true
		this.#given = true
		this.out.flush()
		this.socket.off('timeout', this.#timedOut)
		this.socket.setTimeout(0)
		return this.input.detach()
	}

	/** COMPRESS: from the next octet on, in both directions (RFC 4978 section 3). */
	startCompression(): void {
		this.out.flush()
		this.socket.off('timeout', this.#timedOut)
		const pending = this.input.detach()
		this.socket = new Deflated(this.socket, pending)
		this.compressed = true
		this.input.attach(this.socket)
		this.out.attach(this.socket)
		this.#setTimeout()
	}

	/** STARTTLS: nothing said before TLS counts after it (RFC 9051 section 6.2.1). */
	startTls(): void {
		this.out.flush()
		this.socket.off('timeout', this.#timedOut)
		this.socket.setTimeout(0)
		this.input.detach()
		const socket = secure(this.socket as Socket, this.house.secureContext(), () => {})
		this.socket = socket
		this.#channel = socket
		this.tls = true
		this.secure = true
		this.input.attach(socket)
		this.out.attach(socket)
		this.#setTimeout()
	}
}
