import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { type Browser, buildPages, endBrowsers } from './support/browser.ts'
import { JmapClient } from './support/jmap.ts'
import { endAll, joinTo, TestNode, until } from './support/nodes.ts'
import { Visitor } from './support/web.ts'
import { addressed, signIn } from './support/webmail.ts'

/* The address books, in the browser: the company's from both nodes, and one's own. */

const bj = new TestNode('127.0.44.1')
const hk = new TestNode('127.0.44.2')

before(async () => {
	await Promise.all([buildPages(), bj.start(), hk.start()])
	await bj.say('setup', { domain: 'test.com', admin: 'admin@test.com', password: 'secret' })
	await bj.addAccount('zhangwei@test.com')
	await joinTo(bj, hk, 'HK')
	for (const name of ['bob', 'carol']) await hk.addAccount(`${name}@test.com`)
	const company = await bj.say('unit add', { name: 'Company' })
	await bj.say('unit add', { name: '销售部', parent: company.id })
	await until('everybody is known', 20_000, async () => (await bj.json('account', 'list')).length === 4)
	await bj.say('account edit', { address: 'bob@test.com', name: 'Bob Miller' })
	await bj.say('account move-unit', { address: 'bob@test.com', unit: 'Company/销售部' })
	await bj.say('account edit', { address: 'zhangwei@test.com', name: '张伟' })
	await bj.say('account move-unit', { address: 'zhangwei@test.com', unit: 'Company' })
	await bj.say('group add', { address: 'sales@test.com', name: 'Sales team', members: ['bob@test.com'] })
	await until('the other node knows the group', 20_000, async () => {
		const [sales] = await hk.say('group list', {})
		return sales?.members === 1
	})
})
after(async () => {
	await endBrowsers()
	await endAll()
})

test('people are listed page by page, groups first, and by unit; strangers hear nothing', async () => {
	const visitor = await new Visitor(hk).signIn('carol@test.com')
	type Found = { items: { address: string; unit: string; isGroup: boolean }[]; next: string | null }
	const all: string[] = []
	for (let cursor: string | null = null, pages = 0; pages < 10; pages++) {
		const { body }: { body: Found } = await visitor.get(`/people?limit=2${cursor ? `&cursor=${cursor}` : ''}`)
		all.push(...body.items.map(each => each.address))
		cursor = body.next
		if (!cursor) break
	}
	assert.deepEqual(all, [
		'sales@test.com',
		'admin@test.com',
		'bob@test.com',
		'carol@test.com',
		'zhangwei@test.com',
	])
	const { body: units } = await visitor.get('/people/units')
	assert.deepEqual(
		units.items.map(({ name, people }: { name: string; people: number }) => [name, people]),
		[
			['Company', 2],
			['销售部', 1],
		],
	)
	const { body: below }: { body: Found } = await visitor.get(`/people?unit=${units.items[1].id}`)
	assert.deepEqual(below.items, [
		{ name: 'Bob Miller', address: 'bob@test.com', unit: 'Company/销售部', isGroup: false },
	])
	assert.deepEqual((await visitor.get('/people/domains')).body, { domains: ['test.com'] })
	for (const path of ['/people', '/people/units', '/people/domains'])
		assert.equal((await new Visitor(bj).get(path)).status, 401, path)
})

test('the company’s address book shows units and groups of all nodes; one writes to them, and takes them over', async () => {
	const browser = await signIn(bj, 'zhangwei@test.com', { locale: 'zh-CN' })
	const names = () => browser.part('colleague').locator('strong').allTextContents()
	await browser.part('contacts').click()
	await browser.part('unit-Company').click()
	await until('two people', 10_000, async () => (await names()).join() === 'Bob Miller,张伟')
	await browser.inspect('company')
	await browser.part('unit-销售部').click()
	await until('one of them', 10_000, async () => (await names()).join() === 'Bob Miller')
	await browser.part('book-everybody').click()
	await browser.part('contacts-search').fill('mill')
	await until('found by name', 10_000, async () => (await names()).join() === 'Bob Miller')
	await browser.part('colleague-adopt').click()
	await browser.part('contact-save').click()
	await browser.part('colleague-adopt').waitFor({ state: 'detached' })
	await browser.part('contacts-search').fill('')
	await browser.part('book-groups').click()
	await until('the group', 10_000, async () => (await names()).join() === 'Sales team')
	await browser.part('colleague-write').click()
	await until('a message to it', 10_000, async () =>
		/Sales team <sales@test.com>/.test(await addressed(browser, 'to')),
	)
	await browser.close()
})

