import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import PostalMime from 'postal-mime'
import { buildPages, endBrowsers } from './support/browser.ts'
import { Line } from './support/line.ts'
import { endAll, joinTo, TestNode, until } from './support/nodes.ts'
import { addressed, deliver, imapOf, readdress, signIn } from './support/webmail.ts'

const bj = new TestNode('127.0.43.1')
const hk = new TestNode('127.0.43.2')
const line = new Line('127.0.43.3', hk.ip)
const folder = mkdtempSync(join(tmpdir(), 'panpipe-files-'))
const LARGE = 25 * 1024 * 1024 - 4096
/** Milliseconds: on a busy machine everything takes its time. */
const SOON = 60_000

before(async () => {
	await Promise.all([buildPages(), bj.start(), hk.start(), line.open()])
	await bj.say('setup', { domain: 'test.com', admin: 'admin@test.com', password: 'secret' })
	await joinTo(bj, hk, 'HK')
	for (const name of ['zhangwei', 'dora']) await bj.addAccount(`${name}@test.com`)
	for (const name of ['bob', 'carol']) await hk.addAccount(`${name}@test.com`)
	await bj.say('account edit', { address: 'bob@test.com', name: 'Bob Miller' })
	await until('everybody is known', 30_000, async () => (await bj.json('forwards')).length === 2)
})
after(async () => {
	await endBrowsers()
	await line.close()
	await endAll()
	rmSync(folder, { recursive: true, force: true })
})

/** The browser reads the file itself: so much would take long through the line by which it is driven. */
function onDisk(name: string, octets: Buffer): string {
	const path = join(folder, name)
	writeFileSync(path, octets)
	return path
}

test('what was sent by mistake is taken back, and is a draft again', async () => {
	const client = await imapOf(hk, 'carol@test.com')
	const writer = await signIn(hk, 'carol@test.com', { locale: 'en' })
	await writer.part('write').click()
	await writer.part('to').fill('zhangwei@test.com')
	await writer.part('subject').fill('too early')
	await writer.part('body').click()
	await writer.page.keyboard.type('words')
	await writer.part('send').click()
	await writer.part('undo').click()
	await writer.part('compose').waitFor()
	assert.equal(await writer.part('subject').inputValue(), 'too early')
	assert.match((await writer.part('body').textContent())!, /words/)
	assert.deepEqual(await counts(client), { Drafts: 1, Sent: 0 })
	assert.deepEqual(await hk.json('queue', 'list'), [])
	await writer.part('discard').click()
	await writer.part('discard-sure').click()
	await writer.part('compose').waitFor({ state: 'detached' })
	await until('nothing of it is left', SOON, async () => (await counts(client)).Drafts === 0)
	await client.logout()
	await writer.close()
})

async function counts(client: Awaited<ReturnType<typeof imapOf>>): Promise<Record<string, number>> {
	const found: Record<string, number> = {}
	for (const box of ['Drafts', 'Sent'])
		found[box] = ((await client.status(box, { messages: true })) as { messages: number }).messages
	return found
}

