import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { Browser, buildPages, endBrowsers, type Look } from './support/browser.ts'
import { JmapClient } from './support/jmap.ts'
import { endAll, joinTo, TestNode, until } from './support/nodes.ts'
import { Visitor } from './support/web.ts'

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

async function signIn(node: TestNode, login: string, look: Look = {}): Promise<Browser> {
	const browser = await Browser.open(look)
	await browser.go(node.ip, '/mail/')
	await browser.part('login').fill(login)
	await browser.part('password').fill('secret')
	await browser.part('sign-in').click()
	await browser.part('list').waitFor()
	return browser
}

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
	for (const path of ['/people', '/people/units'])
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
		/Sales team <sales@test.com>/.test(await browser.part('to').inputValue()),
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
