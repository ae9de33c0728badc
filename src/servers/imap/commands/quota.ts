import { imap } from '../../../wire/index.ts'
import { type Done, no, ok } from '../done.ts'
import { findMailbox, mailboxesOf, mailboxNamed, whose } from '../mailboxes.ts'
import { accountOfRoot, quotaResponse, rootOf } from '../quota.ts'
import type { Session } from '../session.ts'

/** RFC 9208 section 4.1.1. Of others only those may be asked about who share what can be read. */
export function getQuota(session: Session, { root }: imap.CommandOf<'GETQUOTA'>): Done {
	const account = accountOfRoot(session, root)
	const known =
		account === session.account!.id ||
		mailboxesOf(session).some(box => box.account === account && box.rights.includes('r'))
	const response = account !== null && known ? quotaResponse(session, account) : null
	if (!response) return no('there is no such quota root', 'NONEXISTENT')
	session.out.text(response)
	return ok('GETQUOTA completed')
}

/** RFC 9208 section 4.1.2. */
export function getQuotaRoot(session: Session, { mailbox }: imap.CommandOf<'GETQUOTAROOT'>): Done {
	// A name of one's own need not be a mailbox yet: what would count for it is asked.
	const own = mailbox !== '' && whose(session, mailbox)?.owner === session.account!.id
	const there = own ? findMailbox(session, mailbox) : mailboxNamed(session, mailbox, 'r')
	const owner = there?.account ?? session.account!.id
	const response = quotaResponse(session, owner)
	const root = response ? ` ${imap.formatString(rootOf(session, owner), session.utf8)}` : ''
	const name = imap.formatMailbox(there?.name ?? mailbox, session.utf8)
	session.out.text(`* QUOTAROOT ${name}${root}\r\n${response ?? ''}`)
	return ok('GETQUOTAROOT completed')
}

/** Limits are the administrators' to set: QUOTASET is not announced (RFC 9208 section 4.1.3). */
export function setQuota(_session: Session, _command: imap.CommandOf<'SETQUOTA'>): Done {
	return no('limits are set by the administrators', 'NOPERM')
}