test('addresses stand as pieces that can be taken out and corrected; a link has words; it goes out when it is to', async () => {
	const client = await imapOf(hk, 'bob@test.com')
	const writer = await signIn(bj, 'dora@test.com', { locale: 'en' })
	const { keyboard } = writer.page
	await keyboard.press('c')
	await until(
		'one begins with the recipient',
		SOON,
		async () => (await writer.page.evaluate('document.activeElement.dataset.test')) === 'to',
	)
	await keyboard.type('"Miller, Bob" <bob@test.com>; nobody, carol@test.com ')
	await keyboard.press('Enter')
	assert.deepEqual(await writer.part('to-piece').allInnerTexts(), ['Miller, Bob', 'nobody', 'carol@test.com'])
	await writer.part('to-piece').nth(1).locator('button').click()
	await keyboard.press('Backspace')
	assert.equal(await writer.part('to').inputValue(), 'carol@test.com', 'to be corrected')
	await keyboard.press('Control+a')
	await keyboard.press('Delete')
	// As a column of a table comes.
	await writer.page.evaluate(`{
		const clipboardData = new DataTransfer()
		clipboardData.setData('text/plain', 'partner@example.org\\nzhangwei@test.com')
		document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
	}`)
	assert.equal(
		await addressed(writer, 'to'),
		'"Miller, Bob" <bob@test.com>, partner@example.org, zhangwei@test.com',
	)
	await writer.page.getByTitle('Outside the company: partner@example.org').waitFor()
	await readdress(writer, 'to', 'bob@test.com')
	await writer.part('subject').fill('when it is time')
	await writer.part('body').click()
	await writer.part('link').click()
	await writer.part('link-save').click()
	await writer.page.getByText('Give the address of a page').waitFor()
	await writer.part('link-to').fill('example.org/plan')
	await writer.part('link-words').fill('the plan')
	await writer.axe('a link')
	await writer.part('link-save').click()
	assert.equal(await writer.part('body').locator('a').getAttribute('href'), 'https://example.org/plan')

	await writer.part('later').click()
	await writer.part('later-own').fill('2020-01-01T08:00')
	await writer.part('later-take').click()
	await writer.page.getByText('This time is over.').waitFor()
	await writer.inspect('later')
	await writer.part('later-morning').click()
	await writer.part('goes-at').waitFor()
	await writer.part('send').click()
	await writer.part('compose').waitFor({ state: 'detached' })
	const waiting = (await bj.json('queue', 'list')) as { to: string }[]
	assert.deepEqual(
		waiting.map(({ to }) => to),
		['bob@test.com'],
	)
	await writer.part('undo').click()
	await writer.part('compose').waitFor()
	assert.match(await writer.part('body').innerHTML(), /example\.org\/plan/)
	await writer.part('send').click()
	await writer.part('compose').waitFor({ state: 'detached' })
	await client.mailboxOpen('INBOX')
	await until('now it goes', SOON, async () => {
		return ((await client.search({ subject: 'when it is time' })) as number[]).length === 1
	})
	await client.logout()
	await writer.close()
})

/** As it went out: what IMAP has of it. */
async function sent(client: Awaited<ReturnType<typeof imapOf>>, subject: string) {
	await client.mailboxOpen('Sent')
	let found: number[] = []
	await until(`${subject} is sent`, SOON, async () => {
		found = (await client.search({ subject })) as number[]
		return found.length === 1
	})
	const { source } = (await client.fetchOne(String(found[0]), { source: true })) as { source: Buffer }
	const { html = '', text = '', attachments } = await PostalMime.parse(source)
	return { html, text: text.replaceAll('\r', ''), attachments }
}
const TABLE = `<html><head><style>p { color: red }</style></head><body>
<table style="border-collapse:collapse" width="400"><caption>Budget</caption><colgroup><col width="80"><col span="4" style="width:60pt"></colgroup>
<thead><tr><th rowspan="2" style="border:1px solid #000">部门</th><th colspan="2">收入</th><th colspan="2">支出</th></tr>
<tr><th>预算</th><th>实际</th><th>预算</th><th>实际</th></tr></thead>
<tbody><tr><td>销售</td><td style="text-align:right">100</td><td>90</td><td></td><td>70</td></tr>
<tr><td colspan="4" align="right">合计</td><td><b>70</b></td></tr></tbody></table>
<table><tr><td style="background:#036"><p>framed</p></td></tr></table></body></html>`

