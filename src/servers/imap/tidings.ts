import { Gone } from './input.ts'
import type { Notification } from './notification.ts'
import type { Session } from './session.ts'
import { sync } from './sync.ts'
import { tellNewcomers } from './write-message.ts'

/** What a client is told without having asked: at the end of commands, and between them in IDLE and after NOTIFY. */
export class Tidings {
	/** What NOTIFY asked for; null = it was never used. */
	notification: Notification | null = null
	/** Uids of new messages that are still to be told as NOTIFY asked. */
	newcomers: number[] = []
	/** IDLE is under way. */
	idling = false
	/** The command under way expunges messages itself. */
	expunging = false
	/** Until it is done, what is being told between two commands. */
	told: Promise<void> | null = null
	#again = false
	#whenDrained = false
	#session: Session

	constructor(session: Session) {
		this.#session = session
	}

	/** Nobody listens any more. */
	forget(): void {
		this.notification?.end()
		this.notification = null
		this.newcomers = []
	}

	/** What happened to the selected mailbox, and to whatever else NOTIFY watches. */
	async tell(expunge: boolean): Promise<void> {
		const session = this.#session
		if (session.view && !sync(session, expunge)) return session.gone()
		this.expunging = false
		this.notification?.tell()
		if (this.newcomers.length > 0) await tellNewcomers(session, this.newcomers.splice(0))
	}

	/**
	 * Something happened to the account: tells the client at once when it listens. While a command is under way it is told
	 * at its end.
	 */
	push(): void {
		const session = this.#session
		if (!session.input.waiting || session.over) return
		if (this.told) {
			this.#again = true
			return
		}
		// A client that does not read what it is told is told the rest when it does.
		if (session.out.full) {
			if (!this.#whenDrained) session.socket.once('drain', this.#drained)
			this.#whenDrained = true
			return
		}
		this.told = this.#push().then(() => {
			this.told = null
			const again = this.#again
			this.#again = false
			if (again) this.push()
		})
	}

	#drained = () => {
		this.#whenDrained = false
		this.push()
	}

	async #push(): Promise<void> {
		const session = this.#session
		try {
			await this.tell(this.idling || !(this.notification?.selected.delayed ?? false))
			session.out.flush()
		} catch (error) {
			if (error instanceof Gone) return
			session.log.error({ err: error }, 'telling a client of changes failed')
			if (session.out.inside) session.socket.destroy()
			else session.bye('something went wrong here, please come again', 'UNAVAILABLE')
		}
	}
}
