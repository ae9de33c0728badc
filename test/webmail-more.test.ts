import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { connect } from 'node:tls'
import { unzipSync } from 'fflate'
import { ImapFlow } from 'imapflow'
import { createTransport, type SendMailOptions } from 'nodemailer'
import { TOTP } from 'otpauth'
import { Browser, buildPages, endBrowsers, type Look } from './support/browser.ts'
import { JmapClient } from './support/jmap.ts'
import { endAll, PORTS, TestNode, until } from './support/nodes.ts'
import { Visitor } from './support/web.ts'

const node = new TestNode('127.0.33.1')

before(async () => {
	await Promise.all([buildPages(), node.start()])
	await node.say('setup', { domain: 'test.com', admin: 'admin@test.com', password: 'secret' })
	for (const name of ['zhangwei', 'alice', 'bob', 'wanglei', '李娜'])
		await node.addAccount(`${name}@test.com`)
	await node.say('account edit', { address: 'bob@test.com', name: 'Bob Miller' })
})
after(async () => {
	await endBrowsers()
	await endAll()
})

async function signIn(login: string, look: Look = {}): Promise<Browser> {
	const browser = await Browser.open(look)
	await browser.go(node.ip, '/mail/')
	await browser.part('login').fill(login)
	await browser.part('password').fill('secret')
	await browser.part('sign-in').click()
	await browser.part('list').waitFor()
	return browser
}

async function deliver(to: string, ...letters: SendMailOptions[]): Promise<void> {
	const mailer = createTransport({ host: node.ip, port: PORTS.smtp, ignoreTLS: true, pool: true })
	for (const letter of letters) await mailer.sendMail({ from: '"李娜" <lina@example.org>', to, ...letter })
	mailer.close()
}

/** As somebody who is signed in. */
async function sendAs(user: string, letter: SendMailOptions): Promise<void> {
	const mailer = createTransport({
		host: node.ip,
		port: PORTS.submissions,
		secure: true,
		tls: { rejectUnauthorized: false },
		auth: { user, pass: 'secret' },
	})
	await mailer.sendMail(letter)
	mailer.close()
}

test('without a line what was open stays, the page opens all the same, and it comes back by itself', async () => {
	await deliver(
		'alice@test.com',
		{ subject: 'never opened', text: 'unknown words' },
		{ subject: 'in HTML', html: '<p>said <b>in bold</b></p>' },
		{ subject: 'in plain text', text: 'said plainly' },
	)
	const browser = await signIn('alice@test.com', { locale: 'en' })
	const { page } = browser
	const line = (words: string) => browser.part('line').filter({ hasText: words })
	const frame = page.frameLocator('iframe')
	await line('in HTML').click()
	await frame.getByText('in bold').waitFor()
	await line('in plain text').click()
	await page.getByText('said plainly').last().waitFor()
	await until('the page is kept', 10_000, async () => (await keptFiles(browser)).length > 20)

	await node.stop()
	await browser.part('offline').waitFor()
	await line('in HTML').click()
	await frame.getByText('in bold').waitFor()
	await page.goBack()
	await page.locator('.text', { hasText: 'said plainly' }).waitFor()

	await page.reload() // the files of the page are there; who one is can only be asked of the node
	await page.locator('main .notice').waitFor()
	assert.equal(await browser.part('login').count(), 0, 'nobody is asked for a password that cannot be tried')
	await node.start()
	await line('never opened').waitFor()
	const kept = await keptFiles(browser)
	assert.deepEqual(
		kept.filter(path => !/^\/assets\/[\w.-]+\.(js|css|svg)$|^\/mail\/(letter(\?pictures=yes)?)?$/.test(path)),
		[],
		'no mail and no answer is kept',
	)
	await browser.close()
})

test('when a part of the page cannot be had any more, it says so and is loaded again', async () => {
	const browser = await Browser.open({ locale: 'en' })
	const { page } = browser
	// As in a browser that keeps nothing, at a node that has other files by now.
	await page.addInitScript('delete Navigator.prototype.serviceWorker')
	await page.route('**/assets/Compose-*', route => route.fulfill({ status: 404 }))
	await browser.go(node.ip, '/mail/')
	await browser.part('login').fill('bob@test.com')
	await browser.part('password').fill('secret')
	await browser.part('sign-in').click()
	await browser.part('write').click()
	await browser.part('part-missing').waitFor()
	await browser.axe('a part is missing')
	await page.unroute('**/assets/Compose-*')
	await browser.part('reload').click()
	await browser.part('part-missing').waitFor({ state: 'detached' })
	await browser.part('write').click()
	await browser.part('compose').waitFor()
	await browser.part('put-aside').click()
	browser.wrong.length = 0 // the browser itself complains of the part
	await browser.close()
})