test('tables stay tables in what is quoted and out of the clipboard, and stand in the text as lines', async () => {
	await deliver(bj, 'dora@test.com', [{ subject: 'figures', html: TABLE }])
	const client = await imapOf(bj, 'dora@test.com')
	const writer = await signIn(bj, 'dora@test.com', { locale: 'en' })
	const { page } = writer
	await writer.part('line').filter({ hasText: 'figures' }).click()
	await writer.part('reply').first().click()
	await readdress(writer, 'to', 'bob@test.com')
	await writer.part('subject').fill('with tables')
	await writer.part('body').click()
	await page.keyboard.press('Control+Home')
	// As a spreadsheet gives it: with its text, and a picture of it.
	const paste = (html: string, text: string) =>
		page.evaluate(`{
			const clipboardData = new DataTransfer()
			clipboardData.setData('text/html', ${JSON.stringify(html)})
			clipboardData.setData('text/plain', ${JSON.stringify(text)})
			clipboardData.items.add(new File(['x'], 'picture.png', { type: 'image/png' }))
			document.querySelector('[data-test=body]').dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
		}`)
	await page.keyboard.type('见下: ')
	await paste('<meta charset="utf-8"><table><tr><td style="color:#123">4711</td></tr></table>', '4711')
	await page.keyboard.press('Enter')
	// More than an editor, or a machine, could hold.
	await paste(
		`<table><tr><td>vast</td><td colspan="1000">x</td></tr>${'<tr><td>y</td></tr>'.repeat(250)}</table>`,
		'',
	)
	await page.keyboard.press('Enter')
	await paste(
		'<meta charset="utf-8"><style>td { mso-number-format: General }</style><table border="0"><col width="72"><tr><td>甲</td><td style="width:54pt">1</td></tr><tr><td>乙</td><td>2</td></tr></table>',
		'甲\t1\n乙\t2',
	)
	await writer.part('body').locator('td').nth(3).click()
	await page.keyboard.press('End')
	await page.keyboard.type('22')
	await writer.axe('a table in the editor')
	await writer.part('send').click()
	await writer.part('compose').waitFor({ state: 'detached' })
	const { html, text, attachments } = await sent(client, 'with tables')
	assert.match(html, /<p>见下: 4711<\/p>/)
	assert.match(
		html,
		/<table border="0"><tbody><tr><td width="72">甲<\/td><td width="72">1<\/td><\/tr><tr><td>乙<\/td><td>222<\/td><\/tr><\/tbody><\/table>/,
	)
	assert.match(html, /vast\u2003x<br>y<br>/)
	assert.match(text, /y\n\n甲\t1\n乙\t222\n/)
	assert.deepEqual(attachments, [])
	assert.match(html, /<table border="1" [^>]*width="400"/)
	assert.match(
		html,
		/<tr><th( width="80"| rowspan="2"){2}>部门<\/th><th colspan="2">收入<\/th><th colspan="2">支出<\/th><\/tr>/,
	)
	assert.match(html, /<td align="right">100<\/td><td>90<\/td><td><\/td><td>70<\/td><\/tr>/)
	assert.match(html, /<td( align="right"| colspan="4"){2}>合计<\/td><td><strong>70<\/strong><\/td>/)
	assert.equal(html.match(/<table/g)?.length, 2, 'a frame around a text is none')
	const lines = text.split('\n').flatMap(each => /^> (.*)/.exec(each)?.[1] ?? [])
	assert.deepEqual(
		lines.filter(each => /Budget|\t|framed/.test(each)),
		[
			'Budget',
			'部门\t收入\t\t支出',
			'\t预算\t实际\t预算\t实际',
			'销售\t100\t90\t\t70',
			'合计\t\t\t\t70',
			'framed',
		],
	)
	await client.logout()
	await writer.close()
})

