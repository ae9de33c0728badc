import { imap } from '../../wire/index.ts'
import { type Listed, listedFor, oldName, useOf } from './mailboxes.ts'
import type { Session } from './session.ts'

/** All names an account knows: its mailboxes, those of others it may list, subscriptions, and the levels above them. */
export class Tree {
	readonly boxes: Map<string, Listed>
	readonly subscribed: Set<string>
	/** Names that have a mailbox somewhere below. */
	readonly hasChildren = new Set<string>()
	readonly subscribedBelow = new Set<string>()
	/** Names that have a mailbox of a special use somewhere below. */
	readonly usedBelow = new Set<string>()

	constructor(session: Session) {
		const { house, account } = session
		this.boxes = new Map(listedFor(session).map(box => [box.name, box]))
		this.subscribed = new Set(house.reader.subscriptions(account!.id))
		for (const [name, box] of this.boxes) {
			for (const above of levelsAbove(name)) {
				this.hasChildren.add(above)
				if (useOf(box)) this.usedBelow.add(above)
			}
		}
		for (const name of this.subscribed) for (const above of levelsAbove(name)) this.subscribedBelow.add(above)
	}

	names(withSubscribed: boolean): string[] {
		const names = new Set([...this.boxes.keys(), ...this.hasChildren])
		if (withSubscribed)
			for (const more of [this.subscribed, this.subscribedBelow]) for (const name of more) names.add(name)
		return [...names].sort((a, b) => (a === 'INBOX' ? -1 : b === 'INBOX' ? 1 : a < b ? -1 : 1))
	}

	/** @param knows the client knows \NonExistent, which says \Noselect too (RFC 5258 section 3.4) */
	attributes(name: string, knows: boolean): string[] {
		const box = this.boxes.get(name)
		const attributes = box ? [] : knows ? ['\\NonExistent'] : ['\\NonExistent', '\\Noselect']
		attributes.push(this.hasChildren.has(name) ? '\\HasChildren' : '\\HasNoChildren')
		const use = box && useOf(box)
		if (use) attributes.push(use)
		return attributes
	}

	/** An unsolicited LIST response. @param before the name it had until now, null = no other */
	response(session: Session, name: string, before: string | null): string {
		const attributes = this.attributes(name, true)
		if (this.subscribed.has(name)) attributes.push('\\Subscribed')
		const data = before === null ? '' : oldName(session, name, before)
		return `* LIST (${attributes.join(' ')}) "/" ${imap.formatMailbox(name, session.utf8)}${data}\r\n`
	}
}

export function levelsAbove(name: string): string[] {
	const above: string[] = []
	for (let at = name.lastIndexOf('/'); at > 0; at = name.lastIndexOf('/', at - 1))
		above.push(name.slice(0, at))
	return above
}