/** Paths of what the service worker keeps. */
const keptFiles = (browser: Browser) =>
	browser.page.evaluate(`(async () => {
		const found = []
		for (const name of await caches.keys())
			for (const { url } of await (await caches.open(name)).keys()) found.push(url.slice(location.origin.length))
		return found
	})()`) as Promise<string[]>

test('the page can be made a program, in the language of the person', async () => {
	const browser = await Browser.open({ locale: 'zh-CN' })
	await browser.go(node.ip, '/mail/')
	await browser.part('login').waitFor()
	const manifest = (await browser.page.evaluate(
		`fetch(document.querySelector('link[rel=manifest]').href).then(async answer => ({ type: answer.headers.get('content-type'), ...(await answer.json()) }))`,
	)) as { type: string; name: string; icons: { src: string }[] }
	assert.match(manifest.type, /^application\/manifest\+json/)
	assert.equal(manifest.name, '排箫邮箱')
	for (const { src } of manifest.icons) {
		const answer = await new Visitor(node).get(`//mail/${src}`)
		assert.equal(answer.status, 200, src)
		assert.match(answer.headers['content-type'], /^image\//, src)
	}
	const session = await browser.context.newCDPSession(browser.page)
	const { errors } = await session.send('Page.getAppManifest')
	assert.deepEqual(errors, [])
	await browser.close()
})

const PDF = `%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>endobj
4 0 obj<</Length 44>>stream
BT /F1 36 Tf 40 90 Td (Hello PDF) Tj ET
endstream endobj
trailer<</Root 1 0 R>>`
const DOT = Buffer.from(
	'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
	'base64',
)
const INVITATION = [
	...['BEGIN:VCALENDAR', 'METHOD:REQUEST', 'BEGIN:VEVENT', 'UID:plan@example.org', 'SUMMARY:预算会议'],
	...['DTSTART;TZID=Europe/Berlin:20261201T090000', 'DTEND;TZID=Europe/Berlin:20261201T103000'],
	...['RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH;COUNT=6', 'LOCATION:Room 4\\, second floor'],
	...['DESCRIPTION:Bring figures', 'ORGANIZER;CN=李娜:mailto:lina@example.org'],
	...['ATTENDEE;CN=Alice;PARTSTAT=ACCEPTED:mailto:alice@test.com', 'END:VEVENT', 'END:VCALENDAR', ''],
].join('\r\n')

test('an invitation is a card by the reader’s clock; pictures, text and PDF are looked at in place, all is saved as one', async () => {
	await deliver('alice@test.com', {
		subject: 'come and see',
		text: 'the agenda is attached',
		attachments: [
			{ filename: 'dot.png', content: DOT },
			{ filename: '说明.txt', content: '纯文本 plain' },
			{ filename: '名单.csv', contentType: 'text/csv', content: Buffer.from('d0d5c3fb2cb5e7bbb0', 'hex') },
			{ filename: 'agenda.pdf', content: PDF },
			{ filename: 'page.html', content: '<script>window.evil=1</script>' },
			{
				filename: 'invite.ics',
				contentType: 'text/calendar; charset=utf-8; method=REQUEST',
				content: INVITATION,
			},
		],
	})
	for (const [locale, dark] of [
		['en', true],
		['zh-CN', false],
	] as const) {
		const browser = await signIn('alice@test.com', { locale, dark })
		const { page } = browser
		await browser.part('line').filter({ hasText: 'come and see' }).click()
		const card = browser.part('invitation')
		await card.getByText('预算会议').waitFor()
		// The browser is in Shanghai, seven hours ahead of Berlin in winter.
		assert.match((await browser.part('when').textContent()) ?? '', /2026.*16:00.*17:30/s)
		const repeats = (await browser.part('repeats').textContent()) ?? ''
		const said = {
			en: 'every 2 weeks, on Tuesday, Thursday, 6 times',
			'zh-CN': '每 2 周，星期二、星期四，共 6 次',
		}
		assert.equal(repeats, said[locale])
		const words = (await card.textContent()) ?? ''
		for (const part of ['Room 4, second floor', '李娜', 'Alice', 'Bring figures'])
			assert.ok(words.includes(part), part)
		await browser.inspect(`invitation-${locale}`)

		const file = (name: string) => browser.part('attachment').filter({ hasText: name })
		await file('dot.png').click()
		await until('the picture is drawn', 10_000, () =>
			page.evaluate(`document.querySelector('[data-test=look-picture]')?.naturalWidth === 1`),
		)
		await page.keyboard.press('Escape')
		await file('说明.txt').click()
		assert.equal(await browser.part('look-text').textContent(), '纯文本 plain')
		await browser.axe('a text that is looked at')
		await page.keyboard.press('Escape')
		await file('名单.csv').click()
		await browser.part('look-text').filter({ hasText: '姓名,电话' }).waitFor()
		await page.keyboard.press('Escape')
		await file('agenda.pdf').click()
		await browser.part('look-pdf').waitFor()
		// The viewer is a page of the browser's own.
		await until('the viewer has it', 20_000, async () =>
			page.frames().some(frame => frame.url().startsWith('chrome-extension:')),
		)
		await page.keyboard.press('Escape')
		const [saved] = await Promise.all([page.waitForEvent('download'), file('page.html').click()])
		assert.equal(saved.suggestedFilename(), 'page.html', 'a page is saved, never opened')

		const [zip] = await Promise.all([page.waitForEvent('download'), browser.part('save-all').click()])
		const files = unzipSync(readFileSync(await zip.path()))
		assert.deepEqual(Object.keys(files).sort(), [
			'agenda.pdf',
			'dot.png',
			'invite.ics',
			'page.html',
			'名单.csv',
			'说明.txt',
		])
		assert.equal(Buffer.from(files['agenda.pdf']!).toString(), PDF)
		assert.equal(await page.evaluate('window.evil'), undefined)
		await browser.close()
	}
})

test('where a message came from is said in plain words; one that only pretends is flagged; the original can be seen', async () => {
	await deliver(
		'bob@test.com',
		{ subject: 'from outside', text: 'x' },
		{ subject: 'pretends', text: 'x', from: 'Alice <alice@test.com>' },
		{ subject: 'borrows a name', text: 'x', from: '"alice" <someone@example.org>' },
	)
	await node.say('account edit', { address: 'alice@test.com', name: 'Alice' })
	await sendAs('alice@test.com', {
		from: 'alice@test.com',
		to: 'bob@test.com',
		subject: 'signed in',
		text: 'x',
	})
	const browser = await signIn('bob@test.com', { locale: 'en' })
	const { page } = browser
	const open = async (subject: string) => {
		await browser.part('line').filter({ hasText: subject }).click()
		await page.locator('[data-test=reading] h1', { hasText: subject }).waitFor()
		await browser.part('details').click()
		return (await page.locator('[data-test=letter] dl').textContent()) ?? ''
	}
	assert.match(await open('from outside'), /whether example\.org really sent it is not known/)
	assert.equal(await browser.part('forged').count(), 0)
	await browser.inspect('details')
	assert.match(await open('signed in'), /Written by somebody of your company/)
	assert.equal(await browser.part('forged').count(), 0)
	await open('pretends')
	await browser.part('forged').waitFor()
	await open('borrows a name')
	await browser.part('stranger').waitFor()
	await browser.part('original').click()
	await browser.part('original-text').filter({ hasText: 'Subject: borrows a name' }).waitFor()
	await browser.axe('the original')
	const [saved] = await Promise.all([page.waitForEvent('download'), browser.part('original-save').click()])
	assert.match(readFileSync(await saved.path(), 'utf8'), /^Return-Path: .*Subject: borrows a name\r\n/s)
	await page.keyboard.press('Escape')

	await page.emulateMedia({ media: 'print' })
	await page.evaluate(`document.documentElement.classList.add('dark')`)
	assert.equal(
		await page.evaluate(`getComputedStyle(document.querySelector('[data-test=letter]')).color`),
		'rgb(23, 33, 31)',
		'paper is white in any theme',
	)
	assert.equal(await browser.part('letter').isVisible(), true)
	for (const name of ['list', 'write', 'search', 'reply', 'remove', 'details']) {
		assert.equal(await browser.part(name).first().isVisible(), false, `${name} is not printed`)
	}
	await browser.close()
})

const LOOKS = `<html><body bgcolor="003366" text="ffffff"><p id="plain">white on blue</p>
<table border="1" cellspacing="0" background="http://127.0.33.1:1/pattern.png">
<tr><th rowspan="2">部门</th><th colspan="2" bgcolor="#800000"><font color="#ffff00" size="5" face="serif">收入</font></th></tr>
<tr><td width="300" align="right" valign="top" nowrap>100</td><td background="http://127.0.33.1:1/cell.png">90</td></tr></table>
<ol start="5" type="a"><li>fifth</li></ol><p dir="rtl" lang="ar" align="center">x</p><hr width="50%" noshade>
<img src="cid:none" width="100" height="50" alt="none"></body></html>`
const WIDE = `<style>body { min-height: 100vh; margin: 10px }</style><table border="1"><tr>${Array.from({ length: 14 }, (_, column) => `<td>${'合计金额'.repeat(2)}${column}</td><td>amount${column}of${column}</td>`).join('')}</tr></table>
${'<p>words that need a line at a time where there is little room for them to stand in</p>'.repeat(20)}
<p>${'unbroken'.repeat(60)}</p>`

test('a letter in HTML looks as it was written: merged cells, colours, widths; a wide table scrolls, and room is given back', async () => {
	await deliver('bob@test.com', { subject: 'how it looks', html: LOOKS }, { subject: 'wide', html: WIDE })
	const browser = await signIn('bob@test.com', { locale: 'en' })
	const { page } = browser
	const open = async (subject: string) => {
		await browser.part('line').filter({ hasText: subject }).click()
		await page.locator('[data-test=reading] h1', { hasText: subject }).waitFor()
		await page.locator('iframe[data-filled=yes]').waitFor()
	}
	const inside = <T>(expression: string) =>
		page.evaluate(
			`(inside => { const one = name => inside.querySelector(name); return ${expression} })(document.querySelector('iframe').contentDocument)`,
		) as Promise<T>
	await open('how it looks')
	assert.deepEqual(
		await inside(
			`[...inside.querySelectorAll('th, td')].map(({ colSpan, rowSpan, width, align, vAlign, noWrap }) => [colSpan, rowSpan, width, align, vAlign, noWrap])`,
		),
		[
			[1, 2, '', '', '', false],
			[2, 1, '', '', '', false],
			[1, 1, '300', 'right', 'top', true],
			[1, 1, '', '', '', false],
		],
	)
	assert.deepEqual(
		await inside(`{
			page: [getComputedStyle(inside.body).backgroundColor, getComputedStyle(one('p')).color],
			cell: getComputedStyle(inside.querySelectorAll('th')[1]).backgroundColor,
			font: [one('font').color, one('font').size, one('font').face],
			table: [one('table').border, one('table').cellSpacing],
			list: [one('ol').start, one('ol').type],
			paragraph: [inside.querySelectorAll('p')[1].dir, inside.querySelectorAll('p')[1].align, inside.querySelectorAll('p')[1].lang],
			line: one('hr').width,
			picture: one('img').getAttribute('width'),
			behind: inside.querySelectorAll('[background], [id]').length,
		}`),
		{
			page: ['rgb(0, 51, 102)', 'rgb(255, 255, 255)'],
			cell: 'rgb(128, 0, 0)',
			font: ['#ffff00', '5', 'serif'],
			table: ['1', '0'],
			list: [5, 'a'],
			paragraph: ['rtl', 'center', 'ar'],
			line: '50%',
			picture: '100',
			behind: 0,
		},
	)

	await open('wide')
	/** The frame's height, and what of it the letter does not need (or lacks). */
	const spare = () =>
		inside<number[]>(
			`[document.querySelector('iframe').offsetHeight, Math.round(inside.documentElement.clientHeight - inside.body.lastElementChild.getBoundingClientRect().bottom - inside.documentElement.scrollTop)]`,
		)
	const settled = async (what: string) => {
		let last = 0
		await until(what, 30_000, async () => {
			const [height, rest] = (await spare()) as [number, number]
			const same = height === last
			last = height
			return same && rest >= 0 && rest < 60
		})
		return last
	}
	const wide = await settled('it stands in its frame')
	assert.ok(
		await inside('inside.documentElement.scrollWidth > inside.documentElement.clientWidth'),
		'one scrolls to what is on the right',
	)
	const narrowest = await inside<number>(
		`Math.min(...[...inside.querySelectorAll('td')].map(each => each.offsetWidth))`,
	)
	assert.ok(narrowest > 40, `a column is ${narrowest} pixels wide`)
	assert.ok(
		await inside(
			`inside.body.lastElementChild.getBoundingClientRect().width <= inside.documentElement.clientWidth`,
		),
		'a word that is too long is broken',
	)
	const before = page.viewportSize()!
	await page.setViewportSize({ width: 390, height: 844 })
	const narrow = await settled('it stands in a narrow frame')
	assert.ok(narrow > wide, `${narrow} > ${wide}`)
	await page.setViewportSize(before)
	assert.equal(await settled('the room is given back'), wide)
	await browser.close()
})

test('an address in Chinese is one at the door and in a contact, and stays as it was typed', async () => {
	const browser = await signIn('李娜@test.com', { locale: 'zh-CN' })
	await browser.part('contacts').click()
	await browser.part('contact-new').click()
	await browser.part('contact-name').fill('张伟')
	await browser.part('contact-email-0').pressSequentially('张伟@例子.test')
	assert.equal(await browser.part('contact-email-0').inputValue(), '张伟@例子.test')
	assert.equal(await browser.part('contact-email-0').getAttribute('inputmode'), 'email')
	await browser.part('contact-save').click()
	await browser.part('contact').getByText('张伟@例子.test').waitFor()
	await browser.close()
})

test('a colleague of another domain of the company is a colleague', async () => {
	await node.say('domain add', { domain: 'firm.test' })
	await node.addAccount('zhao@firm.test')
	await node.say('account edit', { address: 'zhao@firm.test', name: 'Zhao Min' })
	const letter = { from: '"Zhao Min" <zhao@firm.test>', text: 'x' }
	await sendAs('zhao@firm.test', { ...letter, to: 'bob@test.com', subject: 'from the other house' })
	await deliver('bob@test.com', { ...letter, subject: 'only says so' })
	const browser = await signIn('bob@test.com', { locale: 'en' })
	const open = async (subject: string) => {
		await browser.part('line').filter({ hasText: subject }).click()
		await browser.page.locator('[data-test=reading] h1', { hasText: subject }).waitFor()
	}
	await open('only says so')
	await browser.part('forged').waitFor()
	await open('from the other house')
	await browser.part('details').click()
	await browser.page.getByText('Written by somebody of your company').waitFor()
	assert.equal(await browser.part('stranger').count(), 0)

	await browser.part('write').click()
	await browser.part('to').fill('alice@test.com, zhao@firm.test, lina@example.org,')
	await until(
		'three stand there',
		10_000,
		async () => (await browser.part('to-piece').allTextContents()).length === 3,
	)
	const outside = await browser.page.locator('[data-test=to-piece].outside').allTextContents()
	assert.deepEqual(
		outside.map(each => each.trim()),
		['lina@example.org'],
	)
	await browser.part('subject').fill('to both houses')
	await browser.part('send').click()
	await browser.page.getByText('is among the recipients: lina@example.org').waitFor()
	await browser.part('discard').click()
	await browser.part('discard-sure').click()
	await browser.part('compose').waitFor({ state: 'detached' })
	await browser.close()
})

const DOORS = {
	async imap(user: string, pass: string): Promise<void> {
		const client = new ImapFlow({
			host: node.ip,
			port: PORTS.imaps,
			secure: true,
			tls: { rejectUnauthorized: false },
			auth: { user, pass },
			logger: false,
		})
		await client.connect()
		client.close()
	},
	async pop3(user: string, pass: string): Promise<void> {
		const socket = connect({ host: node.ip, port: PORTS.pop3s, rejectUnauthorized: false })
		socket.write(`USER ${user}\r\nPASS ${pass}\r\nQUIT\r\n`)
		const answers: string[] = []
		for await (const line of createInterface({ input: socket })) answers.push(line)
		if (!answers[2]?.startsWith('+OK')) throw new Error(answers.join())
	},
	async smtp(user: string, pass: string): Promise<void> {
		const tls = { rejectUnauthorized: false }
		const mailer = createTransport({
			host: node.ip,
			port: PORTS.submissions,
			secure: true,
			tls,
			auth: { user, pass },
		})
		await mailer.verify().finally(() => mailer.close())
	},
}

test('passwords of devices, the second factor and sessions are in the settings, and hold', async () => {
	const login = 'wanglei@test.com'
	const other = await signIn(login, { locale: 'zh-CN' })
	const browser = await signIn(login, { locale: 'en' })
	const { page } = browser
	await browser.part('settings').click()
	await browser.part('sessions').getByRole('button', { name: /^End/ }).click()
	await browser.part('sessions').getByRole('button', { name: /^End/ }).waitFor({ state: 'detached' })
	await other.part('folder-sent').click()
	await other.part('login').waitFor()
	await other.close()

	await DOORS.imap(login, 'secret')
	await browser.part('app-password-name').fill('telephone')
	await browser.part('add-app-password').click()
	const made = (await browser.part('app-password').textContent())!
	for (const enter of Object.values(DOORS)) await enter(login, made)

	await browser.part('totp-on').click()
	const secret = (await browser.part('totp-secret').textContent())!
	const code = () => new TOTP({ secret }).generate()
	await browser.part('totp-code').fill(code())
	await browser.part('totp-confirm').click()
	await browser.part('recovery-code').nth(7).waitFor()
	const [recovery] = await browser.part('recovery-code').allTextContents()
	await browser.axe('recovery codes')
	await browser.part('codes-kept').click()
	await assert.rejects(DOORS.imap(login, 'secret'), 'the password alone is not enough any more')
	for (const enter of Object.values(DOORS)) await enter(login, made)
	await page.getByRole('button', { name: /^Remove ?telephone$/ }).click()
	await page.getByRole('button', { name: /^Remove ?telephone$/ }).waitFor({ state: 'detached' })
	await assert.rejects(DOORS.pop3(login, made))

	await browser.part('account').click()
	await browser.part('sign-out').click()
	await browser.part('login').fill(login)
	await browser.part('password').fill('secret')
	await browser.part('sign-in').click()
	await browser.part('totp').fill(recovery!)
	await browser.part('sign-in').click()
	await browser.part('totp-off').or(browser.part('list')).first().waitFor()
	await browser.close()
})

test('a receipt that is asked for goes out only when the reader says so, and once', async () => {
	const asking = { from: 'alice@test.com', to: 'bob@test.com', text: 'x' }
	const headers = { 'Disposition-Notification-To': 'alice@test.com' }
	await sendAs('alice@test.com', { ...asking, subject: 'please confirm', headers })
	await sendAs('alice@test.com', { ...asking, subject: 'confirm this too', headers })
	const browser = await signIn('bob@test.com', { locale: 'zh-CN' })
	const open = (subject: string) => browser.part('line').filter({ hasText: subject }).click()
	await open('confirm this too')
	await browser.part('receipt').waitFor()
	await browser.axe('a receipt is asked for')
	await browser.part('receipt-refuse').click()
	await browser.part('receipt').waitFor({ state: 'detached' })
	await open('please confirm')
	await browser.part('receipt').waitFor()
	const alice = await JmapClient.open(node.ip, 'alice@test.com')
	const receipts = async () => {
		const { ids } = await alice.one('Email/query', { filter: { subject: '已读' } })
		return ids as string[]
	}
	assert.deepEqual(await receipts(), [], 'reading sends nothing')
	await browser.part('receipt-send').click()
	await browser.part('receipt').waitFor({ state: 'detached' })
	await until('the receipt is there', 20_000, async () => (await receipts()).length === 1)
	const other = await signIn('bob@test.com', { locale: 'en' })
	for (const subject of ['please confirm', 'confirm this too']) {
		await other.part('line').filter({ hasText: subject }).click()
		await other.page.locator('[data-test=reading] h1', { hasText: subject }).waitFor()
		await other.part('letter').locator('.text').waitFor()
		assert.equal(await other.part('receipt').count(), 0, 'nobody is asked twice, at no device')
	}
	await Promise.all([browser.close(), other.close()])
})