test('contacts of one’s own are made, found while writing, changed at another device and exported', async () => {
	const [browser, other] = await Promise.all([
		signIn(hk, 'carol@test.com', { locale: 'en', dark: true }),
		signIn(bj, 'carol@test.com', { locale: 'zh-CN', width: 390 }), // at the other node, on a phone
	])
	await browser.part('contacts').click()
	await browser.part('contact-new').click()
	await browser.part('contact-save').click()
	await browser.page.getByText('Give a name.').waitFor()
	await browser.part('contact-name').fill('李娜')
	await browser.part('contact-email-0').fill('lina@example.org')
	await browser.part('contact-phone-0').fill('+86 10 1234')
	await browser.axe('a contact is written')
	await browser.part('contact-save').click()
	await browser.part('contact').getByText('李娜').waitFor()
	const vcf = ['BEGIN:VCARD', 'VERSION:3.0', 'FN:Jörg Müller', 'EMAIL:joerg@example.de', 'END:VCARD', '']
	const twice = ['BEGIN:VCARD', 'VERSION:3.0', 'FN:Li Na', 'EMAIL:LINA@example.org', 'END:VCARD', '']
	await browser.part('contacts-import').setInputFiles({
		name: 'book.vcf',
		mimeType: 'text/vcard',
		buffer: Buffer.from([...vcf, ...twice].join('\r\n')),
	})
	await browser.part('imported').waitFor()
	await until('both are there', 10_000, async () => (await browser.part('contact').count()) === 2)
	await browser.inspect('own-contacts')

	await other.part('contacts').click()
	await other.part('contact').filter({ hasText: '李娜' }).locator('[data-test=contact-edit]').click()
	await other.part('contact-name').fill('李娜娜')
	await other.part('contact-save').click()
	await browser.part('contact').getByText('李娜娜').waitFor()

	const [saved] = await Promise.all([
		browser.page.waitForEvent('download'),
		browser.part('contacts-export').click(),
	])
	const text = readFileSync(await saved.path(), 'utf8')
	for (const words of ['FN:李娜娜', 'lina@example.org', 'FN:Jörg Müller'])
		assert.ok(text.includes(words), words)

	await browser.page.keyboard.press('c')
	await browser.part('to').pressSequentially('joer')
	await browser.page.getByRole('option').filter({ hasText: 'joerg@example.de' }).waitFor()

	await other.part('contact').filter({ hasText: 'Jörg' }).locator('[data-test=contact-edit]').click()
	await other.part('contact-remove').click()
	await other.part('contact-remove').click()
	await until('it is gone here too', 10_000, async () => (await browser.part('contact').count()) === 1)
	const client = await JmapClient.open(hk.ip, 'carol@test.com')
	const { list } = await client.one('ContactCard/get', { ids: null })
	assert.deepEqual(
		list.map((card: { name: { full: string } }) => card.name.full),
		['李娜娜'],
		'what the page did other clients see',
	)
	await Promise.all([browser.close(), other.close()])
})

test('of changes that come at the same time each holds', async () => {
	const client = await JmapClient.open(hk.ip, 'carol@test.com')
	const names = Array.from({ length: 6 }, (_, index) => `label${index}`)
	await Promise.all(
		names.map(name =>
			client.one('Preferences/set', {
				update: { singleton: { [`labels/${name}`]: { name, color: 'red' } } },
			}),
		),
	)
	const { list } = await client.one('Preferences/get', { ids: null })
	assert.deepEqual(Object.keys(list[0].labels).sort(), names.toSorted())
	await client.one('Preferences/set', { update: { singleton: { labels: {} } } })
})

