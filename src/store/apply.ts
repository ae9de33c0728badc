import { boxById, boxByName, properName } from './boxes.ts'
import { copyAcross } from './copy-across.ts'
import * as flags from './flag-ops.ts'
import type { MailFile, PackedBody } from './mail-file.ts'
import * as mailboxes from './mailbox-ops.ts'
import * as messages from './message-ops.ts'
import * as metadata from './metadata-ops.ts'
import * as objects from './object-ops.ts'
import * as queue from './queue-ops.ts'
import * as rights from './rights-ops.ts'
import type { KnownBody, LoggedOp, NewQueueItem, Op, OpResult } from './types.ts'

/** An Op as it reaches the writer: bodies packed. */
export type PackedOp =
	| Exclude<Op, { do: 'message.add' | 'upload.add' | 'queue.add' }>
	| (Omit<Extract<Op, { do: 'message.add' }>, 'body'> & { body: PackedBody | KnownBody })
	| (Omit<Extract<Op, { do: 'upload.add' }>, 'body'> & { body: PackedBody | KnownBody })
	| { do: 'queue.add'; item: Omit<NewQueueItem, 'body'> & { body: PackedBody } }

/** What was decided, as it stands in the log. */
export type Decision =
	| mailboxes.AccountCreated
	| { do: 'account.remove'; account: string }
	| mailboxes.MailboxCreated
	| mailboxes.MailboxRenamed
	| mailboxes.MailboxDeleted
	| mailboxes.Subscribed
	| mailboxes.MailboxChanged
	| metadata.MetadataSet
	| rights.RightsSet
	| objects.ObjectSet
	| messages.MessageAdded
	| flags.FlagsChanged
	| messages.MessagesCopied
	| messages.MessagesExpunged

/** Decides, enacts and logs one Op; inside the caller's transaction. */
export function apply(file: MailFile, op: PackedOp): OpResult {
	switch (op.do) {
		case 'queue.add':
			file.bring(op.item.body)
			return queue.addToQueue(file, op.item as never, op.item.body)
		case 'queue.result':
			return queue.settleResults(file, op.results)
		case 'queue.drop':
			return queue.dropFromQueue(file, op.ids)
		case 'queue.hold':
			return queue.holdInQueue(file, op.ids, op.on)
		case 'queue.retry':
			return queue.retryInQueue(file, op.ids, op.route ?? null)

		case 'account.create':
			return settle(file, mailboxes.decideAccount(file, op.account))
		case 'account.remove':
			if (op.empty && mailboxes.holdsMail(file, op.account)) return { ok: false, error: 'exists' }
			return settle(file, { do: 'account.remove', account: op.account })
		case 'mailbox.create':
			return settleAll(file, mailboxes.decideMailbox(file, op.account, op.name, op.role ?? null))
		case 'mailbox.rename':
			if (properName(op.name) === 'INBOX') return renameInbox(file, op.account, op.to)
			return settleAll(
				file,
				renaming(file, op.account, op.to, mailboxes.decideRename(file, op.account, op.name, op.to)),
			)
		case 'mailbox.delete':
			return settle(file, mailboxes.decideDelete(file, op.account, op.name))
		case 'mailbox.subscribe':
			return settle(file, { do: 'mailbox.subscribe', account: op.account, name: op.name, on: op.on })

		case 'mailbox.rights':
			return settle(file, rights.decideRights(file, op))
		case 'mailbox.change':
			return settle(file, mailboxes.decideChange(file, op))

		case 'metadata.set':
			return settle(file, metadata.decideMetadata(file, op))
		case 'object.set':
			return settle(file, objects.decideObject(file, op))

		case 'upload.add': {
			const body = bodyOf(file, op.body)
			return body ? objects.addUpload(file, op.account, body) : { ok: false, error: 'nonexistent' }
		}
		case 'message.add': {
			const body = bodyOf(file, op.body)
			return body ? add(file, { ...op, body }) : { ok: false, error: 'nonexistent' }
		}
		case 'message.flags': {
			const decided = flags.decideFlags(file, op)
			if (!('logged' in decided)) return decided
			const { logged, changing, unchanged } = decided
			const { rows } = changing
			const result = flags.enactFlags(file, logged, changing)
			if (rows.length > 0) log(file, logged)
			return { ...result, unchanged, was: rows.map(({ modseq }) => modseq) } as OpResult
		}
		case 'message.copy':
		case 'message.move':
			if (op.toAccount !== undefined && op.toAccount !== op.account) return copyAcross(file, op)
			return settleUids(file, messages.decideCopy(file, op))
		case 'message.expunge':
			return settleUids(file, messages.decideExpunge(file, op))
	}
}

