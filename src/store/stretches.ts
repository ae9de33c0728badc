import type { Moment } from './history.ts'
import type { MailFile } from './mail-file.ts'

/*
 * 256 uids of a mailbox are a stretch, and its row says what the latest change in it was: of the mailbox (modseq), and of
 * the account (moment). Whoever asks what changed since looks only into stretches where something did. An index would
 * say the same, but would be written twice for every message whose flags change.
 */

const BITS = 8
const LAST = (1 << BITS) - 1

/** Something happened to messages with these uids, ascending. */
export function stretch(
	file: MailFile,
	mailbox: number,
	modseq: number,
	{ modseq: moment }: Pick<Moment, 'modseq'>,
	uids: number[],
): void {
	let before = -1
	for (const uid of uids) {
		const part = uid >>> BITS
		if (part === before) continue
		before = part
		file.run(
			`INSERT INTO stretch VALUES (?, ?, ?, ?)
			 ON CONFLICT DO UPDATE SET latest = max(latest, excluded.latest), moment = max(moment, excluded.moment)`,
			mailbox,
			part,
			modseq,
			moment,
		)
	}
}

/** FROM … ON: stretches with their messages; what is asked of `latest` or `moment`, and of the message, comes after WHERE. */
export const STRETCHES = `stretch CROSS JOIN message ON mailbox = box AND uid BETWEEN part << ${BITS} AND (part << ${BITS}) | ${LAST}`
