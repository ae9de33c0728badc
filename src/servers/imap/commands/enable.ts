import type { imap } from '../../../wire/index.ts'
import { type Done, ok } from '../done.ts'
import type { Session } from '../session.ts'

/** RFC 5161: what is not known is passed over in silence. */
export function enable(session: Session, { extensions }: imap.CommandOf<'ENABLE'>): Done {
	const enabled: string[] = []
	if (extensions.includes('UTF8=ACCEPT')) {
		session.utf8 = true
		enabled.push('UTF8=ACCEPT')
	}
	if (extensions.includes('CONDSTORE')) {
		session.knowsModseqs()
		enabled.push('CONDSTORE')
	}
	if (extensions.includes('QRESYNC')) {
		session.knowsModseqs()
		session.qresync = true
		enabled.push('QRESYNC')
	}
	session.out.text(`* ENABLED${enabled.map(name => ` ${name}`).join('')}\r\n`)
	return ok('ENABLE completed')
}