test('how a person likes the page follows to each device, and is his alone', async () => {
	const [browser, other] = await Promise.all([
		signIn(hk, 'bob@test.com', { locale: 'en' }),
		signIn(bj, 'bob@test.com', { locale: 'en' }), // at the other node
	])
	const client = await JmapClient.open(hk.ip, 'bob@test.com')
	const draft = {
		mailboxIds: { [(await client.one('Mailbox/query', { filter: { role: 'inbox' } })).ids[0]]: true },
	}
	const receivedAt = '2025-03-01T00:30:00Z'
	await client.one('Email/set', { create: { a: { ...draft, subject: 'long ago', receivedAt } } })
	const time = (at: Browser) => at.part('line').filter({ hasText: 'long ago' }).locator('time').textContent()
	await until('by the clock of Shanghai', 10_000, async () => (await time(browser)) === '03/01/2025')
	await browser.part('settings').click()
	await browser.part('zone').selectOption('America/New_York')
	await browser.part('language').selectOption('zh-CN')
	await browser.part('theme').selectOption('dark')
	await browser.page.getByLabel('紧凑').check()
	await browser.part('conversations').uncheck()
	await other.page.locator('html.dark').waitFor()
	await until('the other speaks Chinese', 10_000, async () =>
		(await other.part('write').textContent())!.includes('写邮件'),
	)
	await until('its clock too is that of New York', 10_000, async () => (await time(other)) === '2025/02/28')
	await other.part('settings').click()
	assert.equal(await other.part('zone').inputValue(), 'America/New_York')
	await until('no conversations there', 10_000, async () => !(await other.part('conversations').isChecked()))
	// What comes at once with another language is taken over as a whole, and nothing of it is told back as it was.
	for (const [wishes, write] of [
		[{ language: 'en', conversations: true, density: 'comfortable' }, 'New message'],
		[{ language: 'zh-CN', conversations: false, density: 'compact' }, '写邮件'],
	] as const) {
		await client.one('Preferences/set', { update: { singleton: wishes } })
		for (const page of [browser, other]) {
			await until(`it says ${write}`, 20_000, async () =>
				(await page.part('write').textContent())!.includes(write),
			)
			await until(
				'and the rest',
				20_000,
				async () => (await page.part('conversations').isChecked()) === wishes.conversations,
			)
		}
		const { list } = await client.one('Preferences/get', { ids: null })
		assert.deepEqual({ ...list[0], ...wishes }, list[0])
	}
	await browser.inspect('settings')
	// Who sees the page reads beside each control what it is.
	const bare = await browser.page.evaluate(`
		[...document.querySelectorAll('[data-test=settings-page] :is(input, select, textarea)')]
			.filter(control => ![...(control.labels ?? [])].some(label =>
				[label, ...label.querySelectorAll('span')].every(each => each.clientWidth !== 1) && label.innerText.trim()))
			.map(control => control.outerHTML)`)
	assert.deepEqual(bare, [])
	await Promise.all([browser.close(), other.close()])

	const fresh = await signIn(bj, 'bob@test.com', { locale: 'en' }) // a device that knows nothing of him
	await until('as he likes it', 10_000, async () => (await time(fresh)) === '2025/02/28')
	const { list } = await client.one('Preferences/get', { ids: null })
	assert.deepEqual(
		[
			list[0].language,
			list[0].timeZone,
			list[0].theme,
			list[0].density,
			list[0].conversations,
			list[0].layout,
		],
		['zh-CN', 'America/New_York', 'dark', 'compact', false, null],
	)
	await fresh.close()
	const stranger = await signIn(bj, 'zhangwei@test.com', { locale: 'en' })
	await until('in his own language', 10_000, async () =>
		(await stranger.part('write').textContent())!.includes('New'),
	)
	await stranger.close()
})

