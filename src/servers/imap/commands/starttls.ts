import type { imap } from '../../../wire/index.ts'
import { bad, type Done } from '../done.ts'
import type { Session } from '../session.ts'

export function starttls(session: Session, { tag }: imap.CommandOf<'STARTTLS'>): Done | null {
	if (session.tls) return bad('TLS is on already')
	if (session.compressed) return bad('the connection is compressed already')
	session.out.text(`${tag} OK begin TLS now\r\n`)
	session.startTls()
	return null
}
