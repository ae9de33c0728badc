import { encodeHeader, formatDate } from '../message/index.ts'

/** A letter this node writes itself to somebody of ours. Every line ends in CRLF. */
export function notice(options: {
	to: string
	subject: string
	text: string
	hostname: string
	now: number
	id: string
}): Buffer {
	const { to, subject, text, hostname, now, id } = options
	return Buffer.from(
		[
			encodeHeader('From', `Panpipe <postmaster@${hostname}>`),
			encodeHeader('To', `<${to}>`),
			encodeHeader('Subject', subject),
			`Date: ${formatDate(now)}\r\n`,
			`Message-ID: <${id}@${hostname}>\r\n`,
			// RFC 3834: no answering machine is to answer.
			'Auto-Submitted: auto-generated\r\n',
			'MIME-Version: 1.0\r\n',
			'Content-Type: text/plain; charset=utf-8\r\n',
			'Content-Transfer-Encoding: 8bit\r\n\r\n',
			`${text.replace(/\r?\n/g, '\r\n')}\r\n`,
		].join(''),
	)
}
