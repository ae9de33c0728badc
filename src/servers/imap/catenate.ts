import { imap } from '../../wire/index.ts'
import { no, Rejected } from './done.ts'
import { Fetched } from './fetched.ts'
import { findMailbox } from './mailboxes.ts'
import { rightsIn } from './rights.ts'
import { type Cut, filterHeader, locate } from './sections.ts'
import type { Session } from './session.ts'

/** Octets of a message that is here already. */
export type Octets = { size: number; pieces(): AsyncIterable<Buffer> | Iterable<Buffer> }

/** What a URL of CATENATE names (RFC 4469). @throws Rejected with BADURL */
export function octetsOf(session: Session, url: string): Octets {
	const named = imap.parseMessageUrl(url)
	const message = named && messageOf(session, named)
	const cut = message && locate(message.head.structure, message.row.size, named.section)
	if (!cut) throw new Rejected(no('that URL names nothing here', `BADURL ${imap.formatString(url)}`))
	const { fields, text } = named.section
	if (text?.startsWith('HEADER.FIELDS')) {
		return fieldsOf(message, cut, new Set(fields.map(field => field.toLowerCase())), text, named)
	}
	const wanted = narrowed(cut, named)
	return {
		size: wanted.end - wanted.start,
		pieces: () => (wanted.end > wanted.start ? message.stream(wanted) : []),
	}
}

function messageOf(session: Session, url: imap.MessageUrl): Fetched | null {
	const { reader } = session.house
	const box =
		url.mailbox === null
			? session.view && reader.mailboxByKey(session.view.mailbox)
			: findMailbox(session, url.mailbox)
	if (box && !rightsIn(session, box).includes('r')) return null
	if (!box || (url.uidValidity !== null && url.uidValidity !== box.uidValidity)) return null
	const row = reader.messages(box.key, url.uid, url.uid)[0]
	return row ? new Fetched(reader, row) : null
}

function narrowed({ start, end }: Cut, { partial }: imap.MessageUrl): Cut {
	if (!partial) return { start, end }
	const from = Math.min(start + partial.offset, end)
	return { start: from, end: partial.length === null ? end : Math.min(from + partial.length, end) }
}

function fieldsOf(
	message: Fetched,
	cut: Cut,
	fields: ReadonlySet<string>,
	text: string,
	url: imap.MessageUrl,
): Octets {
	if (message.large) throw new Rejected(no('fields of so large a message are not taken', 'LIMIT'))
	const kept = filterHeader(message.body.subarray(cut.start, cut.end), fields, text.endsWith('.NOT'))
	const { start, end } = narrowed({ start: 0, end: kept.length }, url)
	return { size: end - start, pieces: () => [kept.subarray(start, end)] }
}
