import type { imap } from '../../../wire/index.ts'
import { bad, type Done, no } from '../done.ts'
import type { Session } from '../session.ts'

/** RFC 4978. */
export function compress(session: Session, { tag, mechanism }: imap.CommandOf<'COMPRESS'>): Done | null {
	if (mechanism !== 'DEFLATE') return bad('DEFLATE is the only compression')
	if (session.compressed) return no('it is compressed already', 'COMPRESSIONACTIVE')
	session.out.text(`${tag} OK DEFLATE begins now\r\n`)
	session.startCompression()
	return null
}
