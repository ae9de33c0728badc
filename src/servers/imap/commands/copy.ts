import { imap } from '../../../wire/index.ts'
import { type Done, no, ok, Rejected } from '../done.ts'
import { mailboxNamed, opRefusal } from '../mailboxes.ts'
import { mustBeFew } from '../message-limit.ts'
import { roomOf } from '../quota.ts'
import { mayFlag, mustHave } from '../rights.ts'
import type { Session } from '../session.ts'

/** COPY, and MOVE of RFC 6851; COPYUID of RFC 4315. All of the messages or none. */
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
	const [result] = await session.house.write([
		{
			do: name === 'COPY' ? 'message.copy' : 'message.move',
			account: view.account,
			mailbox: view.mailbox,
			uids,
			to: target.inside,
			toAccount: target.account,
			...(shared ? { by: session.account!.id, only: mayFlag(target.rights) } : null),
			...roomOf(session, target.account),
		},
	])
	if (!result!.ok) throw new Rejected(opRefusal(result!.error, true))
	const { uids: taken, newUids, uidValidity } = result!
	if (taken!.length === 0) return ok(`${name} completed, there was nothing`)
	if (result!.mailbox === view.mailbox) view.own.add(result!.modseq!)
	const code = `COPYUID ${uidValidity} ${imap.formatSet(taken!)} ${imap.formatSet(newUids!)}`
	if (name === 'COPY') return ok('COPY completed', code)
	// Before the EXPUNGE responses, which follow (RFC 6851 section 4.3).
	session.out.text(`* OK [${code}] moved\r\n`)
	return ok('MOVE completed')
}
