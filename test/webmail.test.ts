import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { buildPages, endBrowsers } from './support/browser.ts'
import { endAll, joinTo, TestNode, until } from './support/nodes.ts'
import { deliver, imapOf, signIn, subjects } from './support/webmail.ts'

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
	await until('everybody is known', 30_000, async () => (await bj.json('forwards')).length === 2)
})
after(async () => {
	await endBrowsers()
	await endAll()
})

test('what IMAP does appears in the open page, and what the page does in IMAP', async () => {
	await deliver(bj, 'zhangwei@test.com', [{ subject: 'one' }, { subject: 'two' }, { subject: 'three' }])
	const browser = await signIn(bj, 'zhangwei@test.com', { locale: 'en' })
	const client = await imapOf(hk, 'zhangwei@test.com') // at the other node: the connection walks
	await client.mailboxOpen('INBOX')
	try {
		await until('three lines', 30_000, async () => (await subjects(browser)).length === 3)
		await client.append('INBOX', 'From: a@example.org\r\nSubject: by IMAP\r\n\r\nx\r\n')
		await until('the fourth', 30_000, async () => (await subjects(browser))[0]?.includes('by IMAP') ?? false)

		await browser.part('line').filter({ hasText: 'two' }).click()
		await browser.part('letter').waitFor()
		await until('it is read, for IMAP too', 30_000, async () =>
			((await client.fetchOne('2', { flags: true })) as { flags: Set<string> }).flags.has('\\Seen'),
		)
		await browser.page.keyboard.press('s')
		await until('it bears a star', 30_000, async () =>
			((await client.fetchOne('2', { flags: true })) as { flags: Set<string> }).flags.has('\\Flagged'),
		)
		await client.messageFlagsAdd('1', ['\\Flagged'])
		await until(
			'a star set by IMAP shines',
			30_000,
			async () => (await browser.part('line').filter({ hasText: 'one' }).locator('.starred').count()) === 1,
		)

		await browser.part('remove').click()
		await until(
			'it is in the trash',
			30_000,
			async () => ((await client.status('Trash', { messages: true })) as { messages: number }).messages === 1,
		)
		await browser.part('undo').click()
		await until('it is back', 30_000, async () =>
			(await subjects(browser)).some(subject => subject.includes('two')),
		)
		assert.equal(((await client.status('Trash', { messages: true })) as { messages: number }).messages, 0)

		await client.messageDelete('1:*', { uid: true })
		await until('the list is empty', 30_000, async () => (await subjects(browser)).length === 0)
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
	await until('both see both', 30_000, async () =>
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
	await until('it has left the list of the other', 30_000, async () => (await subjects(other)).length === 1)
	await other.part('folder-项目 A').click()
	await until(
		'and is in the folder',
		30_000,
		async () => (await subjects(other))[0]?.includes('second') ?? false,
	)
	await Promise.all([one.close(), other.close()])
})

for (const { locale, from, at, to, there, subject } of [
	{ locale: 'zh-CN', from: 'zhangwei@test.com', at: bj, to: 'bob', there: hk, subject: '季度预算与会议安排' },
	{ locale: 'en', from: 'carol@test.com', at: hk, to: 'zhangwei', there: bj, subject: 'The plan for spring' },
]) {
	test(`written on one node, read on the other (${locale})`, async () => {
		const reader = await signIn(there, `${to}@test.com`, { locale })
		const writer = await signIn(at, from, { locale })
		await writer.part('write').click()
		await writer.part('to').pressSequentially(to.slice(0, 3))
		await writer.page
			.locator('[role=option]', { hasText: `${to}@test.com` })
			.first()
			.click()
		await writer.part('subject').fill(subject)
		await writer.part('body').click()
		await writer.page.keyboard.type('你好，这是第一行。 Hello!')
		await writer
			.part('files')
			.setInputFiles({ name: '预算.txt', mimeType: 'text/plain', buffer: Buffer.from('一共 100 元') })
		await until('the file is at the node', 30_000, async () =>
			/B/.test((await writer.part('attached').textContent()) ?? ''),
		)
		await writer.part('send').click()
		await writer.part('toast').waitFor()
		await writer.part('compose').waitFor({ state: 'detached' })
		await reader.part('line').filter({ hasText: subject }).waitFor({ timeout: 60_000 })
		await reader.part('line').filter({ hasText: subject }).click()
		await reader.part('letter').waitFor()
		assert.match((await reader.part('letter').textContent())!, /预算\.txt/)
		await reader.page.frameLocator('iframe').getByText('这是第一行。 Hello!').waitFor()
		await writer.part('folder-sent').click()
		await writer.part('line').filter({ hasText: subject }).waitFor()

		await reader.part('reply').first().click()
		await reader.part('body').waitFor()
		await reader.page.keyboard.type('ok')
		await reader.part('send').click()
		await reader.part('compose').waitFor({ state: 'detached' })
		await writer.part('folder-inbox').click()
		await writer
			.part('line')
			.filter({ hasText: `Re: ${subject}` })
			.waitFor({ timeout: 60_000 })
		await Promise.all([writer.close(), reader.close()])
	})
}

test('searching finds words, Chinese too, and understands operators of both languages', async () => {
	await deliver(bj, 'bob@test.com', [
		{ subject: '关于春季预算的讨论', text: '请大家周五之前回复' },
		{ subject: 'lunch', text: 'noodles on Friday' },
	])
	const browser = await signIn(hk, 'bob@test.com', { locale: 'zh-CN' })
	const search = async (words: string, found: RegExp, times: number) => {
		await browser.part('search').fill(words)
		await until(`${words} is found`, 30_000, async () => {
			const lines = await subjects(browser)
			return lines.length === times && lines.every(line => found.test(line))
		})
	}
	await browser.part('line').first().waitFor()
	await search('周五', /春季预算/, 1)
	assert.equal(await browser.page.locator('mark', { hasText: '周五' }).count(), 1)
	await search('noodles', /lunch/, 1)
	await search('主题:春季', /春季预算/, 1)
	await search('from:lina -noodles', /春季预算/, 1)
	await search('发件人:李娜 after:2020 subject:lunch', /lunch/, 1)
	await search('before:2020', /x/, 0)
	await browser.close()
})

test('every view is fit for every screen, in both themes, and for screen readers', async () => {
	for (const look of [{ locale: 'zh-CN' }, { locale: 'en', dark: true }]) {
		const browser = await signIn(hk, 'bob@test.com', look)
		const name = `mail-${look.locale}`
		await browser.part('line').first().waitFor()
		await browser.inspect(`${name}-list`)
		await browser.part('line').filter({ hasText: '季度预算' }).first().click()
		await browser.part('letter').first().waitFor()
		await browser.inspect(`${name}-reading`)
		await browser.part('reply').first().click()
		await browser.part('body').waitFor()
		await browser.inspect(`${name}-writing`)
		await browser.part('put-aside').click()
		await browser.part('settings').click()
		await browser.part('settings-page').waitFor()
		await browser.inspect(`${name}-settings`)
		await browser.close()
	}
})