test('what is to go later is seen to wait, and is stopped, sent at once or thrown away, in every window', async () => {
	await bj.addAccount('fang@test.com')
	const [client, inbox] = [await imapOf(bj, 'fang@test.com'), await imapOf(hk, 'carol@test.com')]
	const writer = await signIn(bj, 'fang@test.com', { locale: 'en' })
	const other = await signIn(hk, 'fang@test.com', { width: 390 })
	// What others have sent waits for some seconds too.
	const queued = async () =>
		((await bj.json('queue', 'list')) as { from: string }[]).filter(({ from }) => from === 'fang@test.com')
			.length
	const send = async (subject: string) => {
		await writer.part('later').click()
		await writer.part('later-morning').click()
		await writer.part('send').click()
		await writer.part('compose').waitFor({ state: 'detached' })
		assert.equal(await queued(), 1, subject)
	}
	await writer.part('write').click()
	await writer.part('to').fill('carol@test.com')
	await writer.part('subject').fill('not before tomorrow')
	await writer.part('body').click()
	await writer.page.keyboard.type('words')
	await send('first')
	await writer.page.reload()
	await writer.part('folder-sent').click()
	const line = writer.part('line').filter({ hasText: 'not before tomorrow' })
	await line.locator('[data-test="row-waits"]').waitFor()
	await writer.inspect('waiting-in-list')
	await line.click()
	assert.match((await writer.part('waits').textContent())!, /Not sent yet: it waits until .*0?8:00/)
	await writer.inspect('waiting-letter')

	// Another window, at another node, has heard of it, and stops it.
	await other.part('menu').click()
	await other.part('folder-waiting').click()
	assert.match(
		(await other.part('waits-line').textContent())!,
		/not before tomorrow.*尚未发出，将于 .*08:00 发出/,
	)
	await other.inspect('waiting-page')
	await other.part('waits-stop').click()
	await other.part('compose').waitFor()
	assert.equal(await other.part('subject').inputValue(), 'not before tomorrow')
	assert.equal(await queued(), 0)
	assert.deepEqual(await counts(client), { Drafts: 1, Sent: 0 })
	await other.part('put-aside').click()
	await other.part('compose').waitFor({ state: 'detached' })
	await writer.part('folder-waiting').waitFor({ state: 'detached' })

	// Thrown away it does not go, and undoing makes it a draft again.
	const goOn = async () => {
		await writer.part('folder-drafts').click()
		await line.click()
		await writer.part('compose').waitFor()
	}
	await goOn()
	await send('second')
	await writer.part('folder-sent').click()
	await line.locator('[data-test="row-waits"]').waitFor()
	await line.click()
	await writer.part('waits').waitFor()
	await writer.part('remove').click()
	await writer.page.getByText('It will not be sent.').waitFor()
	assert.equal(await queued(), 0)
	await writer.part('undo').click()
	await until('it is a draft', SOON, async () => (await counts(client)).Drafts === 1)

	await goOn()
	await send('third')
	await writer.part('folder-sent').click()
	await line.click()
	await writer.part('waits-now').click()
	await inbox.mailboxOpen('INBOX')
	await until('it goes now', SOON, async () => {
		return ((await inbox.search({ subject: 'not before tomorrow' })) as number[]).length === 1
	})
	await writer.part('waits').waitFor({ state: 'detached' })
	assert.deepEqual(await counts(client), { Drafts: 0, Sent: 1 })

	// A program that deletes it does not stop it; that it goes is still seen, and it can be stopped.
	await writer.part('write').click()
	await writer.part('to').fill('carol@test.com')
	await writer.part('subject').fill('deleted meanwhile')
	await send('fourth')
	await client.mailboxOpen('Sent')
	await client.messageDelete('2')
	await writer.part('folder-waiting').click()
	await writer.page.getByText('deleted for good').waitFor()
	await writer.part('waits-stop').click()
	await writer.page.getByText('Nothing waits to be sent.').waitFor()
	assert.equal(await queued(), 0)
	await Promise.all([client.logout(), inbox.logout()])
	await Promise.all([writer.close(), other.close()])
})

test('doubts are told before a message goes, each of them once', async () => {
	const writer = await signIn(hk, 'carol@test.com', { locale: 'en' })
	const { page } = writer
	await writer.part('write').click()
	await writer.part('send').click()
	await page.getByText('Say to whom it goes.').waitFor()
	await writer.part('to').fill('bob@test.com, nobody')
	await writer.part('send').click()
	await page.getByText('This is no address: nobody').waitFor()
	await readdress(writer, 'to', 'bob@test.com, partner@example.org')
	await writer.part('subject').fill('See the attachment')
	await writer.part('send').click()
	await page.getByText('speaks of an attachment').waitFor()
	await page.getByText('Somebody outside the company').waitFor()
	await writer.part('put-aside').click()
	await writer.part('compose').waitFor({ state: 'detached' })
	await writer.part('folder-drafts').click()
	await writer.part('line').filter({ hasText: 'See the attachment' }).click()
	await writer.part('compose').waitFor()
	assert.equal(await addressed(writer, 'to'), 'bob@test.com, partner@example.org')

	await writer
		.part('files')
		.setInputFiles([onDisk('one.bin', randomBytes(30_000_000)), onDisk('two.bin', randomBytes(20_000_000))])
	await until('both are at the node', 3 * SOON, async () =>
		(await writer.part('attached').allTextContents()).every(each => /MB/.test(each)),
	)
	await writer.part('send').click()
	await page.getByText('attachments are too large').waitFor()
	for (const name of ['one.bin', 'two.bin']) await page.getByLabel(`Remove ${name}`).click()
	await writer.part('subject').fill('No more files')
	await writer.part('send').click() // told of everything that is left
	await writer.part('compose').waitFor({ state: 'detached' })
	await writer.part('undo').click()
	await writer.part('discard').click()
	await writer.part('discard-sure').click()
	await writer.part('compose').waitFor({ state: 'detached' })
	await writer.close()
})

