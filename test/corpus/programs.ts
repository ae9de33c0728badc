import { awkward, base64, between, HEAD, in8bit, lines, part, utf8, word } from './write.ts'

const PNG = 'iVBORw0KGgo='
const letter = (fields: string[], body: string) =>
	`${fields.map(field => `${field}\r\n`).join('')}\r\n${body}`
const TO = 'To: bob@example.com'
const DATE = 'Date: Mon, 23 Nov 2026 10:00:00 +0800'

export const programs = [
	awkward(
		'program: Outlook',
		'related within alternative within mixed, and a thread index',
		letter(
			[
				`From: ${word('gb2312', '张伟')} <zhangwei@example.com>`,
				TO,
				`Subject: ${word('gb2312', '答复: 预算')}`,
				DATE,
				'Thread-Index: AdqX1234567890==',
				'X-Mailer: Microsoft Outlook 16.0',
				'Content-Language: zh-cn',
				'MIME-Version: 1.0',
				'Content-Type: multipart/related;\r\n\tboundary="----=_NextPart_000_0000_01DC5C9E.0A1B2C30"',
			],
			between(
				'----=_NextPart_000_0000_01DC5C9E.0A1B2C30',
				part(
					['Content-Type: multipart/alternative;\r\n\tboundary="----=_NextPart_001_0001_01DC5C9E.0A1B2C30"'],
					between(
						'----=_NextPart_001_0001_01DC5C9E.0A1B2C30',
						part(
							['Content-Type: text/plain;\r\n\tcharset="gb2312"', 'Content-Transfer-Encoding: base64'],
							base64('gbk', '各位好'),
						),
						part(
							[
								'Content-Type: text/html;\r\n\tcharset="gb2312"',
								'Content-Transfer-Encoding: quoted-printable',
							],
							'<p>=B8=F7=CE=BB=BA=C3</p>',
						),
					),
				),
				part(
					[
						'Content-Type: image/png;\r\n\tname="image001.png"',
						'Content-Transfer-Encoding: base64',
						'Content-ID: <image001.png@01DC5C9E.0A1B2C30>',
					],
					PNG,
				),
			),
		),
	),
	awkward(
		'program: Outlook winmail.dat',
		'TNEF hides the attachments',
		letter(
			[
				'From: alice@example.com',
				TO,
				'Subject: rich text',
				DATE,
				'MIME-Version: 1.0',
				'Content-Type: multipart/mixed; boundary="----_=_NextPart_001"',
			],
			between(
				'----_=_NextPart_001',
				part(['Content-Type: text/plain;\r\n\tcharset="iso-8859-1"'], 'rich'),
				part(
					['Content-Type: application/ms-tnef;\r\n\tname="winmail.dat"', 'Content-Transfer-Encoding: base64'],
					'eJ8+IgAAAQaQCAAEAAAAAAAB',
				),
			),
		),
	),
	awkward(
		'program: Outlook Express, uuencoded',
		'an attachment in the text',
		letter(
			['From: alice@example.com', TO, 'Subject: file', DATE, 'X-Mailer: Microsoft Outlook Express 5.00'],
			'here it is\r\n\r\nbegin 666 a.txt\r\n&:&5L;&\\*\r\n`\r\nend\r\n',
		),
	),
	awkward(
		'program: Foxmail',
		'charset names in quotes, file name as an encoded word',
		letter(
			[
				DATE,
				`From: "${word('GB2312', '张伟')}" <zhangwei@example.com>`,
				TO,
				`Subject: ${word('GB2312', '合同')}`,
				'X-Priority: 3',
				'X-Has-Attach: yes',
				'X-Mailer: Foxmail 7.2.25.331[cn]',
				'Mime-Version: 1.0',
				'Content-Type: multipart/mixed;\r\n\tboundary="----=_001_NextPart123456789012_=----"',
			],
			between(
				'----=_001_NextPart123456789012_=----',
				part(
					['Content-Type: text/plain;\r\n\tcharset="GB2312"', 'Content-Transfer-Encoding: base64'],
					base64('gbk', '请查收'),
				),
				part(
					[
						`Content-Type: application/octet-stream;\r\n\tname="${word('GB2312', '合同.docx')}"`,
						'Content-Transfer-Encoding: base64',
						`Content-Disposition: attachment;\r\n\tfilename="${word('GB2312', '合同.docx')}"`,
					],
					'UEsDBA==',
				),
			),
		),
	),
	awkward(
		'program: QQ Mail',
		'text and type in one alternative, gb18030',
		letter(
			[
				`From: "${word('gb18030', '小明')}" <10000@qq.test>`,
				`To: "${word('gb18030', '小红')}" <bob@example.com>`,
				`Subject: ${word('gb18030', '周末聚会')}`,
				'Mime-Version: 1.0',
				'Content-Type: multipart/alternative;\r\n\tboundary="----=_NextPart_6743B2C1_12345678_0A1B2C3D"',
				'Content-Transfer-Encoding: 8Bit',
				DATE,
				'X-Priority: 3',
				'X-QQ-MIME: TCMime 1.0 by Tencent',
			],
			between(
				'----=_NextPart_6743B2C1_12345678_0A1B2C3D',
				part(
					['Content-Type: text/plain;\r\n\tcharset="gb18030"', 'Content-Transfer-Encoding: base64'],
					base64('gb18030', '周六见'),
				),
				part(
					['Content-Type: text/html;\r\n\tcharset="gb18030"', 'Content-Transfer-Encoding: base64'],
					base64('gb18030', '<div>周六见</div>'),
				),
			),
		),
	),
	awkward(
		'program: QQ Mail, no type',
		'a preview text before the first delimiter',
		letter(
			[
				'From: 10000@qq.test',
				TO,
				'Subject: x',
				DATE,
				'MIME-Version: 1.0',
				'Content-Type: multipart/mixed; boundary="x"',
			],
			`This is a multi-part message in MIME format.\r\n\r\n${between('x', part(['Content-Type: text/plain; charset="utf-8"', 'Content-Transfer-Encoding: base64'], base64('utf-8', '你好')))}`,
		),
	),
	awkward(
		'program: NetEase',
		'long boundaries, GBK, spaces in the encoded word',
		letter(
			[
				'Received: from a ( [192.0.2.1] ) by ajax-webmail (Coremail) ; Mon, 23 Nov 2026 10:00:00 +0800 (CST)',
				DATE,
				`From: ${word('GBK', '王芳')} <wf@163.test>`,
				TO,
				`Subject: ${word('GBK', '通知')}`,
				'X-CM-TRANSID: abc',
				'Content-Type: multipart/alternative; \r\n\tboundary="----=_Part_123456_1234567890.1732327200000"',
				'MIME-Version: 1.0',
			],
			between(
				'----=_Part_123456_1234567890.1732327200000',
				part(
					['Content-Type: text/plain; charset=GBK', 'Content-Transfer-Encoding: base64'],
					base64('gbk', '放假通知'),
				),
				part(
					['Content-Type: text/html; charset=GBK', 'Content-Transfer-Encoding: base64'],
					base64('gbk', '<div>放假通知</div>'),
				),
			),
		),
	),
	awkward(
		'program: Coremail',
		'a name in RFC 2231 and as an encoded word',
		letter(
			[
				DATE,
				`From: ${word('UTF-8', '李娜')} <ln@example.com>`,
				TO,
				`Subject: ${word('UTF-8', '报表')}`,
				'X-Mailer: Coremail Webmail Server Version XT5.0',
				'Content-Type: multipart/mixed; \r\n\tboundary="----=_Part_1_2.3"',
				'MIME-Version: 1.0',
			],
			between(
				'----=_Part_1_2.3',
				part(['Content-Type: text/plain; charset=UTF-8'], utf8('见附件')),
				part(
					[
						`Content-Type: application/vnd.ms-excel; name="${word('UTF-8', '报表.xls')}"`,
						'Content-Transfer-Encoding: base64',
						"Content-Disposition: attachment; filename*=UTF-8''%E6%8A%A5%E8%A1%A8.xls",
					],
					'0M8R4A==',
				),
			),
		),
	),
	awkward(
		'program: Lotus Notes',
		'names of X.500 and a date with its zone in words',
		letter(
			[
				'From: Alice Example/HQ/Example <alice@example.com>',
				TO,
				'Subject: memo',
				'Date: Mon, 23 Nov 2026 10:00:00 +0800',
				'X-Mailer: Lotus Notes Release 8.5.3',
				'X-MIMETrack: Serialize by Router on HQ/Example',
				'MIME-Version: 1.0',
				'Content-type: multipart/alternative; \r\n\tBoundary="0__=C7BBF0"',
				'Content-Disposition: inline',
			],
			between(
				'0__=C7BBF0',
				part(['Content-type: text/plain; charset=US-ASCII'], 'memo'),
				part(
					['Content-type: text/html; charset=US-ASCII', 'Content-Disposition: inline'],
					'<html>memo</html>',
				),
			),
		),
	),
	awkward(
		'program: Gmail',
		'quoted-printable with format=flowed, and a thread',
		letter(
			[
				'MIME-Version: 1.0',
				'References: <1@example.com>',
				'In-Reply-To: <1@example.com>',
				'From: Alice <alice@example.com>',
				DATE,
				'Message-ID: <CAF=abc+def@mail.example.com>',
				'Subject: Re: plan',
				TO,
				'Content-Type: multipart/alternative; boundary="000000000000abc"',
			],
			between(
				'000000000000abc',
				part(
					[
						'Content-Type: text/plain; charset="UTF-8"; format=flowed; delsp=yes',
						'Content-Transfer-Encoding: quoted-printable',
					],
					'fine=20\r\nwith me',
				),
				part(
					['Content-Type: text/html; charset="UTF-8"', 'Content-Transfer-Encoding: quoted-printable'],
					'<div dir=3D"ltr">fine with me</div>',
				),
			),
		),
	),
	awkward(
		'program: Apple Mail',
		'alternative that holds mixed',
		letter(
			[
				'From: Alice <alice@example.com>',
				'Content-Type: multipart/alternative; boundary="Apple-Mail=_1"',
				'Mime-Version: 1.0 (Mac OS X Mail 16.0)',
				'Subject: photo',
				DATE,
				TO,
			],
			between(
				'Apple-Mail=_1',
				part(['Content-Transfer-Encoding: 7bit', 'Content-Type: text/plain;\r\n\tcharset=us-ascii'], 'photo'),
				part(
					['Content-Type: multipart/mixed;\r\n\tboundary="Apple-Mail=_2"'],
					between(
						'Apple-Mail=_2',
						part(['Content-Type: text/html; charset=us-ascii'], '<html>photo</html>'),
						part(
							[
								'Content-Disposition: inline;\r\n\tfilename=photo.jpg',
								'Content-Type: image/jpeg;\r\n\tx-unix-mode=0644;\r\n\tname="photo.jpg"',
								'Content-Transfer-Encoding: base64',
							],
							'/9j/4A==',
						),
					),
				),
			),
		),
	),
	awkward(
		'program: calendar',
		'an invitation as an alternative',
		letter(
			[
				'From: alice@example.com',
				TO,
				`Subject: ${word('utf-8', '邀请: 例会')}`,
				DATE,
				'MIME-Version: 1.0',
				'Content-Type: multipart/alternative; boundary=cal',
			],
			between(
				'cal',
				part(['Content-Type: text/plain; charset=utf-8'], utf8('例会')),
				part(
					[
						'Content-Type: text/calendar; charset=utf-8; method=REQUEST; name="invite.ics"',
						'Content-Transfer-Encoding: 8bit',
					],
					utf8('BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nSUMMARY:例会\r\nEND:VCALENDAR'),
				),
			),
		),
	),
	awkward(
		'program: delivery report',
		'RFC 3464 with the message',
		letter(
			[
				'From: Mail Delivery System <MAILER-DAEMON@example.com>',
				'To: alice@example.com',
				'Subject: Undelivered Mail Returned to Sender',
				DATE,
				'Auto-Submitted: auto-replied',
				'MIME-Version: 1.0',
				'Content-Type: multipart/report; report-type=delivery-status; boundary="dsn"',
			],
			between(
				'dsn',
				part(['Content-Description: Notification', 'Content-Type: text/plain'], 'could not be delivered'),
				part(
					['Content-Description: Delivery report', 'Content-Type: message/delivery-status'],
					lines(
						'Reporting-MTA: dns; mail.example.com',
						'',
						'Final-Recipient: rfc822; x@example.org',
						'Action: failed',
						'Status: 5.1.1',
					),
				),
				part(
					['Content-Description: Undelivered Message', 'Content-Type: message/rfc822'],
					`${HEAD}\r\noriginal`,
				),
			),
		),
	),
	awkward(
		'program: delivery report, header only',
		'text/rfc822-headers',
		letter(
			[
				'From: <>',
				'To: alice@example.com',
				'Subject: failure',
				DATE,
				'MIME-Version: 1.0',
				'Content-Type: multipart/report; report-type=delivery-status; boundary="dsn"',
			],
			between(
				'dsn',
				part([], 'failed'),
				part(['Content-Type: message/delivery-status'], 'Reporting-MTA: dns; a'),
				part(['Content-Type: text/rfc822-headers'], HEAD),
			),
		),
	),
	awkward(
		'program: read receipt',
		'message/disposition-notification',
		letter(
			[
				'From: bob@example.com',
				'To: alice@example.com',
				'Subject: Read: x',
				DATE,
				'MIME-Version: 1.0',
				'Content-Type: multipart/report; report-type=disposition-notification; boundary=mdn',
			],
			between(
				'mdn',
				part(['Content-Type: text/plain'], 'was read'),
				part(
					['Content-Type: message/disposition-notification'],
					'Final-Recipient: rfc822; bob@example.com\r\nDisposition: manual-action/MDN-sent-manually; displayed',
				),
			),
		),
	),
	awkward(
		'program: abuse report',
		'message/feedback-report',
		letter(
			[
				'From: fbl@example.org',
				'To: abuse@example.com',
				'Subject: FW: x',
				DATE,
				'MIME-Version: 1.0',
				'Content-Type: multipart/report; report-type=feedback-report; boundary=arf',
			],
			between(
				'arf',
				part(['Content-Type: text/plain'], 'abuse'),
				part(['Content-Type: message/feedback-report'], 'Feedback-Type: abuse\r\nVersion: 1'),
				part(['Content-Type: message/rfc822'], `${HEAD}\r\nspam`),
			),
		),
	),
	awkward(
		'program: qmail bounce',
		'no MIME at all',
		letter(
			[
				'Date: 23 Nov 2026 02:00:00 -0000',
				'From: MAILER-DAEMON@example.com',
				'To: alice@example.com',
				'Subject: failure notice',
			],
			'Hi. This is the qmail-send program at example.com.\r\n\r\n<x@example.org>:\r\nno such user\r\n\r\n--- Below this line is a copy of the message.\r\n\r\nSubject: x\r\n\r\ntext\r\n',
		),
	),
	awkward(
		'program: S/MIME signed',
		'multipart/signed',
		letter(
			[
				'From: alice@example.com',
				TO,
				'Subject: signed',
				DATE,
				'MIME-Version: 1.0',
				'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary=sig',
			],
			between(
				'sig',
				part(['Content-Type: text/plain'], 'signed text'),
				part(
					[
						'Content-Type: application/pkcs7-signature; name="smime.p7s"',
						'Content-Transfer-Encoding: base64',
						'Content-Disposition: attachment; filename="smime.p7s"',
					],
					'MIIB',
				),
			),
		),
	),
	awkward(
		'program: S/MIME opaque',
		'one part of pkcs7',
		letter(
			[
				'From: alice@example.com',
				TO,
				'Subject: sealed',
				DATE,
				'MIME-Version: 1.0',
				'Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"',
				'Content-Transfer-Encoding: base64',
				'Content-Disposition: attachment; filename="smime.p7m"',
			],
			'MIIBAAAA\r\n',
		),
	),
	awkward(
		'program: PGP encrypted',
		'multipart/encrypted',
		letter(
			[
				'From: alice@example.com',
				TO,
				'Subject: ...',
				DATE,
				'MIME-Version: 1.0',
				'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=pgp',
			],
			between(
				'pgp',
				part(['Content-Type: application/pgp-encrypted'], 'Version: 1'),
				part(
					['Content-Type: application/octet-stream; name="encrypted.asc"'],
					'-----BEGIN PGP MESSAGE-----\r\n\r\nxx\r\n-----END PGP MESSAGE-----',
				),
			),
		),
	),
	awkward(
		'program: PGP in the text',
		'dashes that begin no part',
		letter(
			['From: alice@example.com', TO, 'Subject: pgp', DATE],
			'-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256\r\n\r\n- -- text\r\n-----BEGIN PGP SIGNATURE-----\r\nxx\r\n-----END PGP SIGNATURE-----\r\n',
		),
	),
	awkward(
		'program: mailing list',
		'a footer that list software added as a part',
		letter(
			[
				'From: alice@example.com',
				'To: list@example.com',
				'Subject: [list] x',
				DATE,
				'List-Id: <list.example.com>',
				'MIME-Version: 1.0',
				'Content-Type: multipart/mixed; boundary="===============1=="',
			],
			between(
				'===============1==',
				part(
					['Content-Type: text/plain; charset="utf-8"', 'Content-Transfer-Encoding: base64'],
					base64('utf-8', '大家好'),
				),
				part(
					[
						'MIME-Version: 1.0',
						'Content-Type: text/plain; charset="us-ascii"',
						'Content-Disposition: inline',
					],
					'_______\r\nlist mailing list',
				),
			),
		),
	),
	awkward(
		'program: mail merge',
		'placeholders that were not filled',
		letter(
			[
				'From: {{name}} <alice@example.com>',
				'To: <%= email %>',
				'Subject: Dear [first]',
				'Date: {date}',
				'MIME-Version: 1.0',
				'Content-Type: text/html; charset={{charset}}',
			],
			'<p>Dear {{name}}</p>\r\n',
		),
	),
	awkward(
		'program: PHP mail()',
		'LF in the fields it was given, CRLF in the others',
		letter(
			[TO, 'Subject: form', 'From: web@example.com\nReply-To: visitor@example.org\nX-Mailer: PHP', DATE],
			'Name: x\nText: y\n',
		),
	),
	awkward(
		'program: PHP mail() in 8 bits',
		'everything raw, no charset',
		letter(
			[TO, `Subject: ${in8bit('gbk', '网站留言')}`, `From: ${in8bit('gbk', '访客')} <web@example.com>`, DATE],
			`${in8bit('gbk', '您好,我想咨询。')}\r\n`,
		),
	),
	...(
		[
			['Big5', 'big5', '關於明年預算的通知'],
			['Shift_JIS', 'shift_jis', '予算のお知らせ'],
			['KOI8-R', 'koi8-r', 'Привет, мир'],
			['latin1', 'iso-8859-1', 'Grüße aus Köln'],
		] as const
	).map(([name, charset, text]) =>
		awkward(
			`program: raw ${name}, told below`,
			'fields in 8 bits, in the charset that Content-Type names for the text',
			letter(
				[
					TO,
					`From: ${in8bit(charset, text)} <x@example.com>`,
					`Subject: ${in8bit(charset, text)}`,
					DATE,
					`Content-Type: text/plain; charset=${charset}`,
					'Content-Transfer-Encoding: 8bit',
				],
				`${in8bit(charset, text)}\r\n`,
			),
		),
	),
	awkward(
		'program: cron',
		'environment in header fields',
		letter(
			[
				'From: root@host.example.com (Cron Daemon)',
				'To: root@host.example.com',
				'Subject: Cron <root@host> run-parts',
				'X-Cron-Env: <SHELL=/bin/sh>',
				DATE,
			],
			'output\r\n',
		),
	),
	awkward(
		'program: scanner',
		'a printer that knows no time',
		letter(
			[
				'From: "Scanner" <scan@printer>',
				TO,
				'Subject: Scan',
				'Date: Thu, 01 Jan 1970 00:00:00 +0000',
				'MIME-Version: 1.0',
				'Content-Type: multipart/mixed; boundary="--scan--"',
			],
			between(
				'--scan--',
				part(
					[
						'Content-Type: application/pdf; name=SCAN0001.PDF',
						'Content-Transfer-Encoding: base64',
						'Content-Disposition: attachment; filename=SCAN0001.PDF',
					],
					'JVBERi0=',
				),
			),
		),
	),
	awkward(
		'program: fax gateway',
		'a picture and no text',
		letter(
			[
				'From: "+86 10 1234 5678" <fax@example.com>',
				TO,
				'Subject: Fax',
				DATE,
				'MIME-Version: 1.0',
				'Content-Type: image/tiff; name="fax.tif"',
				'Content-Transfer-Encoding: base64',
				'Content-Disposition: inline; filename="fax.tif"',
			],
			'SUkqAA==\r\n',
		),
	),
	awkward(
		'program: mobile carrier',
		'addresses that no RFC allows, ISO-2022-JP',
		letter(
			[
				'From: .a..b.@mobile.example.jp',
				TO,
				'Subject: =?ISO-2022-JP?B?GyRCJDMkcyRLJEEkTxsoQg==?=',
				DATE,
				'MIME-Version: 1.0',
				'Content-Type: text/plain; charset=iso-2022-jp',
			],
			'\x1b$B$3$s$K$A$O\x1b(B\r\n',
		),
	),
	awkward(
		'program: newsletter',
		'hundreds of invisible characters behind the first line',
		letter(
			[
				'From: "Shop" <news@example.org>',
				TO,
				'Subject: Sale',
				DATE,
				'List-Unsubscribe: <mailto:u@example.org>',
				'MIME-Version: 1.0',
				'Content-Type: text/html; charset=utf-8',
			],
			utf8(`<div style="display:none">Only today&#847;${'\u200c&nbsp;'.repeat(200)}</div><p>Sale!</p>\r\n`),
		),
	),
	awkward(
		'program: voice mail',
		'audio',
		letter(
			[
				'From: vm@example.com',
				TO,
				'Subject: voice',
				DATE,
				'MIME-Version: 1.0 (Voice 2.0)',
				'Content-Type: multipart/voice-message; boundary=v',
			],
			between(
				'v',
				part(
					[
						'Content-Type: audio/32KADPCM',
						'Content-Transfer-Encoding: base64',
						'Content-Disposition: inline; voice=Voice-Message',
						'Content-Duration: 5',
					],
					'AAAA',
				),
			),
		),
	),
	awkward(
		'program: vCard',
		'a card with a charset in quotes',
		letter(
			[
				'From: alice@example.com',
				TO,
				'Subject: card',
				DATE,
				'MIME-Version: 1.0',
				'Content-Type: text/x-vcard; charset="utf-8"; name="alice.vcf"',
				'Content-Disposition: attachment; filename="alice.vcf"',
				'Content-Transfer-Encoding: 8bit',
			],
			utf8('BEGIN:VCARD\r\nFN:爱丽丝\r\nEND:VCARD\r\n'),
		),
	),
	awkward(
		'program: AppleDouble',
		'a file in two forks',
		letter(
			[
				'From: alice@example.com',
				TO,
				'Subject: mac',
				DATE,
				'MIME-Version: 1.0',
				'Content-Type: multipart/appledouble; boundary=d',
			],
			between(
				'd',
				part(
					['Content-Type: application/applefile; name="a.doc"', 'Content-Transfer-Encoding: base64'],
					'AAUWBw==',
				),
				part(
					['Content-Type: application/msword; name="a.doc"', 'Content-Transfer-Encoding: base64'],
					'0M8R4A==',
				),
			),
		),
	),
	awkward(
		'program: Bcc to self',
		'no To at all',
		letter(
			['From: alice@example.com', 'Bcc: bob@example.com, carol@example.com', 'Subject: quiet', DATE],
			'sh\r\n',
		),
	),
	awkward(
		'program: Resent',
		'redirected: the first author counts',
		letter(
			[
				'Resent-From: carol@example.com',
				'Resent-To: dave@example.com',
				'Resent-Date: Tue, 24 Nov 2026 10:00:00 +0800',
				'From: alice@example.com',
				TO,
				'Subject: redirected',
				DATE,
			],
			'text\r\n',
		),
	),
	awkward(
		'program: spam with forged parts',
		'a type that lies about an executable',
		letter(
			[
				'From: "Bank" <x@example.org>',
				TO,
				'Subject: invoice',
				DATE,
				'MIME-Version: 1.0',
				'Content-Type: multipart/mixed; boundary=s',
			],
			between(
				's',
				part(
					[
						'Content-Type: text/plain; name="invoice.txt .exe"',
						'Content-Disposition: attachment; filename="invoice.txt                                        .exe"',
						'Content-Transfer-Encoding: base64',
					],
					'TVqQAA==',
				),
			),
		),
	),
	awkward(
		'program: right to left',
		'a file name that reads backwards',
		letter(
			[
				'From: x@example.org',
				TO,
				'Subject: rtl',
				DATE,
				'MIME-Version: 1.0',
				'Content-Type: application/octet-stream',
				"Content-Disposition: attachment; filename*=utf-8''photo%E2%80%AEgpj.exe",
			],
			'MZ\r\n',
		),
	),
	awkward(
		'program: SMTPUTF8',
		'everything in UTF-8 (RFC 6532)',
		utf8(
			letter(
				[
					'From: 张伟 <张伟@例子.测试>',
					'To: "李娜" <李娜@例子.测试>',
					'Subject: 全部是汉字',
					DATE,
					'Message-ID: <一@例子.测试>',
					'MIME-Version: 1.0',
					'Content-Type: text/plain; charset=utf-8; name="文件.txt"',
					'Content-Transfer-Encoding: 8bit',
				],
				'正文\r\n',
			),
		),
	),
]
