import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ImapFlow } from 'imapflow'
import { createTransport } from 'nodemailer'
import { Browser, buildPages, endBrowsers, type Look } from './support/browser.ts'
import { endAll, joinTo, PORTS, TestNode, until } from './support/nodes.ts'

const bj = new TestNode('127.0.32.21')
const hk = new TestNode('127.0.32.22')

before(async () => {
	await Promise.all([buildPages(), bj.start(), hk.start()])
	await bj.say('setup', { domain: 'test.com', admin: 'admin@test.com', password: 'secret' })
	await bj.addAccount('zhangwei@test.com')
	await joinTo(bj, hk, 'HK')
	await hk.addAccount('bob@test.com')
	await hk.addAccount('carol@test.com')
	await bj.say('account edit', { address: 'bob@test.com', name: 'Bob Miller' })
	await until('everybody is known', 5000, async () => (await bj.json('forwards')).length === 2)
})
after(async () => {
	await endBrowsers()
	await endAll()
})

async function signIn(node: TestNode, login: string, look: Look = {}): Promise<Browser> {
	const browser = await Browser.open(look)
	await browser.go(node.ip, '/mail/')
	await browser.part('login').fill(login)
	await browser.part('password').fill('secret')
	await browser.part('sign-in').click()
	await browser.part('list').waitFor()
	return browser
}

async function imap(node: TestNode, user: string): Promise<ImapFlow> {
	const client = new ImapFlow({
		host: node.ip,
		port: PORTS.imaps,
		secure: true,
		tls: { rejectUnauthorized: false },
		auth: { user, pass: 'secret' },
		logger: false,
	})
	await client.connect()
	return client
}

async function deliver(
	node: TestNode,
	to: string,
	letters: { subject: string; text?: string; html?: string }[],
) {
	const mailer = createTransport({ host: node.ip, port: PORTS.smtp, ignoreTLS: true, pool: true })
	for (const letter of letters) {
		await mailer.sendMail({
			from: '"李娜" <lina@example.org>',
			to,
			text: `正文：${letter.subject}`,
			...letter,
		})
	}
	mailer.close()
}

const subjects = (browser: Browser) => browser.part('line').locator('.subject').allTextContents()

test('what IMAP does appears in the open page, and what the page does in IMAP', async () => {
	await deliver(bj, 'zhangwei@test.com', [{ subject: 'one' }, { subject: 'two' }, { subject: 'three' }])
	const browser = await signIn(bj, 'zhangwei@test.com', { locale: 'en' })
	const client = await imap(hk, 'zhangwei@test.com') // at the other node: the connection walks
	await client.mailboxOpen('INBOX')
	try {
		await until('three lines', 5000, async () => (await subjects(browser)).length === 3)
		await client.append('INBOX', 'From: a@example.org\r\nSubject: by IMAP\r\n\r\nx\r\n')
		await until('the fourth', 5000, async () => (await subjects(browser))[0]?.includes('by IMAP') ?? false)

		await browser.part('line').filter({ hasText: 'two' }).click()
		await browser.part('letter').waitFor()
		await until('it is read, for IMAP too', 5000, async () =>
			((await client.fetchOne('2', { flags: true })) as { flags: Set<string> }).flags.has('\\Seen'),
		)
		await browser.page.keyboard.press('s')
		await until('it bears a star', 5000, async () =>
			((await client.fetchOne('2', { flags: true })) as { flags: Set<string> }).flags.has('\\Flagged'),
		)
		await client.messageFlagsAdd('1', ['\\Flagged'])
		await until(
			'a star set by IMAP shines',
			5000,
			async () => (await browser.part('line').filter({ hasText: 'one' }).locator('.starred').count()) === 1,
		)

		await browser.part('remove').click()
		await until(
			'it is in the trash',
			5000,
			async () => ((await client.status('Trash', { messages: true })) as { messages: number }).messages === 1,
		)
		await browser.part('undo').click()
		await until('it is back', 5000, async () =>
			(await subjects(browser)).some(subject => subject.includes('two')),
		)
		assert.equal(((await client.status('Trash', { messages: true })) as { messages: number }).messages, 0)

		await client.messageDelete('1:*', { uid: true })
		await until('the list is empty', 5000, async () => (await subjects(browser)).length === 0)
	} finally {
		await client.logout()
	}
	await browser.close()
})

test('two windows of one person agree', async () => {
	await deliver(bj, 'zhangwei@test.com', [{ subject: 'first' }, { subject: 'second' }])
	const [one, other] = await Promise.all([
		signIn(bj, 'zhangwei@test.com', { locale: 'en' }),
		signIn(hk, 'zhangwei@test.com', { locale: 'en' }), // at the other node
	])
	await until('both see both', 8000, async () =>
		(await Promise.all([one, other].map(subjects))).every(found => found.length === 2),
	)
	await one.part('new-folder').click()
	await one.part('folder-name').fill('项目 A')
	await one.part('folder-save').click()
	await other.part('folder-项目 A').waitFor()
	await one.part('line').first().click()
	await one.part('letter').waitFor()
	await one.part('move').click()
	await one.part('to-项目 A').click()
	await until('it has left the list of the other', 5000, async () => (await subjects(other)).length === 1)
	await other.part('folder-项目 A').click()
	await until(
		'and is in the folder',
		5000,
		async () => (await subjects(other))[0]?.includes('second') ?? false,
	)
	await Promise.all([one.close(), other.close()])
})