test('who may not send so much, to so many or outside is told which limit it is and whom it is about', async () => {
	await bj.say('unit add', { name: 'Trainees', recipients: 2, messageSize: 20_000, outside: false })
	await bj.say('account add', { address: 'eve@test.com', password: 'secret', unit: 'Trainees' })
	await bj.say('group add', { address: 'board@test.com', senders: 'members', members: ['dora@test.com'] })
	const writer = await signIn(bj, 'eve@test.com', { locale: 'zh-CN' })
	await writer.part('write').click()
	await writer.part('subject').fill('不能发')
	const send = async (to: string, said: RegExp) => {
		await readdress(writer, 'to', to)
		await writer.part('send').click()
		await writer.page.getByText(said).waitFor()
	}
	await send('dora@test.com, bob@test.com, carol@test.com', /收件人太多.*最多可以发给 2 人/)
	await send('partner@example.org', /只能给本组织内的地址发信，不能发给：partner@example\.org。/)
	await send('board@test.com', /您无权给这些地址发信：board@test\.com。/)
	await send('dora@test.com, nobody@test.com', /无法发给这些收件人：nobody@test\.com。/)
	await writer.part('files').setInputFiles(onDisk('some.bin', randomBytes(30_000)))
	await until('it is at the node', SOON, async () =>
		/KB/.test((await writer.part('attached').textContent()) ?? ''),
	)
	await send('dora@test.com', /邮件太大：您发送的邮件不能超过 19\.5 KB/)
	await writer.part('discard').click()
	await writer.part('discard-sure').click()
	await writer.part('compose').waitFor({ state: 'detached' })
	await writer.close()
})

test('what is written survives a lost line and a closed page', async () => {
	const client = await imapOf(hk, 'carol@test.com')
	await deliver(hk, 'carol@test.com', [{ subject: 'came before' }])
	const writer = await signIn(line, 'carol@test.com', { locale: 'en' })
	const { page } = writer
	page.on('dialog', dialog => void dialog.accept().catch(() => {}))
	await writer.part('line').filter({ hasText: 'came before' }).click()
	await writer.part('letter').waitFor()
	await writer.part('write').click()
	await writer.part('subject').fill('on the train')
	await writer.part('body').click()
	await page.keyboard.type('before the tunnel, ')
	await until('it is in the drafts', SOON, async () => (await state(writer)).includes('Saved'))
	line.cut()
	await page.keyboard.type('in the tunnel')
	await page.getByText('It is kept in this browser').waitFor()
	assert.match((await writer.part('letter').textContent())!, /came before/, 'what was open is still there')
	line.mend()
	await until('it saves itself', SOON, async () => (await state(writer)).includes('Saved'))
	assert.equal((await counts(client)).Drafts, 1)

	await hk.kill()
	await page.keyboard.type(', and out')
	await page.getByText('It is kept in this browser').waitFor()
	await hk.start()
	await page.reload()
	await writer.part('compose').waitFor()
	assert.equal(await writer.part('subject').inputValue(), 'on the train')
	const body = () => writer.part('body').textContent()
	await until('the words are back', SOON, async () =>
		/the tunnel, in the tunnel, and out/.test((await body())!),
	)
	await until('it is in the drafts', SOON, async () => (await state(writer)).includes('Saved'))
	const again = await imapOf(hk, 'carol@test.com')
	assert.equal((await counts(again)).Drafts, 1, 'one draft, whatever was tried in between')
	await again.mailboxOpen('Drafts')
	const { source } = (await again.fetchOne('1', { source: true })) as { source: Buffer }
	assert.match(source.toString(), /in the tunnel, and out/)
	await again.logout()
	await writer.part('discard').click()
	await writer.part('discard-sure').click()
	await writer.part('compose').waitFor({ state: 'detached' })
	writer.wrong.length = 0 // the browser itself complains of the line
	await writer.close()
	client.close()
})

