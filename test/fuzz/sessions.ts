import { readdirSync, readFileSync } from 'node:fs'

/** Where a session can be: what brings it there, and what the server says last on the way. */
export type State = { name: string; before: string; heard: RegExp }

/** `scripts`: sessions as they go well, one command an entry; octets, one character each. */
export type Language = { states: State[]; scripts: string[][] }

const LOGIN = 'a LOGIN alice@example.com secret\r\n'
const SELECTED = `${LOGIN}b SELECT INBOX\r\n`

/** What clients say in the transcripts. */
function transcripts(): string[][] {
	const folder = new URL('../transcripts/imap/', import.meta.url)
	return readdirSync(folder)
		.filter(name => name.endsWith('.txt'))
		.map(name => {
			const text = readFileSync(new URL(name, folder), 'latin1')
			const messages = new Map<string, string>()
			let message = ''
			const steps: string[] = []
			for (const line of text.split('\n')) {
				if (line.startsWith('M ')) messages.set((message = line.slice(2)), '')
				else if (line.startsWith('|')) messages.set(message, `${messages.get(message)}${line.slice(2)}\r\n`)
				else if (/^C\d: /.test(line)) steps.push(line.slice(4))
			}
			return steps.map(step => {
				const filled = step
					.replace(/\$\(\w+\)/g, '1')
					.replace(
						/\{([a-z]\w*)\+?\}/g,
						(_, name) => `{${messages.get(name)!.length}+}\r\n${messages.get(name)}`,
					)
				return `${filled}\r\n`
			})
		})
}

const imap: Language = {
	states: [
		{ name: 'not authenticated', before: '', heard: /^\* OK/ },
		{ name: 'authenticated', before: LOGIN, heard: /^a OK/m },
		{ name: 'rev2', before: `${LOGIN}b ENABLE IMAP4rev2 QRESYNC\r\n`, heard: /^b OK/m },
		{ name: 'selected', before: SELECTED, heard: /^b OK/m },
		{ name: 'uidonly', before: `${LOGIN}u ENABLE UIDONLY QRESYNC\r\nb SELECT INBOX\r\n`, heard: /^b OK/m },
		{
			name: 'notified',
			before: `${SELECTED}c NOTIFY SET STATUS (SELECTED (MessageNew MessageExpunge FlagChange)) (PERSONAL (MessageNew MessageExpunge))\r\n`,
			heard: /^c OK/m,
		},
		{ name: 'idle', before: `${SELECTED}c IDLE\r\n`, heard: /^\+ /m },
		{ name: 'in a literal', before: `${SELECTED}c SEARCH SUBJECT {20}\r\n`, heard: /^\+ /m },
		{ name: 'in a message', before: `${LOGIN}c APPEND INBOX {60}\r\n`, heard: /^\+ /m },
		{ name: 'in CATENATE', before: `${LOGIN}c APPEND INBOX CATENATE (TEXT {10}\r\n`, heard: /^\+ /m },
		{ name: 'in AUTHENTICATE', before: 'a AUTHENTICATE PLAIN\r\n', heard: /^\+ /m },
		{ name: 'in AUTHENTICATE LOGIN', before: 'a AUTHENTICATE LOGIN\r\n', heard: /^\+ /m },
		{ name: 'compressed', before: `${LOGIN}c COMPRESS DEFLATE\r\n`, heard: /^c OK/m },
		{ name: 'during STARTTLS', before: 'a STARTTLS\r\n', heard: /^a OK/m },
		{ name: 'walking', before: 'a LOGIN dave@example.com secret\r\n', heard: /^a /m },
	],
	scripts: transcripts(),
}

const pop3: Language = {
	states: [
		{ name: 'not authenticated', before: '', heard: /^\+OK/ },
		{ name: 'between USER and PASS', before: 'USER alice@example.com\r\n', heard: /\n\+OK/ },
		{
			name: 'authenticated',
			before: 'USER alice@example.com\r\nPASS secret\r\n',
			heard: /\n\+OK.*\n(?:\+OK|-ERR \[IN-USE\])/s,
		},
		{ name: 'in AUTH', before: 'AUTH PLAIN\r\n', heard: /\n\+ / },
		{ name: 'in AUTH LOGIN', before: 'AUTH LOGIN\r\n', heard: /\n\+ / },
		{ name: 'during STLS', before: 'STLS\r\n', heard: /\n\+OK/ },
	],
	scripts: [
		[
			'CAPA\r\n',
			'UTF8\r\n',
			'LANG *\r\n',
			'USER alice@example.com\r\n',
			'PASS secret\r\n',
			'STAT\r\n',
			'LIST\r\n',
			'LIST 1\r\n',
			'UIDL\r\n',
			'UIDL 2\r\n',
			'RETR 1\r\n',
			'TOP 2 3\r\n',
			'NOOP\r\n',
			'RSET\r\n',
			'QUIT\r\n',
		],
		[
			'AUTH\r\n',
			`AUTH PLAIN ${btoa('\0alice@example.com\0secret')}\r\n`,
			'TOP 1 0\r\n',
			'DELE 3\r\n',
			'RSET\r\n',
			'LIST 3\r\n',
			'RETR 99\r\n',
			'QUIT\r\n',
		],
		[
			'AUTH LOGIN\r\n',
			`${btoa('alice@example.com')}\r\n`,
			`${btoa('secret')}\r\n`,
			'STAT\r\n',
			'LANG zh-CN\r\n',
			'UIDL 1\r\n',
		],
		['STLS\r\n', '\x16\x03\x01\x00\x05hello', 'CAPA\r\n'],
	],
}

