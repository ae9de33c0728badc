import iconv from 'iconv-lite'

/** A message nobody should have written, and why it is here. */
export type Awkward = { name: string; why: string; bytes: Buffer }

/*
 * The texts of these messages are octets, one character each: what is not ASCII is written through `in8bit` or
 * as `\xNN`, so that no editor and no version control changes them.
 */

/** Text in some charset, its octets as one character each. */
export function in8bit(charset: string, text: string): string {
	return iconv.encode(text, charset).toString('latin1')
}

export const utf8 = (text: string) => in8bit('utf-8', text)

export function base64(charset: string, text: string): string {
	return iconv.encode(text, charset).toString('base64')
}

/** Base64 in lines as mailers write it. */
export function inLines(octets: Buffer): string {
	return octets.toString('base64').replace(/.{76}/g, '$&\r\n')
}

/** An encoded word. */
export const word = (charset: string, text: string) => `=?${charset}?B?${base64(charset, text)}?=`

/** Lines, each ended by CRLF but the last. */
export const lines = (...lines: string[]) => lines.join('\r\n')

export function awkward(name: string, why: string, octets: string | Buffer): Awkward {
	if (typeof octets === 'string' && /[^\x00-\xff]/.test(octets))
		throw new Error(`${name} is not written in octets`)
	return { name, why, bytes: Buffer.isBuffer(octets) ? octets : Buffer.from(octets, 'latin1') }
}

/** What every ordinary message has, without a blank line behind it. */
export const HEAD = lines(
	'Date: Mon, 23 Nov 2026 10:00:00 +0800',
	'From: alice@example.com',
	'To: bob@example.com',
	'Subject: something',
	'MIME-Version: 1.0',
	'',
)

/** Messages that differ in one field: [name, why, the field as it stands]. */
export function fields(kind: string, table: [name: string, why: string, field: string][]): Awkward[] {
	return table.map(([name, why, field]) => {
		const own = /^[^:]*/.exec(field)![0].toLowerCase()
		const rest = HEAD.split('\r\n').filter(line => !line.toLowerCase().startsWith(`${own}:`))
		return awkward(`${kind}: ${name}`, why, `${field}\r\n${rest.join('\r\n')}\r\nHello.\r\n`)
	})
}

/** Messages of one part: [name, why, lines of its header, body]. */
export function bodies(
	kind: string,
	table: [name: string, why: string, header: string[], body: string][],
): Awkward[] {
	return table.map(([name, why, header, body]) =>
		awkward(`${kind}: ${name}`, why, `${HEAD}${header.map(line => `${line}\r\n`).join('')}\r\n${body}`),
	)
}

/** A part between boundaries: its header lines, its body. */
export const part = (header: string[], body: string) => lines(...header, '', body)

/** A whole multipart body with its end. */
export function between(boundary: string, ...parts: string[]): string {
	return `${parts.map(part => `--${boundary}\r\n${part}\r\n`).join('')}--${boundary}--\r\n`
}

export const mixed = (boundary: string) => `Content-Type: multipart/mixed; boundary="${boundary}"`
