import type { imap } from '../../../wire/index.ts'
import { type Done, ok } from '../done.ts'
import type { Session } from '../session.ts'

const KNOWN = ['IMAP4REV2', 'UTF8=ACCEPT', 'CONDSTORE', 'QRESYNC', 'UIDONLY']

/** RFC 5161: what is not known is passed over in silence. */
export function enable(session: Session, { extensions }: imap.CommandOf<'ENABLE'>): Done {
	const enabled: string[] = []
	for (const extension of KNOWN.filter(one => extensions.includes(one))) {
		switch (extension) {
			case 'IMAP4REV2':
				// UTF-8 in quoted strings and mailbox names, and what is gone of IMAP4rev1 (RFC 9051 appendix E).
				session.rev2 = true
				session.utf8 = true
				enabled.push('IMAP4rev2')
				break
			case 'UTF8=ACCEPT':
				session.utf8 = true
				enabled.push(extension)
				break
			case 'CONDSTORE':
				session.knowsModseqs()
				enabled.push(extension)
				break
			case 'QRESYNC':
				session.knowsModseqs()
				session.qresync = true
				enabled.push(extension)
				break
			case 'UIDONLY':
				session.uidOnly = true
				if (session.view) session.view.byUidOnly = true
				enabled.push(extension)
		}
	}
	session.out.text(`* ENABLED${enabled.map(name => ` ${name}`).join('')}\r\n`)
	return ok('ENABLE completed')
}
