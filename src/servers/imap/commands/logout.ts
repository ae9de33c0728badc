import type { imap } from '../../../wire/index.ts'
import type { Session } from '../session.ts'

export function logout(session: Session, { tag }: imap.CommandOf<'LOGOUT'>): null {
	session.out.text(`* BYE until next time\r\n${tag} OK LOGOUT completed\r\n`)
	session.close()
	return null
}
