import type { imap } from '../../../wire/index.ts'
import { type Done, ok } from '../done.ts'
import { mailboxNamed, mustBeNamed, write } from '../mailboxes.ts'
import type { Session } from '../session.ts'

/** SUBSCRIBE and UNSUBSCRIBE. A name that is no more can still be unsubscribed. */
export async function subscribe(
	session: Session,
	{ name, mailbox }: imap.CommandOf<'SUBSCRIBE'>,
): Promise<Done> {
	mustBeNamed(mailbox)
	const on = name === 'SUBSCRIBE'
	if (on) mailboxNamed(session, mailbox, 'l')
	await write(session, { do: 'mailbox.subscribe', account: session.account!.id, name: mailbox, on })
	session.tidings.notification?.own(mailbox)
	return ok(`${name} completed`)
}