test('an answer that was put aside goes on from the drafts and from its conversation', async () => {
	await deliver(hk, 'carol@test.com', [{ subject: 'a question' }])
	const writer = await signIn(hk, 'carol@test.com', { locale: 'en' })
	const { page } = writer
	const line = writer.part('line').filter({ hasText: 'a question' })
	await line.click()
	await writer.part('reply').click()
	await writer.part('body').click()
	await page.keyboard.type('half an answer')
	await writer.part('put-aside').click()
	await writer.part('compose').waitFor({ state: 'detached' })
	const goesOn = async () => {
		await writer.part('compose').waitFor()
		await until('the words are there', SOON, async () =>
			/half an answer/.test((await writer.part('body').textContent())!),
		)
	}
	await writer.part('folder-drafts').click()
	await line.click()
	await goesOn()
	await writer.part('put-aside').click()
	await writer.part('compose').waitFor({ state: 'detached' })
	await writer.part('folder-inbox').click()
	await line.click()
	await writer.part('is-draft').waitFor()
	await writer.part('reply-below').waitFor() // what is answered is the letter, not the draft
	await writer.axe('a draft in its conversation')
	await page.getByRole('button', { name: /^Draft carol/ }).focus()
	await page.keyboard.press('Enter')
	await goesOn()
	await writer.part('discard').click()
	await writer.part('discard-sure').click()
	await writer.part('is-draft').waitFor({ state: 'detached' })
	await writer.close()
})

const state = async (writer: { part(name: string): { textContent(): Promise<string | null> } }) =>
	(await writer.part('draft-state').textContent()) ?? ''

test('one draft that is written on in two windows becomes two messages, each with an id of its own', async () => {
	await hk.addAccount('gina@test.com')
	const client = await imapOf(hk, 'gina@test.com')
	const ids = async (box: string, many: number) => {
		await client.mailboxOpen(box)
		const found = new Set<string>()
		await until(`${many} in ${box}`, SOON, async () => {
			const all = await client.fetchAll('1:*', { envelope: true })
			for (const { envelope } of all) found.add(envelope!.messageId!)
			return all.length === many
		})
		return found.size
	}
	const one = await signIn(hk, 'gina@test.com', { locale: 'en' })
	await one.part('write').click()
	await one.part('to').fill('bob@test.com')
	await one.part('subject').fill('begun')
	await one.part('put-aside').click()
	const other = await signIn(hk, 'gina@test.com', { locale: 'en' })
	for (const window of [one, other]) {
		await window.part('folder-drafts').click()
		await window.part('line').filter({ hasText: 'begun' }).click()
		await window.part('compose').waitFor()
	}
	for (const [window, subject] of [
		[one, 'one way'],
		[other, 'the other'],
	] as const) {
		await window.part('subject').fill(subject)
		await window.part('put-aside').click()
		await window.part('compose').waitFor({ state: 'detached' })
	}
	assert.equal(await ids('Drafts', 2), 2)
	for (const window of [one, other]) {
		await window.part('line').filter({ hasText: 'one way' }).click()
		await window.part('compose').waitFor()
	}
	for (const window of [one, other]) {
		await window.part('send').click()
		await window.part('compose').waitFor({ state: 'detached' })
	}
	assert.equal(await ids('Sent', 2), 2)
	await client.logout()
	await Promise.all([one.close(), other.close()])
})