/** Enacts a decision made here or, long ago, elsewhere. `body` for message.add. */
export function enact(file: MailFile, decision: Decision, body?: PackedBody): OpResult {
	switch (decision.do) {
		case 'account.create':
			return mailboxes.enactAccount(file, decision)
		case 'account.remove':
			return mailboxes.enactAccountRemoval(file, decision)
		case 'mailbox.create':
			return mailboxes.enactMailbox(file, decision)
		case 'mailbox.rename':
			return mailboxes.enactRename(file, decision)
		case 'mailbox.delete':
			return mailboxes.enactDelete(file, decision)
		case 'mailbox.subscribe':
			return mailboxes.enactSubscribe(file, decision)
		case 'mailbox.rights':
			return rights.enactRights(file, decision)
		case 'mailbox.change':
			return mailboxes.enactChange(file, decision)
		case 'metadata.set':
			return metadata.enactMetadata(file, decision)
		case 'object.set':
			return objects.enactObject(file, decision)
		case 'message.add': {
			const box = boxById(file, decision.mailbox)
			if (!box || !body) return { ok: false, error: 'nonexistent' }
			return messages.enactAdd(file, decision, box, body)
		}
		case 'message.flags':
			return flags.enactFlags(file, decision)
		case 'message.copy':
		case 'message.move':
			return messages.enactCopy(file, decision)
		case 'message.expunge':
			return messages.enactExpunge(file, decision)
	}
}

function settle(file: MailFile, decided: Decision | OpResult): OpResult {
	if (!('do' in decided)) return decided
	const result = enact(file, decided)
	log(file, decided)
	return result
}

function settleAll(file: MailFile, decided: Decision[] | OpResult): OpResult {
	if (!Array.isArray(decided)) return decided
	let result: OpResult = { ok: true }
	for (const decision of decided) result = settle(file, decision)
	return result
}

/** A decision about no message at all is not worth a row of the log. */
function settleUids(
	file: MailFile,
	decided: messages.MessagesCopied | messages.MessagesExpunged | OpResult,
): OpResult {
	if ('do' in decided && decided.uids.length === 0) return enact(file, decided)
	return settle(file, decided)
}

function log(file: MailFile, decision: Decision): void {
	file.log(decision as unknown as LoggedOp, decision.account, epochOf(file, decision.account))
}

function epochOf(file: MailFile, account: string): number {
	return file.get<{ epoch: number }>('SELECT epoch FROM account WHERE id = ?', account)?.epoch ?? 0
}

function bodyOf(file: MailFile, body: PackedBody | KnownBody): PackedBody | undefined {
	if ('known' in body) return file.known(body.known)
	file.bring(body)
	return body
}

type Adding = Omit<Extract<PackedOp, { do: 'message.add' }>, 'body'> & { body: PackedBody }

function add(file: MailFile, op: Adding): OpResult {
	let box = boxByName(file, op.account, op.mailbox)
	if (!box && op.create) {
		// Mail may reach a home before the directory's news of its new account does.
		settle(file, mailboxes.decideAccount(file, op.account))
		settleAll(file, mailboxes.decideMailbox(file, op.account, op.mailbox, null))
		box = boxByName(file, op.account, op.mailbox)
	}
	const { replaces } = op
	if (replaces && !messages.isThere(file, replaces)) return { ok: false, error: 'nonexistent' }
	const decided = messages.decideAdd(file, op, box)
	if (!('do' in decided)) return decided
	const result = messages.enactAdd(file, decided, box!, op.body)
	log(file, decided)
	if (replaces) {
		const { account, mailbox, uid } = replaces
		apply(file, { do: 'message.expunge', account, mailbox, uids: [uid], any: true })
	}
	return result
}

/** RENAME INBOX moves its messages to a new mailbox; INBOX stays, and what is below it (RFC 9051 section 6.3.6). */
function renameInbox(file: MailFile, account: string, to: string): OpResult {
	const inbox = boxByName(file, account, 'INBOX')
	if (!inbox) return { ok: false, error: 'nonexistent' }
	const made = settleAll(file, mailboxes.decideMailbox(file, account, to, null))
	if (!made.ok) return made
	const uids = file.all<{ uid: number }>('SELECT uid FROM message WHERE mailbox = ? ORDER BY uid', inbox.key)
	return apply(file, { do: 'message.move', account, mailbox: inbox.key, uids: uids.map(row => row.uid), to })
}

/** The levels above a new name are made first; subscriptions are to names, and go along. */
function renaming(
	file: MailFile,
	account: string,
	to: string,
	decided: mailboxes.MailboxRenamed | OpResult,
): Decision[] | OpResult {
	if (!('do' in decided)) return decided
	const along = mailboxes.subscriptionsAlong(file, decided)
	const above = properName(to).split('/').slice(0, -1).join('/')
	if (above === '' || boxByName(file, account, above)) return [decided, ...along]
	const superiors = mailboxes.decideMailbox(file, account, above, null)
	return Array.isArray(superiors) ? [...superiors, decided, ...along] : superiors
}
