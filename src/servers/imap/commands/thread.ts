import { baseSubject } from '../../../message/index.ts'
import { type BlobHead, fold, type MessageRow } from '../../../store/index.ts'
import type { imap } from '../../../wire/index.ts'
import { type Done, ok } from '../done.ts'
import { fetchedOf, inBatches, rowsAt } from '../rows.ts'
import { asksForModseq, find } from '../searching.ts'
import type { Session } from '../session.ts'
import { byReferences, orderedSubject, type Threaded } from '../threads.ts'
import { spansOf } from '../view.ts'

const HEAD = { head: true, body: false }

/** THREAD of RFC 5256: ORDEREDSUBJECT and REFERENCES. */
export async function thread(session: Session, command: imap.CommandOf<'THREAD'>): Promise<Done> {
	const view = session.view!
	const { uid, algorithm, key } = command
	if (asksForModseq(key)) session.knowsModseqs()
	const { places, code } = await find(session, view, key, { limited: true })
	const messages: Threaded[] = []
	await inBatches(session, spansOf(places), batch => {
		fetchedOf(session, view.mailbox, rowsAt(session, batch), HEAD).forEach((message, i) => {
			if (message) messages.push(threaded(uid ? message.row.uid : batch[i]! + 1, message.row, message.head))
		})
	})
	const threads = algorithm === 'REFERENCES' ? byReferences(messages) : orderedSubject(messages)
	session.out.text(`* THREAD${threads && ' '}${threads}\r\n`)
	return ok('THREAD completed', code)
}

function threaded(number: number, row: MessageRow, { envelope }: BlobHead): Threaded {
	const { base, reply } = baseSubject(envelope.subject)
	// Without References the first id of In-Reply-To is the parent's.
	const inReplyTo = /<[^<>]+>/.exec(envelope.inReplyTo?.slice(0, 1000) ?? '')
	return {
		number,
		sent: envelope.sent ?? row.internalDate,
		subject: fold(base),
		reply,
		messageId: envelope.messageId,
		references:
			envelope.references.length > 0 ? envelope.references : inReplyTo === null ? [] : [inReplyTo[0]],
	}
}