test('labels have names and colours, are keywords for everybody, find messages, and go everywhere at once', async () => {
	const client = await JmapClient.open(bj.ip, 'zhangwei@test.com')
	const inbox = (await client.one('Mailbox/query', { filter: { role: 'inbox' } })).ids[0]
	const create = Object.fromEntries(
		['apples', 'pears', 'plums'].map(subject => [
			subject,
			{ mailboxIds: { [inbox]: true }, keywords: { $seen: true }, subject },
		]),
	)
	const { created } = await client.one('Email/set', { create })
	const keywords = async (subject: string) =>
		(await client.one('Email/get', { ids: [created[subject].id], properties: ['keywords'] })).list[0].keywords
	const [browser, other] = await Promise.all([
		signIn(bj, 'zhangwei@test.com', { locale: 'en' }),
		signIn(hk, 'zhangwei@test.com', { locale: 'zh-CN', dark: true }),
	])
	const line = (at: Browser, words: string) => at.part('line').filter({ hasText: words })
	const subjects = (at: Browser) => at.part('line').locator('.subject').allTextContents()
	await line(browser, 'apples').click()
	await browser.part('letter').waitFor()
	await browser.page.keyboard.press('l')
	await browser.part('label-name').fill('重要 work')
	await browser.part('label-red').check()
	await browser.axe('a label is made')
	await browser.part('label-make').click()
	await browser.part('mark-重要 work').waitFor()
	await browser.page.keyboard.press('Escape')
	assert.deepEqual(
		await keywords('apples'),
		{ $seen: true, work: true },
		'a keyword that other programs can show',
	)
	await line(other, 'apples').locator('[data-test=chip]', { hasText: '重要 work' }).waitFor()
	await browser.inspect('label')

	// Several at a time.
	for (const subject of ['pears', 'plums']) await line(other, subject).locator('input').check({ force: true })
	await other.part('bulk-label').click()
	await other.part('mark-重要 work').check()
	await until(
		'both bear it',
		10_000,
		async () => (await keywords('pears')).work && (await keywords('plums')).work,
	)
	await other.part('mark-重要 work').click() // what the node says next may still be of before
	await until(
		'neither does',
		10_000,
		async () => !(await keywords('pears')).work && !(await keywords('plums')).work,
	)
	await other.page.keyboard.press('Escape')

	await browser.part('labelled-重要 work').click()
	await until('found by the label', 10_000, async () => (await subjects(browser)).join().includes('apples'))
	assert.equal((await subjects(browser)).length, 1)
	await other.part('search').fill('标签："重要 work"')
	await until('found by words', 10_000, async () => (await subjects(other)).length === 1)

	await browser.part('edit-label-重要 work').click({ force: true })
	await browser.part('label-name').fill('urgent')
	await browser.part('label-save').click()
	await other.part('labelled-urgent').waitFor()
	await other.part('edit-label-urgent').click({ force: true })
	await other.part('label-remove').click()
	await other.part('label-remove').click()
	await until('it is nowhere', 10_000, async () => (await browser.part('labelled-urgent').count()) === 0)
	assert.deepEqual(await keywords('apples'), { $seen: true })
	await Promise.all([browser.close(), other.close()])
})

test('folders are made, nested by drag and drop, renamed, filled, emptied and deleted', async () => {
	const client = await JmapClient.open(hk.ip, 'carol@test.com')
	const folders = async () => {
		const { list } = await client.one('Mailbox/get', { ids: null })
		return new Map(list.map((box: { name: string }) => [box.name, box])) as Map<
			string,
			{ id: string; parentId: string | null; totalEmails: number; role: string | null }
		>
	}
	const inbox = (await folders()).get('INBOX')!
	const create = Object.fromEntries(
		['one', 'two', 'three'].map(subject => [subject, { mailboxIds: { [inbox.id]: true }, subject }]),
	)
	await client.one('Email/set', { create })
	const browser = await signIn(hk, 'carol@test.com', { locale: 'en' })
	const make = async (name: string) => {
		await browser.part('new-folder').click()
		await browser.part('folder-name').fill(name)
		await browser.part('folder-save').click()
		await browser.part(`folder-${name}`).waitFor()
	}
	await make('Projects')
	await make('项目 A')
	await browser.part('folder-项目 A').dragTo(browser.part('folder-Projects'))
	await until('below the other', 10_000, async () => {
		const now = await folders()
		return now.get('项目 A')!.parentId === now.get('Projects')!.id
	})
	await browser.part('line').filter({ hasText: 'two' }).dragTo(browser.part('folder-项目 A'))
	await until(
		'a message was dropped there',
		10_000,
		async () => (await folders()).get('项目 A')!.totalEmails === 1,
	)
	await until('its count', 10_000, async () =>
		((await browser.part('folder-项目 A').locator('.count').textContent()) ?? '').endsWith('1'),
	)
	await browser.inspect('folders')
	await browser.part('folder-项目 A').dragTo(browser.part('new-folder'))
	await until('at the top again', 10_000, async () => (await folders()).get('项目 A')!.parentId === null)
	await browser.part('edit-项目 A').click({ force: true })
	await browser.part('folder-name').fill('Alpha')
	await browser.part('folder-save').click()
	await browser.part('folder-Alpha').click()
	await browser.part('line').filter({ hasText: 'two' }).click()
	await browser.part('remove').click()
	await browser.part('empty-trash').click({ force: true })
	await browser.page.getByText('1 message is deleted for good.').waitFor()
	await browser.part('empty-sure').click()
	await until('the trash is empty', 10_000, async () => (await folders()).get('Trash')!.totalEmails === 0)
	for (const name of ['Alpha', 'Projects']) {
		await browser.part(`edit-${name}`).click({ force: true })
		await browser.part('folder-remove').click()
		await browser.part('folder-remove-sure').click()
		await browser.part(`folder-${name}`).waitFor({ state: 'detached' })
	}
	assert.equal((await folders()).has('Projects'), false)
	await browser.close()
})
