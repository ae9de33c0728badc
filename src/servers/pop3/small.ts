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

/** RFC 6856 section 3: what is said from now on is in that language. */
export function lang(session: Session, { tag }: { tag: string | null }): void {
	if (tag === null)
		return void session.write(`+OK ${session.words('Languages:')}\r\nen English\r\nzh-CN 简体中文\r\n.\r\n`)
	const [, english, chinese] = LANGUAGES.exec(tag) ?? []
	if (english === undefined && chinese === undefined)
		return void session.err('No such language here; LANG lists them')
	session.chinese = chinese !== undefined
	session.ok(
		chinese === undefined
			? `${/^en/i.test(tag) ? 'en' : 'i-default'} English it is`
			: 'zh-CN 以下使用简体中文',
	)
}

/** Chinese as it is written on the mainland; who asks for no script gets it too. */
const LANGUAGES = /^(?:(\*|i-default|en(?:-.*)?)|(zh(?:-Hans)?(?:-CN|-SG)?))$/i
