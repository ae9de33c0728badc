import { bodies, in8bit, utf8, word } from './write.ts'

const PDF = Buffer.from('%PDF-1.4 nothing').toString('base64')

/** An attachment whose disposition, or type, is written in this way. */
const attached = (
	name: string,
	why: string,
	disposition: string,
	type = 'application/pdf',
): [string, string, string[], string] => [
	name,
	why,
	[
		`Content-Type: ${type}`,
		...(disposition === '' ? [] : [`Content-Disposition: ${disposition}`]),
		'Content-Transfer-Encoding: base64',
	],
	`${PDF}\r\n`,
]

export const parameters = bodies('parameter', [
	attached('quoted', 'the ordinary form', 'attachment; filename="a b.pdf"'),
	attached('token', 'no quotes needed', 'attachment; filename=a.pdf'),
	attached('unquoted with spaces', 'quotes forgotten', 'attachment; filename=a b c.pdf'),
	attached('unquoted with parenthesis', 'looks like a comment, is a copy', 'attachment; filename=a (1).pdf'),
	attached('escapes', 'backslashes within quotes', 'attachment; filename="a\\"b\\\\c.pdf"'),
	attached('Windows path', 'Internet Explorer of old', 'attachment; filename="C:\\Users\\a.pdf"'),
	attached('semicolon in quotes', 'parts nothing', 'attachment; filename="a;b.pdf"'),
	attached('quote not closed', 'cut off', 'attachment; filename="a.pdf'),
	attached('apostrophes', 'quotes that are none', "attachment; filename='a.pdf'"),
	attached('RFC 2231', 'the modern form', "attachment; filename*=utf-8''%E6%8A%A5%E5%91%8A.pdf"),
	attached(
		'RFC 2231 with language',
		'the language between the apostrophes',
		"attachment; filename*=utf-8'zh-CN'%E6%8A%A5%E5%91%8A.pdf",
	),
	attached('RFC 2231 in GBK', 'another charset', "attachment; filename*=gbk''%B1%A8%B8%E6.pdf"),
	attached(
		'RFC 2231 continued',
		'in sections',
		"attachment; filename*0*=utf-8''%E6%8A%A5;\r\n filename*1*=%E5%91%8A;\r\n filename*2=.pdf",
	),
	attached(
		'RFC 2231 continued without charset',
		'sections of plain text',
		'attachment; filename*0="long ";\r\n filename*1="name.pdf"',
	),
	attached(
		'RFC 2231 cut in a character',
		'one character in two sections',
		"attachment; filename*0*=utf-8''%E6%8A;\r\n filename*1*=%A5.pdf",
	),
	attached(
		'RFC 2231 in wrong order',
		'sections need not stand in order',
		"attachment; filename*1*=%E5%91%8A.pdf;\r\n filename*0*=utf-8''%E6%8A%A5",
	),
	attached(
		'RFC 2231 with a gap',
		'section 1 is missing',
		"attachment; filename*0*=utf-8''%E6%8A%A5; filename*2*=.pdf",
	),
	attached(
		'RFC 2231 begins at 1',
		'somebody counts from one',
		'attachment; filename*1="one"; filename*2="two.pdf"',
	),
	attached(
		'RFC 2231 section twice',
		'the same section again',
		'attachment; filename*0="a"; filename*0="b"; filename*1=".pdf"',
	),
	attached(
		'RFC 2231 section of words',
		'what follows the star is no number',
		'attachment; filename*x="a.pdf"',
	),
	attached(
		'RFC 2231 without apostrophes',
		'the charset forgotten',
		'attachment; filename*=%E6%8A%A5%E5%91%8A.pdf',
	),
	attached(
		'RFC 2231 with bad percent',
		'a percent sign that encodes nothing',
		"attachment; filename*=utf-8''100%25%zz.pdf",
	),
	attached(
		'RFC 2231 in quotes',
		'quotes around the extended value',
		'attachment; filename*="utf-8\'\'%E6%8A%A5.pdf"',
	),
	attached(
		'RFC 2231 and plain',
		'both, for old readers',
		'attachment; filename="baogao.pdf"; filename*=utf-8\'\'%E6%8A%A5%E5%91%8A.pdf',
	),
	attached(
		'RFC 2231 of unknown charset',
		'a charset nobody has',
		"attachment; filename*=x-none''%E6%8A%A5.pdf",
	),
	attached(
		'RFC 2231, leading zeros',
		'sections 00 and 01',
		'attachment; filename*00="a"; filename*01="b.pdf"',
	),
	attached(
		'encoded word',
		'RFC 2047 has no business here, and is everywhere',
		`attachment; filename="${word('utf-8', '报告.pdf')}"`,
	),
	attached('encoded word in GB2312', 'Foxmail', `attachment; filename="${word('gb2312', '报告.pdf')}"`),
	attached(
		'encoded words folded',
		'a long name in two words',
		`attachment; filename="${word('utf-8', '很长的')}\r\n ${word('utf-8', '报告.pdf')}"`,
	),
	attached('encoded word without quotes', 'nor quotes', `attachment; filename=${word('utf-8', '报告.pdf')}`),
	attached('encoded word in Q with spaces', 'spaces within', 'attachment; filename="=?utf-8?Q?a b=2Epdf?="'),
	attached('raw UTF-8', '8 bits', utf8('attachment; filename="报告.pdf"')),
	attached(
		'raw GBK',
		'8 bits of a Chinese desktop of old',
		`attachment; filename="${in8bit('gbk', '报告.pdf')}"`,
	),
	attached('raw latin1', '8 bits of western Europe', 'attachment; filename="\xfcbersicht.pdf"'),
	attached('name of the type only', 'no disposition', '', 'application/pdf; name="a.pdf"'),
	attached(
		'name of the type in RFC 2231',
		'no disposition, modern form',
		'',
		"application/pdf; name*=utf-8''%E6%8A%A5%E5%91%8A.pdf",
	),
	attached(
		'name of the type differs',
		'two names: the disposition counts',
		'attachment; filename="b.pdf"',
		'application/pdf; name="a.pdf"',
	),
	attached('no value', 'an equals sign and nothing', 'attachment; filename='),
	attached('no equals sign', 'a word that is no parameter', 'attachment; filename'),
	attached('spaces around equals sign', 'white space where none may be', 'attachment; filename = "a.pdf"'),
	attached('semicolons in a row', 'empty parameters', 'attachment;; ; filename="a.pdf";;'),
	attached('twice', 'the same name again', 'attachment; filename="a.pdf"; filename="b.pdf"'),
	attached('upper case', 'names count in any case', 'ATTACHMENT; FILENAME="a.pdf"'),
	attached('comment', 'a comment after the value', 'attachment (see below); filename="a.pdf" (mine)'),
	attached('no disposition type', 'parameters only', 'filename="a.pdf"'),
	attached('fold within quotes', 'a fold within a name', 'attachment; filename="a\r\n b.pdf"'),
	attached(
		'line end encoded',
		'a name that would forge a field',
		"attachment; filename*=utf-8''a%0D%0Ab.pdf",
	),
	attached('path upwards', 'a name that would leave its folder', 'attachment; filename="../../etc/passwd"'),
	attached('very long', 'a name of 10,000 characters', `attachment; filename="${'a'.repeat(10_000)}.pdf"`),
	attached(
		'many',
		'five hundred parameters',
		`attachment; ${Array.from({ length: 500 }, (_, i) => `p${i}=${i}`).join('; ')}`,
	),
	attached('type without slash', 'half a type', 'attachment; filename="a.pdf"', 'pdf'),
	attached('type of nothing', 'an empty field', 'attachment; filename="a.pdf"', ''),
	attached('type with rubbish', 'two slashes', 'attachment; filename="a.pdf"', 'application/x/y'),
	attached(
		'type with spaces',
		'spaces around the slash',
		'attachment; filename="a.pdf"',
		'application / pdf',
	),
	attached('type unknown', 'a type of our own making', 'attachment; filename="a.xyz"', 'x-thing/x-xyz'),
	attached(
		'type in comma',
		'a comma for a semicolon',
		'attachment; filename="a.pdf"',
		'application/pdf, name="a.pdf"',
	),
	attached('colon for equals sign', 'a slip', 'attachment; filename: "a.pdf"'),
])
