import type { MailboxRow } from '../../store/index.ts'
import type { Call, Responses } from './call.ts'
import { getFrom, readGet } from './standard-get.ts'

const MAILBOX_PROPERTIES = [
	'id',
	'name',
	'parentId',
	'role',
	'sortOrder',
	'totalEmails',
	'unreadEmails',
	'totalThreads',
	'unreadThreads',
	'myRights',
	'isSubscribed',
] as const

/** RFC 8621 section 2. */
export type Mailbox = {
	id: string
	name: string
	parentId: string | null
	role: string | null
	sortOrder: number
	isSubscribed: boolean
	row: MailboxRow
}

/** All mailboxes of an account, those above before those below. */
export function mailboxesOf({ house, account }: Pick<Call, 'house' | 'account'>): Mailbox[] {
	const rows = house.reader.mailboxes(account.id)
	const byName = new Map(rows.map(row => [row.name, row]))
	return rows.map(row => {
		// What has nothing above it stands on top, with all of its name.
		const slash = row.name.lastIndexOf('/')
		const above = slash < 0 ? undefined : byName.get(row.name.slice(0, slash))
		return {
			id: row.id,
			name: above ? row.name.slice(slash + 1) : row.name,
			parentId: above?.id ?? null,
			role: row.role,
			sortOrder: row.sortOrder,
			isSubscribed: row.subscribed,
			row,
		}
	})
}

export const RIGHTS = {
	mayReadItems: true,
	mayAddItems: true,
	mayRemoveItems: true,
	maySetSeen: true,
	maySetKeywords: true,
	mayCreateChild: true,
	mayRename: true,
	mayDelete: true,
	maySubmit: true,
}
const INBOX_RIGHTS = { ...RIGHTS, mayRename: false, mayDelete: false }

export function mailboxState({ house, account }: Pick<Call, 'house' | 'account'>): string {
	return String(house.reader.emails.states(account.id)?.mailbox ?? 0)
}

/** RFC 8621 section 2.1. */
export function getMailboxes(call: Call, args: Record<string, unknown>): Responses {
	const asked = readGet(call, args, MAILBOX_PROPERTIES)
	const { list, notFound } = getFrom(mailboxRecords(call, mailboxesOf(call)), asked)
	return [['Mailbox/get', { accountId: asked.accountId, state: mailboxState(call), list, notFound }]]
}

/** As a client sees them. */
export function mailboxRecords({ house, account }: Call, boxes: Mailbox[]): Record<string, unknown>[] {
	const unread = house.reader.emails.unread(account.id)
	return boxes.map(({ row, ...mailbox }) => ({
		...mailbox,
		totalEmails: row.emails,
		unreadEmails: unread.get(row.key)?.emails ?? 0,
		totalThreads: row.threads,
		unreadThreads: unread.get(row.key)?.threads ?? 0,
		myRights: row.name === 'INBOX' ? INBOX_RIGHTS : RIGHTS,
	}))
}
