import { imap } from '../../../wire/index.ts'
import { bad, type Done, ok } from '../done.ts'
import { mailboxesOf, statusResponse, useOf } from '../mailboxes.ts'
import { entriesOf, formatEntries, validEntry } from '../metadata.ts'
import { Turn } from '../output.ts'
import { matcher } from '../pattern.ts'
import type { Session } from '../session.ts'
import { levelsAbove, Tree } from '../tree.ts'
import { myRightsResponse } from './acl.ts'

/** LIST with the options of RFC 5258, 5819, 6154 and 9590. */
export async function list(session: Session, command: imap.CommandOf<'LIST'>): Promise<Done> {
	const { reference, patterns, select, returns, status, metadata, extended } = command
	if (!extended && patterns[0] === '') {
		session.out.text('* LIST (\\Noselect) "/" ""\r\n')
		return ok('LIST completed')
	}
	if (metadata?.some(entry => !validEntry(entry)))
		return bad('entries are called /private/... or /shared/...')
	const onlySubscribed = select.includes('SUBSCRIBED')
	const onlyUsed = select.includes('SPECIAL-USE')
	const recursive = select.includes('RECURSIVEMATCH')
	if (recursive && !onlySubscribed && !onlyUsed)
		return bad('RECURSIVEMATCH means something beside SUBSCRIBED or SPECIAL-USE only')
	const tree = new Tree(session)
	const rows = new Map(status ? mailboxesOf(session).map(box => [box.name, box]) : [])
	const matches = patterns.map(pattern => matcher(reference + pattern))
	const isSelected = (name: string) => {
		const box = tree.boxes.get(name)
		return (!onlySubscribed || tree.subscribed.has(name)) && (!onlyUsed || Boolean(box && useOf(box)))
	}
	const turn = new Turn(session.out)
	let looked = 0
	const matching: string[] = []
	// What is selected and not told itself is told by what lies above it, and nothing else is (RFC 5258 section 3.5).
	const aboveUntold = new Set<string>()
	for (const name of tree.names(onlySubscribed)) {
		// To look at the clock each time is a part of what a LIST costs.
		if (++looked % 8 === 0 && turn.isLong) await turn.mayEnd()
		if (matches.some(match => match(name))) matching.push(name)
		else if (recursive && isSelected(name)) for (const above of levelsAbove(name)) aboveUntold.add(above)
	}
	for (const name of matching) {
		if (++looked % 8 === 0 && turn.isLong) await turn.mayEnd()
		if (!isSelected(name) && !aboveUntold.has(name)) continue
		const box = tree.boxes.get(name)
		const subscribed = tree.subscribed.has(name)
		const below = recursive ? childInfo(tree, name, onlySubscribed, onlyUsed) : []
		const attributes = tree.attributes(name, extended || session.rev2)
		if (subscribed && (onlySubscribed || returns.includes('SUBSCRIBED'))) attributes.push('\\Subscribed')
		const data = below.length > 0 ? ` ("CHILDINFO" (${below.join(' ')}))` : ''
		session.out.text(
			`* LIST (${attributes.join(' ')}) "/" ${imap.formatMailbox(name, session.utf8)}${data}\r\n`,
		)
		if (returns.includes('MYRIGHTS') && box) session.out.text(myRightsResponse(session, box))
		// What may not be read has no STATUS (RFC 5819 section 2).
		if (status && box?.rights.includes('r'))
			session.out.text(statusResponse(session, rows.get(name)!, status))
		// After the LIST response (RFC 9590 section 4); what is not there is NIL.
		if (metadata && box?.rights.includes('r')) {
			const entries = formatEntries(entriesOf(session, box, metadata, 0))
			session.out.text(`* METADATA ${imap.formatMailbox(name, session.utf8)} ${entries}\r\n`)
		}
	}
	return ok('LIST completed')
}

/** What RECURSIVEMATCH asks of mailboxes somewhere below (RFC 5258 section 3.5). */
function childInfo(tree: Tree, name: string, onlySubscribed: boolean, onlyUsed: boolean): string[] {
	const below: string[] = []
	if (onlySubscribed && tree.subscribedBelow.has(name)) below.push('"SUBSCRIBED"')
	if (onlyUsed && tree.usedBelow.has(name)) below.push('"SPECIAL-USE"')
	return below
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
