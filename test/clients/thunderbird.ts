import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createTransport } from 'nodemailer'
import { noise, small } from '../support/letters.ts'
import { Marionette } from '../support/marionette.ts'
import { PORTS, until } from '../support/nodes.ts'
import { quiet } from '../support/program.ts'
import { type Place, type Town, tls } from './town.ts'

const DOOR = 2900

/** alice's account as its own assistant would have written it. 2 = STARTTLS, 3 = implicit TLS; 3 = password. */
function settings({ node, tls }: Place): string {
	const how = tls === 'implicit' ? 3 : 2
	const preferences = {
		'marionette.port': DOOR,
		'app.update.enabled': false,
		'datareporting.policy.dataSubmissionEnabled': false,
		'mail.accountmanager.accounts': 'account1',
		'mail.accountmanager.defaultaccount': 'account1',
		'mail.account.account1.server': 'server1',
		'mail.account.account1.identities': 'id1',
		'mail.server.server1.type': 'imap',
		'mail.server.server1.hostname': node.ip,
		'mail.server.server1.port': tls === 'implicit' ? PORTS.imaps : PORTS.imap,
		'mail.server.server1.socketType': how,
		'mail.server.server1.authMethod': 3,
		'mail.server.server1.userName': 'alice@test.com',
		'mail.server.server1.name': 'alice',
		'mail.server.server1.login_at_startup': false,
		'mail.identity.id1.useremail': 'alice@test.com',
		'mail.identity.id1.fullName': '爱丽丝',
		'mail.identity.id1.smtpServer': 'smtp1',
		'mail.identity.id1.fcc': true,
		'mail.smtpservers': 'smtp1',
		'mail.smtp.defaultserver': 'smtp1',
		'mail.smtpserver.smtp1.hostname': node.ip,
		'mail.smtpserver.smtp1.port': tls === 'implicit' ? PORTS.submissions : PORTS.submission,
		'mail.smtpserver.smtp1.try_ssl': how,
		'mail.smtpserver.smtp1.authMethod': 3,
		'mail.smtpserver.smtp1.username': 'alice@test.com',
	}
	return Object.entries(preferences)
		.map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`)
		.join('')
}

/** What each script begins with: how to wait, and how to be told that something is done. */
const TOOLS = `
	const { setTimeout } = ChromeUtils.importESModule('resource://gre/modules/Timer.sys.mjs')
	const { MailServices } = ChromeUtils.importESModule('resource:///modules/MailServices.sys.mjs')
	const soon = async (what, condition) => {
		const end = Date.now() + 60000
		for (;;) {
			const value = await condition()
			if (value) return value
			if (Date.now() > end) throw new Error('not within a minute: ' + what)
			await new Promise(resolve => setTimeout(resolve, 50))
		}
	}
	const done = run => new Promise((resolve, reject) => {
		const end = status => (status === 0 ? resolve() : reject(new Error('status ' + status.toString(16))))
		run({
			QueryInterface: ChromeUtils.generateQI(['nsIUrlListener', 'nsIMsgCopyServiceListener', 'nsIMsgSendListener']),
			OnStartRunningUrl() {},
			OnStopRunningUrl: (_, status) => end(status),
			onStartCopy() {},
			onProgress() {},
			setMessageKey() {},
			getMessageId: () => null,
			onStopCopy: end,
			onStartSending() {},
			onSendProgress() {},
			onStatus() {},
			onStopSending: (_id, status) => end(status),
			onTransportSecurityError() {},
			onGetDraftFolderURI() {},
			onSendNotPerformed() {},
		})
	})
	const account = MailServices.accounts.accounts[0]
	const root = account.incomingServer.rootFolder
	const folder = name => root.subFolders.find(one => one.name === name)
	const update = one => done(told => one.QueryInterface(Ci.nsIMsgImapMailFolder).updateFolderWithListener(null, told))
	const subjects = one => [...one.messages].map(header => header.mime2DecodedSubject)
`

/** Trusts the certificate as a person would who was shown it; has the password as if it had been typed. */
const SIGN_IN = `
	const [{ certificate, host, ports, user, password }] = args
	const certificates = Cc['@mozilla.org/security/x509certdb;1'].getService(Ci.nsIX509CertDB)
	const shown = certificates.constructX509FromBase64(certificate)
	const trusted = Cc['@mozilla.org/security/certoverride;1'].getService(Ci.nsICertOverrideService)
	for (const port of ports) trusted.rememberValidityOverride(host, port, {}, shown, true)
	for (const origin of ['imap://' + host, 'smtp://' + host]) {
		const login = Cc['@mozilla.org/login-manager/loginInfo;1'].createInstance(Ci.nsILoginInfo)
		login.init(origin, null, origin, user, password, '', '')
		await Services.logins.addLoginAsync(login)
	}
	await update(await soon('INBOX', () => folder('INBOX')))
	await soon('the folder', () => folder(args[1]))
`

const READ = `
	const box = folder(args[0])
	await update(box)
	const read = []
	for (const header of box.messages) {
		const uri = box.getUriForMsg(header)
		const octets = await new Promise((resolve, reject) => {
			const pieces = []
			const listener = {
				QueryInterface: ChromeUtils.generateQI(['nsIStreamListener']),
				onStartRequest() {},
				onStopRequest: (_, status) => (status === 0 ? resolve(pieces.join('')) : reject(new Error('status ' + status))),
				onDataAvailable(_request, stream, _offset, count) {
					const binary = Cc['@mozilla.org/binaryinputstream;1'].createInstance(Ci.nsIBinaryInputStream)
					binary.setInputStream(stream)
					pieces.push(binary.readBytes(count))
				},
			}
			MailServices.messageServiceFromURI(uri).streamMessage(uri, listener, null, null, false, '')
		})
		read.push({ uid: header.messageKey, subject: header.mime2DecodedSubject, octets })
	}
	return read
`

const CHANGE = `
	const box = folder(args[0])
	const [first, second, third, fourth] = [...box.messages]
	box.markMessagesRead([first], true)
	box.markMessagesFlagged([second], true)
	root.createSubfolder(args[1], null)
	const other = await soon('the new folder', () => folder(args[1]))
	await done(told => MailServices.copy.copyMessages(box, [third], other, true, told, null, false))
	await done(told => box.deleteMessages([fourth], null, false, true, told, false))
`

const SEND = `
	const fields = Cc['@mozilla.org/messengercompose/composefields;1'].createInstance(Ci.nsIMsgCompFields)
	fields.from = '爱丽丝 <alice@test.com>'
	fields.to = 'bob@test.com'
	fields.subject = args[0]
	fields.body = args[1]
	const file = Cc['@mozilla.org/messengercompose/attachment;1'].createInstance(Ci.nsIMsgAttachment)
	file.url = Services.io.newFileURI(await IOUtils.getFile(args[2])).spec
	file.name = args[3]
	fields.addAttachment(file)
	const parameters = Cc['@mozilla.org/messengercompose/composeparams;1'].createInstance(Ci.nsIMsgComposeParams)
	parameters.composeFields = fields
	parameters.format = Ci.nsIMsgCompFormat.PlainText
	const compose = Cc['@mozilla.org/messengercompose/compose;1'].createInstance(Ci.nsIMsgCompose)
	compose.initialize(parameters)
	await compose.sendMsg(Ci.nsIMsgCompDeliverMode.Now, account.defaultIdentity, account.key, null, null)
`

export function thunderbirdTests(town: Town): void {
	test('thunderbird reads, marks, moves and deletes, hears of new mail while it idles, and sends', {
		timeout: 600_000,
		skip: existsSync('/usr/bin/thunderbird') ? false : 'thunderbird is not installed',
	}, async t => {
		for (const place of town.places) {
			const box = `bird-${place.where}`
			const profile = join(town.folder, box)
			mkdirSync(profile)
			writeFileSync(join(profile, 'user.js'), settings(place))
			const pem = readFileSync(await town.certificate(place.node), 'utf8')
			const given = small(box)
			await town.alice.fill(
				box,
				given.map(({ bytes }) => bytes),
			)
			const child = spawn(
				'thunderbird',
				['--headless', '--marionette', '--remote-allow-system-access', '--no-remote', '--profile', profile],
				{ env: quiet(town.folder), stdio: 'ignore' },
			)
			const ended = once(child, 'exit')
			t.after(() => child.kill('SIGKILL'))
			const bird = await Marionette.at('127.0.0.1', DOOR)
			const say = <T>(body: string, ...args: unknown[]) => bird.script<T>(TOOLS + body, ...args)
			const access = {
				certificate: pem.replace(/-----[^-]+-----|\s/g, ''),
				host: place.node.ip,
				ports: [PORTS.imap, PORTS.imaps, PORTS.submission, PORTS.submissions],
				user: 'alice@test.com',
				password: 'secret',
			}
			await say(SIGN_IN, access, box)

			const read = await say<{ uid: number; subject: string; octets: string }[]>(READ, box)
			assert.deepEqual(
				read.map(({ uid }) => uid),
				given.map((_, index) => index + 1),
			)
			// It puts lines of its own before what it keeps.
			for (const [index, { octets }] of read.entries())
				assert.ok(
					Buffer.from(octets.replace(/^X-Mozilla-Status.*\n/gm, ''), 'latin1').equals(given[index]!.bytes),
					`message ${index + 1}`,
				)
			for (const subject of ['关于预算的报告', '国标 𠀀 通知', '未编码的主题'])
				assert.ok(read.some(one => one.subject === subject))

			const other = `归档 ${place.where}`
			await say(CHANGE, box, other)
			await until('all is as it was changed', 60_000, async () => {
				const flags = await town.alice.flags(box)
				const changed = flags.get(1)!.includes('\\Seen') && flags.get(2)!.includes('\\Flagged')
				return changed && !flags.has(3) && !flags.has(4)
			})
			assert.deepEqual(await town.alice.all(other), [given[2]!.bytes])

			// Nobody asks: it idles.
			const news = `news ${place.where}`
			const outside = createTransport({ host: place.node.ip, port: PORTS.smtp, tls })
			await outside.sendMail({ from: 'x@example.org', to: 'alice@test.com', subject: news, text: 'hello' })
			outside.close()
			await say(`await soon('the news', () => subjects(folder('INBOX')).includes(args[0]))`, news)

			const subject = `thunderbird ${place.where} 你好`
			const file = join(town.folder, `${box}.bin`)
			writeFileSync(file, noise(30_000))
			await say(SEND, subject, '第一行\n.a dot\n', file, '附件.bin')
			const message = (await town.bob.arrived('subject', subject)).toString()
			assert.match(message, /with ESMTPSA id/)
			assert.deepEqual(await town.bob.attachments(subject), [{ name: '附件.bin', content: noise(30_000) }])
			await say(
				`
				await soon('its copy', async () => {
					await update(folder('Sent'))
					return subjects(folder('Sent')).includes(args[0])
				})`,
				subject,
			)
			bird.close()
			child.kill('SIGKILL')
			await ended
		}
	})
}
