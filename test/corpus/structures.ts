import { awkward, between, HEAD, inLines, lines, mixed, part, utf8, word } from './write.ts'

const TEXT = part(['Content-Type: text/plain'], 'plain text')
const HTML = part(['Content-Type: text/html'], '<p>html text</p>')
const FILE = part(
	['Content-Type: application/pdf; name="a.pdf"', 'Content-Transfer-Encoding: base64'],
	Buffer.from('%PDF-1.4').toString('base64'),
)
const INNER = `${HEAD}\r\ninner text`
const MESSAGE = part(['Content-Type: message/rfc822'], INNER)
const whole = (type: string, body: string) => `${HEAD}${type}\r\n\r\n${body}`

/** A multipart in a multipart, `depth` of them, a text within the last. */
function nested(depth: number): string {
	const open: string[] = []
	for (let i = 0; i < depth; i++)
		open.push(`Content-Type: multipart/mixed; boundary="b${i}"\r\n\r\n--b${i}\r\n`)
	const closed = Array.from({ length: depth }, (_, i) => `--b${depth - 1 - i}--\r\n`)
	return `${HEAD}${open.join('')}\r\ninnermost\r\n${closed.join('')}`
}

const b = 'a-boundary'
export const structures = [
	awkward('structure: mixed', 'the ordinary one', whole(mixed(b), between(b, TEXT, FILE))),
	awkward(
		'structure: alternative',
		'text and the same in HTML',
		whole('Content-Type: multipart/alternative; boundary=x', between('x', TEXT, HTML)),
	),
	awkward(
		'structure: preamble and epilogue',
		'text before and behind the parts',
		whole(mixed(b), `preamble\r\n${between(b, TEXT, FILE)}epilogue\r\n`),
	),
	awkward(
		'structure: no end',
		'the last delimiter is missing',
		whole(mixed(b), `--${b}\r\n${TEXT}\r\n--${b}\r\n${FILE}\r\n`),
	),
	awkward(
		'structure: cut in a part',
		'the message ends within an attachment',
		whole(mixed(b), between(b, TEXT, FILE)).slice(0, -30),
	),
	awkward(
		'structure: cut in a delimiter',
		'the message ends within the last delimiter',
		whole(mixed(b), between(b, TEXT, FILE)).slice(0, -6),
	),
	awkward('structure: end twice', 'two last delimiters', whole(mixed(b), `${between(b, TEXT)}--${b}--\r\n`)),
	awkward(
		'structure: part behind the end',
		'another part after the last delimiter',
		whole(mixed(b), `${between(b, TEXT)}--${b}\r\n${FILE}\r\n--${b}--\r\n`),
	),
	awkward('structure: end only', 'the last delimiter and no part', whole(mixed(b), `--${b}--\r\n`)),
	awkward('structure: no delimiter', 'a multipart without any part', whole(mixed(b), 'just text\r\n')),
	awkward('structure: empty body', 'a multipart of nothing', whole(mixed(b), '')),
	awkward(
		'structure: no boundary',
		'the parameter is missing',
		whole('Content-Type: multipart/mixed', between(b, TEXT, FILE)),
	),
	awkward('structure: empty boundary', 'the parameter is empty', whole(mixed(''), between('', TEXT, FILE))),
	awkward('structure: boundary of one blank', 'nothing but a space', whole(mixed(' '), between(' ', TEXT))),
	awkward(
		'structure: boundary with blank at the end',
		'trailing white space does not count',
		whole('Content-Type: multipart/mixed; boundary="x "', between('x', TEXT, FILE)),
	),
	awkward(
		'structure: boundary with blanks within',
		'allowed, and rare',
		whole(mixed('a b c'), between('a b c', TEXT, FILE)),
	),
	awkward(
		'structure: boundary of odd characters',
		'all that RFC 2046 allows',
		whole(mixed("=_'()+_,-./:=?"), between("=_'()+_,-./:=?", TEXT, FILE)),
	),
	awkward(
		'structure: boundary in 8 bits',
		'a boundary of Chinese',
		whole(mixed(utf8('边界')), between(utf8('边界'), TEXT, FILE)),
	),
	awkward(
		'structure: boundary of 500 characters',
		'RFC 2046 allows 70',
		whole(mixed('x'.repeat(500)), between('x'.repeat(500), TEXT, FILE)),
	),
	awkward(
		'structure: boundary in RFC 2231',
		'extended form, sections',
		whole('Content-Type: multipart/mixed; boundary*0=a-bou; boundary*1=ndary', between(b, TEXT, FILE)),
	),
	awkward(
		'structure: boundary of other case',
		'case counts',
		whole(mixed('Boundary'), between('boundary', TEXT, FILE)),
	),
	awkward(
		'structure: boundary of dashes',
		'a boundary that begins and ends with dashes',
		whole(mixed('----x--'), between('----x--', TEXT, FILE)),
	),
	awkward(
		'structure: boundary unquoted with equals sign',
		'quotes forgotten',
		whole('Content-Type: multipart/mixed; boundary=----=_Part_1', between('----=_Part_1', TEXT, FILE)),
	),
	awkward(
		'structure: boundary twice',
		'two boundaries: the first counts',
		whole('Content-Type: multipart/mixed; boundary=x; boundary=y', between('x', TEXT, FILE)),
	),
	awkward(
		'structure: blanks behind delimiter',
		'transport padding',
		whole(mixed(b), between(b, TEXT, FILE).replaceAll(`--${b}\r\n`, `--${b} \t \r\n`)),
	),
	awkward(
		'structure: text behind delimiter',
		'then it is no delimiter',
		whole(mixed(b), between(b, TEXT, FILE).replace(`--${b}\r\n`, `--${b} x\r\n`)),
	),
	awkward(
		'structure: blank before delimiter',
		'then it is no delimiter either',
		whole(mixed(b), ` --${b}\r\n${TEXT}\r\n --${b}--\r\n`),
	),
	awkward(
		'structure: delimiter in quoted text',
		'a reply that quotes it',
		whole(mixed(b), between(b, part([], `> --${b}\r\n> text`), FILE)),
	),
	awkward(
		'structure: prefix, inner longer',
		'the outer boundary is the beginning of the inner',
		whole(
			mixed('x'),
			between(
				'x',
				part(['Content-Type: multipart/alternative; boundary=xy'], between('xy', TEXT, HTML)),
				FILE,
			),
		),
	),
	awkward(
		'structure: prefix, inner shorter',
		'the inner boundary is the beginning of the outer',
		whole(
			mixed('xy'),
			between(
				'xy',
				part(['Content-Type: multipart/alternative; boundary=x'], between('x', TEXT, HTML)),
				FILE,
			),
		),
	),
	awkward(
		'structure: prefix with dashes',
		'the inner boundary is the outer one and two dashes',
		whole(
			mixed('x'),
			between(
				'x',
				part(['Content-Type: multipart/alternative; boundary="x--"'], between('x--', TEXT, HTML)),
				FILE,
			),
		),
	),
	awkward(
		'structure: nested equal',
		'inner and outer have the same boundary',
		whole(
			mixed(b),
			between(
				b,
				part(['Content-Type: multipart/alternative; boundary=a-boundary'], between(b, TEXT, HTML)),
				FILE,
			),
		),
	),
	awkward(
		'structure: nested equal, not closed',
		'the same, the inner one without its end',
		whole(
			mixed(b),
			`--${b}\r\nContent-Type: multipart/alternative; boundary=a-boundary\r\n\r\n--${b}\r\n${TEXT}\r\n--${b}--\r\n`,
		),
	),
	awkward(
		'structure: inner not closed',
		'the outer delimiter ends the inner parts',
		whole(
			mixed('x'),
			`--x\r\nContent-Type: multipart/alternative; boundary=y\r\n\r\n--y\r\n${TEXT}\r\n--x\r\n${FILE}\r\n--x--\r\n`,
		),
	),
	awkward(
		'structure: inner without boundary',
		'half a multipart within one',
		whole(mixed('x'), between('x', part(['Content-Type: multipart/alternative'], 'text'), FILE)),
	),
	awkward(
		'structure: inner delimiter behind the outer end',
		'too late',
		whole(
			mixed('x'),
			`${between('x', part(['Content-Type: multipart/mixed; boundary=y'], between('y', TEXT)), FILE)}--y\r\n${TEXT}\r\n`,
		),
	),
	awkward(
		'structure: no blank line in a part',
		'fields, and text at once',
		whole(mixed(b), between(b, lines('Content-Type: text/plain', 'text without a blank line'), FILE)),
	),
	awkward(
		'structure: no header in a part',
		'a blank line first',
		whole(mixed(b), between(b, '\r\nplain text', FILE)),
	),
	awkward(
		'structure: part of nothing',
		'two delimiters in a row',
		whole(mixed(b), `--${b}\r\n--${b}\r\n${FILE}\r\n--${b}--\r\n`),
	),
	awkward(
		'structure: part of a blank line',
		'a header of nothing, a body of nothing',
		whole(mixed(b), between(b, '', FILE)),
	),
	awkward(
		'structure: part without body',
		'a header, and the delimiter',
		whole(mixed(b), `--${b}\r\nContent-Type: text/html\r\n\r\n--${b}--\r\n`),
	),
	awkward(
		'structure: part header only',
		'a header without its blank line',
		whole(mixed(b), `--${b}\r\nContent-Type: text/html\r\n--${b}--\r\n`),
	),
	awkward(
		'structure: LF only',
		'a multipart of Unix',
		whole(mixed(b), between(b, TEXT, FILE)).replaceAll('\r\n', '\n'),
	),
	awkward(
		'structure: LF within CRLF',
		'the parts have bare LF',
		whole(mixed(b), between(b, TEXT, FILE).replaceAll('\r\n', '\n')),
	),
	awkward(
		'structure: base64 multipart',
		'RFC 2045 forbids it',
		`${HEAD}${mixed(b)}\r\nContent-Transfer-Encoding: base64\r\n\r\n${between(b, TEXT, FILE)}`,
	),
	awkward(
		'structure: encoded multipart',
		'really in base64',
		`${HEAD}${mixed(b)}\r\nContent-Transfer-Encoding: base64\r\n\r\n${inLines(Buffer.from(between(b, TEXT)))}\r\n`,
	),
	awkward(
		'structure: quoted-printable multipart',
		'wrong, and sent by newsletters',
		`${HEAD}${mixed(b)}\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n${between(b, TEXT, HTML)}`,
	),
	awkward(
		'structure: digest',
		'its parts are messages',
		whole('Content-Type: multipart/digest; boundary=x', between('x', `\r\n${INNER}`, `\r\n${INNER}`)),
	),
	awkward(
		'structure: digest of text',
		'a part that says otherwise',
		whole('Content-Type: multipart/digest; boundary=x', between('x', TEXT, `\r\n${INNER}`)),
	),
	awkward(
		'structure: unknown multipart',
		'is treated as mixed',
		whole('Content-Type: multipart/x-thing; boundary=x', between('x', TEXT, FILE)),
	),
	awkward(
		'structure: related',
		'HTML with its picture',
		whole(
			'Content-Type: multipart/related; boundary=x; type="text/html"',
			between(
				'x',
				HTML,
				part(
					[
						'Content-Type: image/png',
						'Content-ID: <p@example.com>',
						'Content-Disposition: inline; filename=p.png',
						'Content-Transfer-Encoding: base64',
					],
					'iVBORw0KGgo=',
				),
			),
		),
	),
	awkward(
		'structure: parallel',
		'a relic',
		whole('Content-Type: multipart/parallel; boundary=x', between('x', TEXT, FILE)),
	),
	awkward(
		'structure: partial',
		'one of three pieces',
		whole(
			'Content-Type: message/partial; id="x@example.com"; number=1; total=3',
			'Subject: whole\r\n\r\npiece\r\n',
		),
	),
	awkward(
		'structure: external body',
		'a file elsewhere',
		whole(
			'Content-Type: message/external-body; access-type=anon-ftp; site="ftp.example.com"; name="a.txt"',
			'Content-Type: text/plain\r\nContent-ID: <x@example.com>\r\n\r\n',
		),
	),
	awkward('structure: message', 'a forwarded message', whole(mixed(b), between(b, TEXT, MESSAGE))),
	awkward(
		'structure: message alone',
		'a message that is a message',
		whole('Content-Type: message/rfc822', INNER),
	),
	awkward(
		'structure: message of nothing',
		'a forwarded message without octets',
		whole(mixed(b), between(b, TEXT, part(['Content-Type: message/rfc822'], ''))),
	),
	awkward(
		'structure: message without header',
		'a forwarded text',
		whole(mixed(b), between(b, part(['Content-Type: message/rfc822'], '\r\njust text'))),
	),
	awkward(
		'structure: message header only',
		'a returned header',
		whole(mixed(b), between(b, part(['Content-Type: message/rfc822'], HEAD))),
	),
	awkward(
		'structure: message in base64',
		'RFC 2046 forbids it, phones do it',
		whole(
			mixed(b),
			between(
				b,
				TEXT,
				part(
					['Content-Type: message/rfc822; name="fwd.eml"', 'Content-Transfer-Encoding: base64'],
					inLines(Buffer.from(INNER)),
				),
			),
		),
	),
	awkward(
		'structure: message with parts',
		'a forwarded multipart',
		whole(
			mixed('x'),
			between('x', TEXT, part(['Content-Type: message/rfc822'], whole(mixed('y'), between('y', TEXT, FILE)))),
		),
	),
	awkward(
		'structure: message with our boundary',
		'a forwarded message that has our boundary',
		whole(
			mixed(b),
			between(b, TEXT, part(['Content-Type: message/rfc822'], whole(mixed(b), between(b, TEXT, FILE)))),
		),
	),
	awkward(
		'structure: message in UTF-8',
		'message/global of RFC 6532',
		whole(mixed(b), between(b, part(['Content-Type: message/global'], utf8('Subject: 你好\r\n\r\n正文')))),
	),
	awkward(
		'structure: message 5 deep',
		'forwarded five times',
		`${HEAD}${'Content-Type: message/rfc822\r\n\r\n'.repeat(5)}${INNER}\r\n`,
	),
	awkward(
		'structure: message 99 deep',
		'as deep as we look',
		`${HEAD}${'Content-Type: message/rfc822\r\n\r\n'.repeat(98)}${INNER}\r\n`,
	),
	awkward(
		'structure: message 1,000 deep',
		'deeper than anybody looks',
		`${HEAD}${'Content-Type: message/rfc822\r\n\r\n'.repeat(1000)}${INNER}\r\n`,
	),
	awkward('structure: 20 deep', 'parts within parts', nested(20)),
	awkward('structure: 90 deep', 'just within what we look into', nested(90)),
	awkward('structure: 1,000 deep', 'deeper than anybody looks', nested(1000)),
	awkward(
		'structure: 1,000 parts',
		'side by side',
		whole(mixed(b), between(b, ...Array.from({ length: 1000 }, () => TEXT))),
	),
	awkward(
		'structure: 12,000 parts',
		'more than we count',
		whole(mixed('x'), `${'--x\r\n\r\n.\r\n'.repeat(12_000)}--x--\r\n`),
	),
	awkward('structure: delimiters only', '20,000 of them', whole(mixed('x'), '--x\r\n'.repeat(20_000))),
	awkward(
		'structure: dashes',
		'lines that nearly are delimiters',
		whole(mixed('x'), `${'--\r\n--y\r\n---x\r\n'.repeat(5000)}${between('x', TEXT)}`),
	),
	awkward(
		'structure: text says multipart',
		'a part that says it is a multipart, and is text',
		whole(mixed('x'), between('x', part(['Content-Type: multipart/mixed; boundary=never'], 'text only'))),
	),
	awkward(
		'structure: type in capitals',
		'types count in any case',
		whole(
			'CONTENT-TYPE: MULTIPART/MIXED; BOUNDARY=x',
			between('x', part(['CONTENT-TYPE: TEXT/HTML'], '<p>html</p>')),
		),
	),
	awkward(
		'structure: charset on multipart',
		'means nothing',
		whole(
			'Content-Type: multipart/mixed; charset=gbk; boundary=x',
			between('x', part(['Content-Type: text/plain; charset=utf-8'], utf8('你好'))),
		),
	),
	awkward(
		'structure: all fields of a part',
		'id, description, md5, language, location',
		whole(
			mixed('x'),
			between(
				'x',
				part(
					[
						'Content-Type: text/plain; charset=utf-8; format=flowed',
						'Content-ID: <id@example.com>',
						`Content-Description: ${word('utf-8', '说明')}`,
						'Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==',
						'Content-Language: zh-CN, en',
						'Content-Location: http://www.example.com/\r\n a.html',
					],
					'text',
				),
			),
		),
	),
	awkward(
		'structure: fields of a part that are none',
		'a subject within a part means nothing',
		whole(mixed('x'), between('x', part(['Subject: not this one', 'Content-Type: text/plain'], 'text'))),
	),
	awkward(
		'structure: flowed',
		'format=flowed with soft breaks',
		whole('Content-Type: text/plain; format=flowed; delsp=no', 'one \r\ntwo \r\nthree\r\n'),
	),
	awkward(
		'structure: HTML without text',
		'styles, scripts, entities',
		whole(
			'Content-Type: text/html; charset=utf-8',
			utf8(
				'<html><head><title>t</title><style>p{}</style></head><body><script>x()</script><p>你好&nbsp;&amp;&#19990;&#x754c;</p></body></html>\r\n',
			),
		),
	),
	awkward(
		'structure: HTML not closed',
		'a tag cut off',
		whole('Content-Type: text/html', '<p>text<a href="x'),
	),
	awkward(
		'structure: HTML comment not closed',
		'a comment without its end',
		whole('Content-Type: text/html', '<p>text</p><!-- no end'),
	),
]
