import { imap } from '../../../wire/index.ts'
import { type Done, no, ok } from '../done.ts'
import { mailboxNamed } from '../mailboxes.ts'
import { quotaList, ROOT } from '../quota.ts'
import type { Session } from '../session.ts'

/** RFC 9208 section 4.1.1. */
export function getQuota(session: Session, { root }: imap.CommandOf<'GETQUOTA'>): Done {
	const list = root === ROOT ? quotaList(session) : null
	if (!list) return no('there is no such quota root', 'NONEXISTENT')
	session.out.text(`* QUOTA ${imap.formatString(ROOT)} ${list}\r\n`)
	return ok('GETQUOTA completed')
}

/** RFC 9208 section 4.1.2. */
export function getQuotaRoot(session: Session, { mailbox }: imap.CommandOf<'GETQUOTAROOT'>): Done {
	const box = mailboxNamed(session, mailbox)
	const list = quotaList(session)
	const name = imap.formatMailbox(box.name, session.utf8)
	session.out.text(`* QUOTAROOT ${name}${list ? ` ${imap.formatString(ROOT)}` : ''}\r\n`)
	if (list) session.out.text(`* QUOTA ${imap.formatString(ROOT)} ${list}\r\n`)
	return ok('GETQUOTAROOT completed')
}

/** Limits are the administrators' to set: QUOTASET is not announced (RFC 9208 section 4.1.3). */
export function setQuota(_session: Session, _command: imap.CommandOf<'SETQUOTA'>): Done {
	return no('limits are set by the administrators', 'NOPERM')
}
