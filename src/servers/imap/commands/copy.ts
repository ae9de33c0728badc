import { moveInSlices, type Op } from '../../../store/index.ts'
import { imap } from '../../../wire/index.ts'
import { type Done, no, ok, Rejected } from '../done.ts'
import { mailboxNamed, opRefusal } from '../mailboxes.ts'
import { mustBeFew } from '../message-limit.ts'
import { roomOf } from '../quota.ts'
import { mayFlag, mustHave } from '../rights.ts'
import type { Session } from '../session.ts'

/**
 * COPY, and MOVE of RFC 6851; COPYUID of RFC 4315. Copied are all of the messages or none; very many are moved a part at
 * a time, and those that are over there when the rest is refused are named.
 */
export async function copy(
	session: Session,
	{ name, uid, set, mailbox }: imap.CommandOf<'COPY'>,
): Promise<Done> {
	const view = session.view!
	if (name === 'MOVE' && view.readOnly) return no('this mailbox is open read-only', 'CANNOT')
	const uids = view.uidsOf(view.spans(set, uid))
	mustBeFew(session, uids.length)
	mustHave(session, name === 'MOVE' ? 'rte' : 'r')
	const target = mailboxNamed(session, mailbox, 'i', 'TRYCREATE')
	const shared = [view.account, target.account].some(owner => owner !== session.account!.id)
	const op: Extract<Op, { do: 'message.copy' | 'message.move' }> = {
		do: name === 'COPY' ? 'message.copy' : 'message.move',
		account: view.account,
		mailbox: view.mailbox,
		uids,
		to: target.inside,
		toAccount: target.account,
		...(shared ? { by: session.account!.id, only: mayFlag(target.rights) } : null),
		...roomOf(session, target.account),
	}
	const results = name === 'COPY' ? await session.house.write([op]) : await moveInSlices(session.house, op)
	const done = results.flatMap(result => (result.ok && result.uids!.length > 0 ? result : []))
	for (const { mailbox, modseq } of done) if (mailbox === view.mailbox) view.own.add(modseq!)
	const taken = done.flatMap(({ uids }) => uids!)
	const newUids = done.flatMap(({ newUids }) => newUids!)
	const code = `COPYUID ${done[0]?.uidValidity} ${imap.formatSet(taken)} ${imap.formatSet(newUids)}`
	// Before the EXPUNGE responses, which follow (RFC 6851 section 4.3).
	if (name === 'MOVE' && taken.length > 0) session.out.text(`* OK [${code}] moved\r\n`)
	const last = results.at(-1)!
	if (!last.ok) throw new Rejected(opRefusal(last.error, true))
	if (taken.length === 0) return ok(`${name} completed, there was nothing`)
	return name === 'COPY' ? ok('COPY completed', code) : ok('MOVE completed')
}
