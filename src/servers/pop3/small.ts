import { pop3 } from '../../wire/index.ts'
import type { Session } from './session.ts'

/** RFC 2595 section 4. */
export function stls(session: Session): Promise<void> {
	if (session.tls) throw new pop3.BadCommand('TLS is on already')
	return session.startTls()
}

/** RFC 6856 section 2: messages are sent as they are in any case. */
export function utf8(session: Session): void {
	session.ok('UTF-8 it is')
}

/** RFC 6856 section 3: we have one language. */
export function lang(session: Session, { tag }: { tag: string | null }): void {
	if (tag === null) session.write('+OK Languages:\r\nen English\r\ni-default English\r\n.\r\n')
	else if (tag === '*' || tag.toLowerCase() === 'i-default') session.ok('i-default English it is')
	else if (/^en(?:-|$)/i.test(tag)) session.ok('en English it is')
	else session.err('Only English is spoken here')
}
