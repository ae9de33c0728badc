import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Browser, buildPages, endBrowsers, type Look } from './support/browser.ts'
import { JmapClient } from './support/jmap.ts'
import { endAll, TestNode, until } from './support/nodes.ts'

/* The list of messages in the browser: long ones, searching, many at a time, the keyboard, layouts, what is told of new mail. */

const node = new TestNode('127.0.44.3')
const PEOPLE = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace']

before(async () => {
	await Promise.all([buildPages(), node.start()])
	await node.say('setup', { domain: 'test.com', admin: 'admin@test.com', password: 'secret' })
	for (const name of PEOPLE) await node.addAccount(`${name}@test.com`)
})
after(async () => {
	await endBrowsers()
	await endAll()
})

async function signIn(name: string, look: Look = {}): Promise<Browser> {
	const browser = await Browser.open(look)
	await browser.go(node.ip, '/mail/')
	await browser.part('login').fill(`${name}@test.com`)
	await browser.part('password').fill('secret')
	await browser.part('sign-in').click()
	await browser.part('list').waitFor()
	return browser
}

type Letter = {
	subject: string
	text?: string
	from?: string
	receivedAt?: string
	keywords?: object
	inReplyTo?: string[]
}

/** Somebody's mail, as another program of his puts it there. */
class Box {
	readonly client: JmapClient
	readonly inbox: string

	private constructor(client: JmapClient, inbox: string) {
		this.client = client
		this.inbox = inbox
	}

	static async of(name: string): Promise<Box> {
		const client = await JmapClient.open(node.ip, `${name}@test.com`)
		return new Box(client, (await client.one('Mailbox/query', { filter: { role: 'inbox' } })).ids[0])
	}