const HELLO = 'EHLO client.example.org\r\n'
const PLAIN = `AUTH PLAIN ${btoa('\0alice@example.com\0secret')}\r\n`
const LETTER = 'Subject: x\r\n\r\n.. dots\r\n.\r\n'
const MAIL = [
	'MAIL FROM:<alice@example.com> SIZE=100 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=a+2Bb\r\n',
	'RCPT TO:<bob@example.com> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;bob@example.com\r\n',
]

const scripts = [
	[HELLO, ...MAIL, 'DATA\r\n', LETTER, 'RSET\r\n', 'NOOP x\r\n', 'QUIT\r\n'],
	[
		HELLO,
		...MAIL,
		'RCPT TO:<nobody@example.com>\r\n',
		'BDAT 12\r\nSubject: x\r\n',
		'BDAT 6 LAST\r\n\r\ntext',
		'MAIL FROM:<>\r\n',
	],
	[
		'HELO x\r\n',
		'VRFY bob\r\n',
		'EXPN list\r\n',
		'HELP\r\n',
		'MAIL FROM:<"a b"@[192.0.2.1]>\r\n',
		'RCPT TO:<@a,@b:bob@example.com>\r\n',
		'DATA\r\n',
		LETTER,
	],
	[
		HELLO,
		PLAIN,
		'MAIL FROM:<alice@example.com> HOLDFOR=60 MT-PRIORITY=3 BY=3600;R REQUIRETLS\r\n',
		MAIL[1]!,
		'DATA\r\n',
		LETTER,
	],
	[
		HELLO,
		'AUTH LOGIN\r\n',
		`${btoa('alice@example.com')}\r\n`,
		`${btoa('secret')}\r\n`,
		...MAIL,
		'BDAT 0 LAST\r\n',
	],
	[HELLO, 'STARTTLS\r\n', '\x16\x03\x01\x00\x05hello', HELLO],
	[
		'EHLO [IPv6:2001:db8::1]\r\n',
		'XPANPIPE x\r\n',
		'AUTH EXTERNAL =\r\n',
		'LHLO x\r\n',
		'BDAT 99999999999\r\n',
		'ETRN x\r\n',
	],
]

function smtpStates(hello: string, signIn = ''): State[] {
	const from = `${hello}${signIn}MAIL FROM:<alice@example.com>\r\n`
	const to = `${from}RCPT TO:<bob@example.com>\r\n`
	return [
		{ name: 'greeted', before: '', heard: /^220/ },
		{ name: 'after hello', before: hello, heard: /\n250 / },
		{ name: 'after MAIL', before: from, heard: /\n250 2\.1\.0/ },
		{ name: 'after RCPT', before: to, heard: /\n250 2\.1\.5/ },
		{ name: 'in DATA', before: `${to}DATA\r\nSubject: x\r\n`, heard: /\n354 / },
		{ name: 'in BDAT', before: `${to}BDAT 100\r\nSubject: x\r\n`, heard: /\n250 2\.1\.5/ },
		{ name: 'between chunks', before: `${to}BDAT 4\r\nabcd`, heard: /\n250 2\.1\.5[\s\S]*\n250 / },
	]
}

const smtp: Language = {
	states: [
		...smtpStates(HELLO),
		{ name: 'during STARTTLS', before: `${HELLO}STARTTLS\r\n`, heard: /\n220 / },
	],
	scripts,
}

const submission: Language = {
	states: [
		...smtpStates(HELLO, PLAIN),
		{ name: 'in AUTH', before: `${HELLO}AUTH PLAIN\r\n`, heard: /\n334/ },
		{ name: 'in AUTH LOGIN', before: `${HELLO}AUTH LOGIN\r\n`, heard: /\n334/ },
		{ name: 'during STARTTLS', before: `${HELLO}STARTTLS\r\n`, heard: /\n220 / },
	],
	scripts,
}

const lmtp: Language = {
	states: smtpStates('LHLO node.example.com\r\n'),
	scripts: scripts.map(script => script.map(step => step.replace(/^EHLO/, 'LHLO'))),
}

export const languages = { imap, pop3, smtp, submission, lmtp }
