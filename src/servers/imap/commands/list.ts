import type { MailboxRow } from '../../../store/index.ts'
import { imap } from '../../../wire/index.ts'
import { type Done, ok } from '../done.ts'
import { statusResponse, useOf } from '../mailboxes.ts'
import { matcher } from '../pattern.ts'
import type { Session } from '../session.ts'

/** LIST with the options of RFC 5258, 5819 and 6154. */
export function list(session: Session, command: imap.CommandOf<'LIST'>): Done {
	const { reference, patterns, select, returns, status, extended } = command
	if (!extended && patterns[0] === '') {
		session.out.text('* LIST (\\Noselect) "/" ""\r\n')
		return ok('LIST completed')
	}
	const tree = new Tree(session)
	const matches = patterns.map(pattern => matcher(reference + pattern))
	const onlySubscribed = select.includes('SUBSCRIBED')
	const childInfo = onlySubscribed && select.includes('RECURSIVEMATCH')
	for (const name of tree.names(onlySubscribed)) {
		if (!matches.some(match => match(name))) continue
		const box = tree.boxes.get(name)
		const subscribed = tree.subscribed.has(name)
		const below = childInfo && tree.subscribedBelow.has(name)
		if (onlySubscribed && !subscribed && !below) continue
		if (select.includes('SPECIAL-USE') && !(box && useOf(box))) continue
		const attributes = tree.attributes(name)
		if (subscribed && (onlySubscribed || returns.includes('SUBSCRIBED'))) attributes.push('\\Subscribed')
		const data = below ? ' ("CHILDINFO" ("SUBSCRIBED"))' : ''
		session.out.text(
			`* LIST (${attributes.join(' ')}) "/" ${imap.formatMailbox(name, session.utf8)}${data}\r\n`,
		)
		if (status && box) session.out.text(statusResponse(session, box, status))
	}
	return ok('LIST completed')
}

/** LSUB: with `%`, a name above a subscribed one is there too, as \Noselect (RFC 3501 section 6.3.9). */
export function lsub(session: Session, { reference, pattern }: imap.CommandOf<'LSUB'>): Done {
	const tree = new Tree(session)
	const match = matcher(reference + pattern)
	for (const name of tree.names(true)) {
		if (!match(name)) continue
		const subscribed = tree.subscribed.has(name)
		if (!subscribed && !(pattern.includes('%') && tree.subscribedBelow.has(name))) continue
		const attributes = subscribed ? '' : '\\Noselect'
		session.out.text(`* LSUB (${attributes}) "/" ${imap.formatMailbox(name, session.utf8)}\r\n`)
	}
	return ok('LSUB completed')
}

/** All names of an account: mailboxes, subscriptions, and the levels above them. */
class Tree {
	readonly boxes: Map<string, MailboxRow>
	readonly subscribed: Set<string>
	/** Names that have a mailbox somewhere below. */
	readonly hasChildren = new Set<string>()
	readonly subscribedBelow = new Set<string>()

	constructor({ house, account }: Session) {
		this.boxes = new Map(house.reader.mailboxes(account!.id).map(box => [box.name, box]))
		this.subscribed = new Set(house.reader.subscriptions(account!.id))
		for (const name of this.boxes.keys()) for (const above of levelsAbove(name)) this.hasChildren.add(above)
		for (const name of this.subscribed) for (const above of levelsAbove(name)) this.subscribedBelow.add(above)
	}

	names(withSubscribed: boolean): string[] {
		const names = new Set([...this.boxes.keys(), ...this.hasChildren])
		if (withSubscribed)
			for (const more of [this.subscribed, this.subscribedBelow]) for (const name of more) names.add(name)
		return [...names].sort((a, b) => (a === 'INBOX' ? -1 : b === 'INBOX' ? 1 : a < b ? -1 : 1))
	}

	attributes(name: string): string[] {
		const box = this.boxes.get(name)
		// \Noselect for those who do not know \NonExistent (RFC 5258 section 3.4).
		const attributes = box ? [] : ['\\NonExistent', '\\Noselect']
		attributes.push(this.hasChildren.has(name) ? '\\HasChildren' : '\\HasNoChildren')
		const use = box && useOf(box)
		if (use) attributes.push(use)
		return attributes
	}
}

function levelsAbove(name: string): string[] {
	const above: string[] = []
	for (let at = name.lastIndexOf('/'); at > 0; at = name.lastIndexOf('/', at - 1))
		above.push(name.slice(0, at))
	return above
}