test('a message whose answer was lost goes out once', async () => {
	const client = await imapOf(hk, 'bob@test.com')
	const writer = await signIn(line, 'carol@test.com', { locale: 'en' })
	await writer.part('write').click()
	await writer.part('to').fill('bob@test.com')
	await writer.part('subject').fill('once only')
	await writer.part('body').click()
	await writer.page.keyboard.type('words')
	// The node hears the question; nobody hears its answer.
	await writer.page.route('**/jmap/api', async route => {
		if (!route.request().postData()?.includes('EmailSubmission/set')) return route.continue()
		await route.fetch()
		await route.abort()
	})
	await writer.part('send').click()
	await writer.page.getByText('The server cannot be reached').first().waitFor()
	await writer.page.unroute('**/jmap/api')
	await writer.part('send').click()
	await writer.part('compose').waitFor({ state: 'detached' })
	await client.mailboxOpen('INBOX')
	const found = async () => ((await client.search({ subject: 'once only' })) as number[]).length
	await until('it has come', SOON, async () => (await found()) > 0)
	await until('no other is on its way', SOON, async () =>
		((await hk.json('queue', 'list')) as { to: string }[]).every(({ to }) => to !== 'bob@test.com'),
	)
	const sender = await imapOf(hk, 'carol@test.com')
	assert.deepEqual(await counts(sender), { Drafts: 0, Sent: 1 })
	assert.equal(await found(), 1)
	await Promise.all([client.logout(), sender.logout()])
	writer.wrong.length = 0
	await writer.close()
})

test('a line that falls silent is noticed, and what came meanwhile is there when it speaks again', async () => {
	const reader = await signIn(line, 'carol@test.com', { locale: 'en' })
	const { page } = reader
	await page.clock.install()
	const listens = page.waitForResponse(response => response.url().includes('/jmap/events'))
	await page.reload()
	await reader.part('list').waitFor()
	await listens
	line.hush()
	await deliver(hk, 'carol@test.com', [{ subject: 'came in silence' }])
	assert.equal(await reader.part('offline').count(), 0)
	await page.clock.fastForward('01:20')
	await reader.part('offline').waitFor()
	line.mend()
	await page.clock.fastForward('00:40')
	await reader.part('line').filter({ hasText: 'came in silence' }).waitFor()
	await reader.part('offline').waitFor({ state: 'detached' })
	reader.wrong.length = 0
	await reader.close()
})

test('an attachment of 25 MB goes on after a cut, and comes whole', async () => {
	const client = await imapOf(hk, 'bob@test.com')
	const writer = await signIn(line, 'carol@test.com', { locale: 'en' })
	const large = randomBytes(LARGE)
	await writer.part('write').click()
	await writer.part('to').fill('bob@test.com')
	await writer.part('subject').fill('large')
	const before = line.sent
	line.cutAfter(LARGE / 2)
	await writer.part('files').setInputFiles(onDisk('large.bin', large))
	await until('the line breaks', 2 * SOON, () => line.isCut)
	const told = await writer.part('attached').locator('.number').textContent()
	assert.ok(Number.parseInt(told!, 10) >= 40, `so much is told to be there: ${told}`)
	line.mend()
	await until('it is at the node', 2 * SOON, async () =>
		/MB/.test((await writer.part('attached').textContent()) ?? ''),
	)
	const sent = line.sent - before
	assert.ok(sent < LARGE + 4_000_000, `${sent} octets for ${LARGE}`)
	await writer.part('send').click()
	await writer.part('compose').waitFor({ state: 'detached', timeout: 2 * SOON })
	await client.mailboxOpen('INBOX')
	await until(
		'it has come',
		2 * SOON,
		async () => ((await client.search({ subject: 'large' })) as number[]).length === 1,
	)
	const [number] = (await client.search({ subject: 'large' })) as number[]
	const { content } = await client.download(String(number), '2')
	const octets: Buffer[] = []
	for await (const piece of content!) octets.push(piece)
	assert.ok(Buffer.concat(octets).equals(large))
	await client.logout()
	writer.wrong.length = 0
	await writer.close()
})