	async put(
		letters: (Letter & { messageId?: string[]; references?: string[]; attachment?: string })[],
	): Promise<void> {
		for (let at = 0; at < letters.length; at += 500) {
			const create: Record<string, unknown> = {}
			for (const [index, letter] of letters.slice(at, at + 500).entries()) {
				const { text = 'x', from = 'lina@example.org', attachment, ...rest } = letter
				create[`m${index}`] = {
					mailboxIds: { [this.inbox]: true },
					from: [{ name: null, email: from }],
					to: [{ name: null, email: this.client.login }],
					textBody: [{ partId: '1', type: 'text/plain' }],
					bodyValues: { 1: { value: text } },
					...(attachment ? { attachments: [await this.#file(attachment)] } : {}),
					...rest,
				}
			}
			const { notCreated } = await this.client.one('Email/set', { create })
			assert.equal(notCreated, null)
		}
	}

	async #file(name: string) {
		const { blobId } = await this.client.upload(`file ${name}`, 'application/octet-stream')
		return { blobId, type: 'application/octet-stream', name, disposition: 'attachment' }
	}

	/** The full-text index takes its time while much mail comes in. */
	async indexed(words: string, many: number): Promise<void> {
		await until(`${words} is indexed`, 60_000, async () => (await this.count({ text: words })) === many)
	}

	/** Subject and text of what is found. */
	async snippets(text: string): Promise<[string, string][]> {
		const { ids } = await this.client.one('Email/query', { filter: { text } })
		const { list } = await this.client.one('SearchSnippet/get', { filter: { text }, emailIds: ids })
		return list.map(({ subject, preview }: Record<string, string>) => [subject, preview])
	}

	async count(filter: Record<string, unknown>): Promise<number> {
		return (await this.client.one('Email/query', { filter, calculateTotal: true })).total
	}
}

const line = (browser: Browser, words: string) => browser.part('line').filter({ hasText: words })
/** Without what is there for screen readers only. */
const subjects = (browser: Browser) =>
	browser
		.part('line')
		.locator('.subject')
		.evaluateAll(all =>
			all.map(one =>
				[...one.childNodes]
					.filter(
						each =>
							!(each as unknown as { classList?: { contains(name: string): boolean } }).classList?.contains(
								'unseen',
							),
					)
					.map(each => each.textContent)
					.join('')
					.trim(),
			),
		)

test('of a list of thousands only what is looked at is there, and any part of it comes when it is looked at', async () => {
	const box = await Box.of('alice')
	const many = 3000
	const day = (index: number) =>
		new Date(Date.UTC(2024, 0, 1) + index * 3_600_000).toISOString().replace('.000', '')
	await box.put(
		Array.from({ length: many }, (_, index) => ({
			subject: `number ${index}.`,
			receivedAt: day(index),
			keywords: { $seen: true },
		})),
	)
	const browser = await signIn('alice', { locale: 'en' })
	await line(browser, `number ${many - 1}.`).waitFor()
	const scrollTo = (share: number) =>
		browser.part('list').evaluate((list, part) => list.scrollTo({ top: list.scrollHeight * part }), share)
	for (const share of [0.5, 0.1, 0.9]) {
		await scrollTo(share)
		const about = Math.round(many * (1 - share))
		await until(`lines about ${about}`, 10_000, async () => {
			const seen = (await subjects(browser)).map(each =>
				Number(/number (\d+)\./.exec(each)?.[1] ?? Number.NaN),
			)
			return seen.length > 0 && seen.every(number => Math.abs(number - about) < 60)
		})
		assert.ok((await browser.part('line').count()) < 60, 'only what is looked at exists')
	}
	assert.equal(await browser.part('list').getAttribute('aria-rowcount'), String(many))
	await scrollTo(0.5)
	const place = () => browser.part('list').evaluate(list => list.scrollTop)
	const before = await place()
	await line(browser, 'number 1')
		.first()
		.click({ modifiers: ['ControlOrMeta'] })
	await box.put([{ subject: 'new' }])
	await until('the new one is counted', 10_000, async () => (await browser.page.title()) === '(1) Mail')
	await until(
		'it is in the list',
		10_000,
		async () => (await browser.part('list').getAttribute('aria-rowcount')) === String(many + 1),
	)
	assert.equal(await place(), before, 'nobody is thrown back to the top')
	await browser.page.getByRole('toolbar', { name: '1 selected' }).waitFor()
	await scrollTo(1)
	await line(browser, 'number 0.').click()
	await browser.page.locator('[data-test=reading] h1', { hasText: 'number 0.' }).waitFor()
	await browser.close()
})

test('search knows operators, Chinese words and attachments, in both languages, and shows what it found', async () => {
	const box = await Box.of('bob')
	await box.put([
		{
			subject: '关于预算的会议',
			text: '明天下午讨论第三季度预算，请准时参加。',
			from: 'zhang@example.cn',
			receivedAt: '2026-03-01T02:00:00Z',
		},
		{
			subject: 'quarterly report',
			text: 'the figures of this quarter',
			receivedAt: '2026-05-01T02:00:00Z',
			attachment: '发票 2026.bin',
		},
		{
			subject: 'lunch',
			text: 'noodles or figures of speech?',
			from: 'carol@test.com',
			receivedAt: '2026-07-01T02:00:00Z',
			keywords: { $seen: true, $flagged: true },
		},
		{
			subject: 'R&D 报价 "Q4" <新>',
			text: "a<b & c>d 报价's",
			keywords: { $seen: true },
			receivedAt: '2026-02-01T02:00:00Z',
		},
	])
	await box.indexed('figures', 2)
	await box.indexed('报价', 1)
	const finds = async (browser: Browser, words: string, wanted: string[]) => {
		await browser.part('search').fill(words)
		await until(`${words} finds ${wanted}`, 20_000, async () => {
			const found = await subjects(browser)
			return found.length === wanted.length && wanted.every(each => found.includes(each))
		})
	}
	const browser = await signIn('bob', { locale: 'en' })
	await finds(browser, 'figures', ['quarterly report', 'lunch'])
	await until('what was found is marked', 10_000, async () =>
		(await browser.page.locator('[data-test=line] mark').allTextContents()).includes('figures'),
	)
	await browser.inspect('search')
	await finds(browser, 'figures -from:carol', ['quarterly report'])
	await finds(browser, 'has:attachment', ['quarterly report'])
	await finds(browser, '发票', ['quarterly report'])
	await finds(browser, '"发票 2026.bin"', ['quarterly report'])
	await finds(browser, 'is:starred', ['lunch'])
	await finds(browser, 'is:unread before:2026-04-01', ['关于预算的会议'])
	await finds(browser, 'after:2026-04-15 in:inbox', ['quarterly report', 'lunch'])
	await finds(browser, 'subject:"quarterly report"', ['quarterly report'])
	await finds(browser, '季度', ['关于预算的会议'])
	assert.deepEqual(await browser.page.locator('[data-test=line] .preview mark').allTextContents(), ['季度'])
	await finds(browser, '报价', ['R&D 报价 "Q4" <新>'])
	await until('the text is read as well', 10_000, async () => {
		const found = await line(browser, 'R&D').locator('.preview').textContent()
		return found?.trim() === "a<b & c>d 报价's"
	})
	assert.deepEqual(await box.snippets('报价'), [
		['R&amp;D <mark>报价</mark> "Q4" &lt;新&gt;', "a&lt;b &amp; c&gt;d <mark>报价</mark>'s"],
	])
	// What was found goes anywhere, also to the folder one came from.
	await finds(browser, 'subject:lunch', ['lunch'])
	for (const [to, inInbox] of [
		['archive', 3],
		['inbox', 4],
	] as const) {
		await line(browser, 'lunch').click({ modifiers: ['ControlOrMeta'] })
		await browser.part('bulk-move').click()
		await browser.part(`to-${to}`).click()
		await until(`it is in the ${to}`, 10_000, async () => {
			return (await box.count({ inMailbox: box.inbox })) === inInbox
		})
		const where = line(browser, 'lunch').locator('.folder')
		await until('it says where it lies', 10_000, async () => (await where.count()) === 4 - inInbox)
	}
	await finds(browser, 'nothing like this', [])
	await browser.page.getByText('Nothing was found').waitFor()
	await browser.close()
	const chinese = await signIn('bob', { locale: 'zh-CN' })
	await finds(chinese, '包含：附件', ['quarterly report'])
	await finds(chinese, '发件人：carol 状态：已读', ['lunch'])
	await finds(chinese, '会议 早于：2026年4月1日', ['关于预算的会议'])
	await chinese.close()
})

test('many at a time are chosen, moved and undone; a conversation is one line, or it is not', async () => {
	const box = await Box.of('carol')
	const [first, second] = ['<a@example.org>', '<b@example.org>'].map(id => id.slice(1, -1)) as [
		string,
		string,
	]
	await box.put([
		{ subject: 'plan', messageId: [first], receivedAt: '2026-01-01T00:00:00Z' },
		{
			subject: 'Re: plan',
			messageId: [second],
			inReplyTo: [first],
			references: [first],
			receivedAt: '2026-01-02T00:00:00Z',
		},
		{ subject: 'alone', receivedAt: '2026-01-03T00:00:00Z' },
		{ subject: 'lonely', receivedAt: '2026-01-04T00:00:00Z' },
	])
	const browser = await signIn('carol', { locale: 'en' })
	await until('three lines for four messages', 10_000, async () => (await subjects(browser)).length === 3)
	await line(browser, 'plan').click()
	await until(
		'both messages are read together',
		10_000,
		async () => (await browser.part('letter').count()) === 2,
	)
	await line(browser, 'lonely').click({ modifiers: ['ControlOrMeta'] })
	await line(browser, 'plan').click({ modifiers: ['Shift'] })
	await browser.page.getByRole('toolbar', { name: '3 selected' }).waitFor()
	await browser.axe('some are chosen')
	await browser.part('bulk-read').click()
	await until('all four are read', 10_000, async () => (await box.count({ hasKeyword: '$seen' })) === 4)
	await browser.part('bulk-remove').click()
	await until('the inbox is empty', 10_000, async () => (await box.count({ inMailbox: box.inbox })) === 0)
	await browser.part('undo').click()
	await until('all is back', 10_000, async () => (await box.count({ inMailbox: box.inbox })) === 4)
	await until('here too', 10_000, async () => (await subjects(browser)).length === 3)

	await browser.part('settings').click()
	await browser.part('conversations').uncheck()
	await browser.part('folder-inbox').click()
	await until('four lines', 10_000, async () => (await subjects(browser)).length === 4)
	await browser.close()
})

test('everything in a folder, or everything that was found, is chosen and changed, however much of it was looked at', async () => {
	const box = await Box.of('grace')
	const many = 1100
	const idOf = async (role: string) =>
		(await box.client.one('Mailbox/query', { filter: { role } })).ids[0] as string
	await box.put(
		Array.from({ length: many }, (_, index) => ({
			subject: index < 700 ? `plan ${index}` : `other ${index}`,
			...(index < 100 ? { keywords: { $seen: true } } : null),
		})),
	)
	const browser = await signIn('grace', { locale: 'en' })
	const { page } = browser
	const has = (what: string, filter: Record<string, unknown>, count: number) =>
		until(what, 30_000, async () => (await box.count(filter)) === count)
	const toast = (words: string) => browser.part('toast').getByText(words, { exact: true }).waitFor()
	const chooseEverything = async (offer: string, chosen: string) => {
		await browser.part('choose-all').click()
		await page.getByRole('button', { name: offer, exact: true }).click()
		await browser.part('everything').getByText(chosen).waitFor()
	}
	const inInbox = { inMailbox: box.inbox }
	await line(browser, `other ${many - 1}`)
		.or(line(browser, 'plan'))
		.first()
		.waitFor()

	await chooseEverything(
		'Select all 1,100 conversations in “Inbox”',
		'All 1,100 conversations in “Inbox” are selected.',
	)
	await page.getByRole('toolbar', { name: '1,100 selected' }).waitFor()
	await browser.axe('everything is chosen')
	await browser.part('list').evaluate(list => list.scrollTo({ top: list.scrollHeight }))
	await until('also what was not looked at', 10_000, async () => {
		const boxes = browser.part('line').locator('.message.chosen')
		return (await boxes.count()) > 0 && (await boxes.filter({ hasText: 'plan 0' }).count()) === 1
	})
	await browser.part('bulk-read').click()
	await toast('1,000 messages changed')
	await has('all are read', { ...inInbox, hasKeyword: '$seen' }, many)
	await browser.part('undo').click()
	await has('those that were unread are unread again', { ...inInbox, hasKeyword: '$seen' }, 100)
	await browser.part('bulk-star').click()
	await has('all bear a star', { ...inInbox, hasKeyword: '$flagged' }, many)
	await browser.part('bulk-label').click()
	await browser.part('label-name').fill('Later')
	await browser.part('label-make').click()
	await has('all bear the label', { ...inInbox, hasKeyword: 'later' }, many)

	await browser.part('bulk-archive').click()
	const archived = { inMailbox: await idOf('archive') }
	await toast('1,100 messages moved to “Archive”')
	await has('all are archived', archived, many)
	await browser.part('undo').click()
	await has('all are back', inInbox, many)
	await has('none is in the archive', archived, 0)
	await until(
		'the list has them',
		20_000,
		async () => (await browser.part('list').getAttribute('aria-rowcount')) === String(many),
	)

	// Stopped after the first piece: what was done can be undone.
	let sets = 0
	const set = Promise.withResolvers<void>()
	await page.route('**/jmap/api', async route => {
		if (route.request().postData()?.includes('"Email/set"') && ++sets === 1) await set.promise
		await route.continue()
	})
	await chooseEverything(
		'Select all 1,100 conversations in “Inbox”',
		'All 1,100 conversations in “Inbox” are selected.',
	)
	await browser.part('bulk-archive').click()
	await browser.part('acting').getByText('0 of 1,100 messages').waitFor()
	await browser.part('stop').click()
	set.resolve()
	await toast('500 messages moved to “Archive”')
	assert.equal(await box.count(archived), 500)
	await until(
		'the others are in the list',
		20_000,
		async () => (await browser.part('list').getAttribute('aria-rowcount')) === '600',
	)
	await browser.part('undo').click()
	await has('all are back', inInbox, many)
	await page.unroute('**/jmap/api')

	await box.indexed('plan', 700)
	await browser.part('search').fill('subject:plan')
	await until(
		'they are found',
		20_000,
		async () => (await browser.part('list').getAttribute('aria-rowcount')) === '700',
	)
	await chooseEverything('Select all 700 messages found', 'All 700 messages found are selected.')
	await browser.part('bulk-remove').click()
	await toast('700 messages moved to “Trash”')
	const trashed = { inMailbox: await idOf('trash') }
	await has('they are in the trash', trashed, 700)
	assert.equal(await box.count(inInbox), 400)
	await browser.close()

	const chinese = await signIn('grace', { locale: 'zh-CN' })
	await chinese.part('folder-trash').click()
	await line(chinese, 'plan').first().waitFor()
	await chinese.part('choose-all').click()
	await chinese.page.getByRole('button', { name: '选择“已删除”中的全部 700 个会话', exact: true }).click()
	await chinese.part('everything').getByText('已选择“已删除”中的全部 700 个会话。').waitFor()
	await chinese.inspect('everything')
	await chinese.part('bulk-remove').click()
	await chinese.page.getByText('将彻底删除 700 封邮件，无法恢复。').waitFor()
	await chinese.page.keyboard.press('Escape')
	assert.equal(await box.count(trashed), 700, 'nothing goes for good unasked')
	await chinese.part('bulk-remove').click()
	await chinese.part('sure').click()
	await has('they are gone', trashed, 0)
	await has('the others are not', inInbox, 400)
	await chinese.close()
})

test('by the keyboard alone mail is read, starred, archived, brought back and searched', async () => {
	const box = await Box.of('dave')
	await box.put(
		['one', 'two', 'three'].map((subject, index) => ({
			subject,
			receivedAt: `2026-01-0${index + 1}T00:00:00Z`,
		})),
	)
	await box.indexed('one', 1)
	const browser = await signIn('dave', { locale: 'en' })
	const { keyboard } = browser.page
	const heading = (words: string) =>
		browser.page.locator('[data-test=reading] h1', { hasText: words }).waitFor()
	await line(browser, 'three').waitFor()
	// The first thing Tab reaches leads to the list, past all else.
	await keyboard.press('Tab')
	await keyboard.press('Enter')
	assert.equal(await browser.page.evaluate('document.activeElement.dataset.test'), 'list')
	await keyboard.press('ArrowDown')
	await heading('three')
	await keyboard.press('ArrowDown')
	await heading('two')
	const active = await browser.part('list').getAttribute('aria-activedescendant')
	assert.equal(await browser.page.locator(`#${active}`).getAttribute('aria-selected'), 'true')
	await keyboard.press('s')
	await until('it bears a star', 10_000, async () => (await box.count({ hasKeyword: '$flagged' })) === 1)
	await keyboard.press('e')
	await until('it is archived', 10_000, async () => (await box.count({ inMailbox: box.inbox })) === 2)
	await browser.part('undo').waitFor()
	await keyboard.press('z')
	await until('it is back', 10_000, async () => (await box.count({ inMailbox: box.inbox })) === 3)
	await until('here too', 10_000, async () => (await subjects(browser)).length === 3)
	await keyboard.press('k')
	await keyboard.press('x')
	await browser.page.getByRole('toolbar', { name: '1 selected' }).waitFor()
	await keyboard.press('Escape')
	await keyboard.press('*')
	await browser.page.getByRole('toolbar', { name: '3 selected' }).waitFor()
	await keyboard.press('*')
	await browser.page.getByRole('toolbar', { name: '3 selected' }).waitFor({ state: 'detached' })
	// Where a tick has the focus, keys are keys all the same.
	await browser.part('choose-all').click()
	await keyboard.press('s')
	await until('all bear a star', 10_000, async () => (await box.count({ hasKeyword: '$flagged' })) === 3)
	await keyboard.press('Escape')
	// Who goes elsewhere before the search has begun is not called back.
	await browser.part('search').pressSequentially('tw')
	await browser.part('settings').click()
	await browser.part('settings-page').waitFor()
	// A timer of this page that ends after its own.
	await browser.page.evaluate('new Promise(done => setTimeout(done, 500))')
	assert.equal(await browser.part('settings-page').isVisible(), true)
	await browser.part('search').fill('')
	await browser.part('folder-inbox').click()
	await line(browser, 'two').waitFor()
	await keyboard.press('?')
	await browser.page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
	await browser.axe('the keys')
	await keyboard.press('Escape')
	await keyboard.press('/')
	await keyboard.type('one')
	await until('found', 10_000, async () => (await subjects(browser)).join() === 'one')
	await browser.close()
})

test('three panes, two panes and a phone: one finds the way there and back in each', async () => {
	const box = await Box.of('erin')
	await box.put([
		{ subject: 'letter A', text: 'the first' },
		{ subject: 'letter B', text: 'the second' },
	])
	const browser = await signIn('erin', { locale: 'en' })
	const isSeen = (name: string) => browser.part(name).first().isVisible()
	await line(browser, 'letter B').click()
	await browser.part('letter').waitFor()
	assert.deepEqual([await isSeen('list'), await isSeen('back')], [true, false], 'beside each other')
	await browser.part('settings').click()
	await browser.page.getByLabel('The message in place of the list').check()
	await browser.part('folder-inbox').click()
	await line(browser, 'letter B').click()
	await browser.part('letter').waitFor()
	assert.deepEqual([await isSeen('list'), await isSeen('back')], [false, true], 'in place of the list')
	await browser.inspect('two-panes')
	await browser.part('back').click()
	assert.equal(await isSeen('list'), true)
	await browser.close()

	const phone = await signIn('erin', { locale: 'zh-CN', width: 390, dark: true })
	assert.equal(await phone.part('folder-inbox').isVisible(), false)
	await phone.part('menu').click()
	await phone.part('folder-inbox').click()
	await line(phone, 'letter A').click()
	await phone.part('letter').getByText('the first').waitFor()
	assert.equal(await phone.part('list').isVisible(), false)
	await phone.axe('a message on a phone')
	await phone.page.goBack()
	await phone.part('list').waitFor()
	await phone.close()
})

test('new mail is counted in the title, and told on the desktop only when the person wanted it', async () => {
	const box = await Box.of('frank')
	const browser = await signIn('frank', { locale: 'en' })
	const { page, context } = browser
	await context.grantPermissions(['notifications'])
	// What the browser is asked to show, beside showing it; and a page nobody looks at.
	await page.evaluate(`
		window.shown = []
		window.Notification = new Proxy(Notification, { construct(real, [title, more]) { shown.push([title, more.body]); return new real(title, more) } })
		Object.defineProperty(document, 'hidden', { get: () => true })`)
	await box.put([{ subject: 'first', from: 'bob@test.com' }])
	await until('one in the title', 10_000, async () => (await page.title()) === '(1) Mail')
	assert.deepEqual(await page.evaluate('shown'), [], 'nobody asked for it')
	await browser.part('settings').click()
	assert.equal(await browser.part('notifications').isChecked(), false)
	await browser.part('notifications').check()
	await box.put([{ subject: '第二封', from: 'bob@test.com' }])
	await until('it is told', 10_000, async () => ((await page.evaluate('shown')) as unknown[]).length === 1)
	assert.deepEqual(await page.evaluate('shown'), [['bob@test.com', '第二封']])
	assert.equal(await page.title(), '(2) Mail')
	await browser.part('notifications').uncheck()
	await box.put([{ subject: 'third' }])
	await until('three in the title', 10_000, async () => (await page.title()) === '(3) Mail')
	assert.equal(((await page.evaluate('shown')) as unknown[]).length, 1, 'not wanted any more')
	await browser.part('folder-inbox').click()
	await browser.part('line').first().click()
	await until('one was read', 10_000, async () => (await page.title()) === '(2) Mail')
	await browser.close()
})
