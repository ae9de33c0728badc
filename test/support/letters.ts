import { createCipheriv } from 'node:crypto'
import iconv from 'iconv-lite'

/** A letter to send and to find again. */
export type Letter = {
	id: string
	subject: string
	fileName: string | null
	attachment: Buffer
	bytes: Buffer
}

const NONE = Buffer.alloc(0)

/** Octets that cannot be compressed, the same at every run. */
export function noise(length: number): Buffer {
	const zeros = Buffer.alloc(16)
	return createCipheriv('aes-128-ctr', zeros, zeros).update(Buffer.alloc(length))
}

/** One letter of every kind a mail program may meet; `mark` makes their Message-IDs unique. */
export function letters(mark: string): Letter[] {
	return [
		{ ...plain(mark), fileName: null, attachment: NONE },
		withAttachment(
			mark,
			'mixed',
			'a report',
			'report.pdf',
			'name="report.pdf"',
			'filename="report.pdf"',
			noise(3000),
		),
		withAttachment(
			mark,
			'chinese',
			'关于预算的报告',
			'二〇二六年预算.xlsx',
			`name="=?UTF-8?B?${Buffer.from('二〇二六年预算.xlsx').toString('base64')}?="`,
			`filename*=UTF-8''${encodeURIComponent('二〇二六年预算.xlsx')}`,
			noise(20_000),
		),
		{ ...gb18030(mark), fileName: null, attachment: NONE },
		{ ...utf8(mark), fileName: null, attachment: NONE },
		withAttachment(
			mark,
			'large',
			'five megabytes',
			'large.bin',
			'name="large.bin"',
			'filename="large.bin"',
			noise(5 << 20),
		),
	]
}

export function small(mark: string): Letter[] {
	return letters(mark).filter(letter => letter.bytes.length < 1 << 20)
}

function header(id: string, subject: string): string {
	return [
		'From: =?UTF-8?B?54ix5Li95Lid?= <alice@test.com>',
		'To: undisclosed-recipients:;',
		`Subject: ${subject}`,
		'Date: Mon, 23 Nov 2026 10:00:00 +0800',
		`Message-ID: <${id}>`,
		'MIME-Version: 1.0\r\n',
	].join('\r\n')
}

function plain(mark: string) {
	const id = `plain.${mark}@test.com`
	const text = 'hello\r\n.one dot\r\n..two dots\r\n\r\nFrom here on\r\n\ttab and blanks  \r\n.\ttab\r\n'
	return { id, subject: 'plain', bytes: Buffer.from(`${header(id, 'plain')}\r\n${text}`) }
}

function withAttachment(
	mark: string,
	kind: string,
	subject: string,
	fileName: string,
	typeName: string,
	dispositionName: string,
	attachment: Buffer,
): Letter {
	const id = `${kind}.${mark}@test.com`
	const coded = subject === kind ? subject : `=?UTF-8?B?${Buffer.from(subject).toString('base64')}?=`
	const lines = attachment.toString('base64').replace(/.{76}/g, '$&\r\n')
	const text = [
		`${header(id, coded)}Content-Type: multipart/mixed; boundary="=_b"`,
		'',
		'This is a message in MIME format.',
		'--=_b',
		'Content-Type: text/plain; charset=utf-8',
		'Content-Transfer-Encoding: 8bit',
		'',
		'请看附件。',
		'--=_b',
		`Content-Type: application/octet-stream;\r\n\t${typeName}`,
		'Content-Transfer-Encoding: base64',
		`Content-Disposition: attachment;\r\n\t${dispositionName}`,
		'',
		lines,
		'--=_b--',
		'',
	]
	return { id, subject, fileName, attachment, bytes: Buffer.from(text.join('\r\n')) }
}

function gb18030(mark: string) {
	const id = `gb18030.${mark}@test.com`
	const subject = '国标 𠀀 通知'
	const coded = `=?gb18030?B?${iconv.encode(subject, 'gb18030').toString('base64')}?=`
	const head = `${header(id, coded)}Content-Type: text/plain; charset=gb18030\r\nContent-Transfer-Encoding: 8bit\r\n\r\n`
	const body = iconv.encode('各位同事:㐀𠀀 明天开会。\r\n', 'gb18030')
	return { id, subject, bytes: Buffer.concat([Buffer.from(head), body]) }
}

/** A header in UTF-8 (RFC 6532), as it comes with SMTPUTF8, and from those who do not ask. */
function utf8(mark: string) {
	const id = `utf8.${mark}@test.com`
	const head = `${header(id, '未编码的主题')}Content-Type: text/plain; charset=utf-8\r\n\r\n`
	return { id, subject: '未编码的主题', bytes: Buffer.from(`${head}正文\r\n`) }
}
