import type { pop3 } from '../../wire/index.ts'
import type { Listed, Maildrop } from './maildrop.ts'
import type { Session } from './session.ts'

export const NO_SUCH = 'There is no such message'

/** RFC 1939 section 5. */
export function stat(session: Session, maildrop: Maildrop): void {
	const { messages, size } = maildrop.totals()
	session.ok(`${messages} ${size}`)
}

export function list(session: Session, maildrop: Maildrop, { number }: { number: number | null }): void {
	scan(session, maildrop, number, ({ size }) => String(size))
}

/** RFC 1939 section 7. */
export function uidl(session: Session, maildrop: Maildrop, { number }: { number: number | null }): void {
	scan(session, maildrop, number, message => maildrop.uidl(message))
}

function scan(
	session: Session,
	maildrop: Maildrop,
	number: number | null,
	show: (message: Listed) => string,
): void {
	if (number !== null) {
		const message = maildrop.message(number)
		if (message) session.ok(`${number} ${show(message)}`)
		else session.err(NO_SUCH)
		return
	}
	const { messages, size } = maildrop.totals()
	let out = `+OK ${session.words(`${messages} messages (${size} octets)`)}\r\n`
	for (const [at, message] of maildrop.all()) out += `${at} ${show(message)}\r\n`
	session.write(`${out}.\r\n`)
}

export type Numbered = Extract<pop3.Command, { number: number }>
