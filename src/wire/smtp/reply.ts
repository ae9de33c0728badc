/** An SMTP, submission or LMTP reply (RFC 5321 section 4.2) with its enhanced status code (RFC 3463). */
export type Reply = {
	code: number
	/** `2.1.5`; null where none belongs (EHLO, 354, greeting). */
	enhanced: string | null
	/** One entry a line. */
	lines: string[]
}

export function reply(code: number, enhanced: string | null, ...lines: string[]): Reply {
	return { code, enhanced, lines }
}

/** The peer broke the rules; `reply` says which and what to do. */
export class Refused extends Error {
	readonly reply: Reply

	constructor(reply: Reply) {
		super(`${reply.code} ${reply.enhanced ?? ''} ${reply.lines.join(' ')}`)
		this.reply = reply
	}
}

/** The octets of a reply, every line ended by CRLF. */
export function formatReply({ code, enhanced, lines }: Reply): string {
	const status = enhanced ? `${enhanced} ` : ''
	let out = ''
	for (let i = 0; i < lines.length; i++)
		out += `${code}${i < lines.length - 1 ? '-' : ' '}${status}${lines[i]}\r\n`
	return out
}
