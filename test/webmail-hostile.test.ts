import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, before, test } from 'node:test'
import { createTransport } from 'nodemailer'
import { hostile } from './hostile/letters.ts'
import { Browser, buildPages, endBrowsers } from './support/browser.ts'
import { endAll, PORTS, TestNode, until } from './support/nodes.ts'

const node = new TestNode('127.0.32.11')
const TRAP = '127.0.32.200:8099'
const asked: string[] = []
const trap = createServer((request, response) => {
	asked.push(request.url ?? '')
	response.end()
})
// Also of a browser that would rather speak TLS.
let connections = 0
trap.on('connection', () => connections++)
// Unmistakable, wherever it runs.
const EVIL = "(window.top||window).postMessage('evil','*'),window.evil=1,alert(1)"

before(async () => {
	await Promise.all([
		buildPages(),
		node.start(),
		new Promise<void>(resolve => trap.listen(8099, '127.0.32.200', resolve)),
	])
	await node.say('setup', { domain: 'test.com', admin: 'admin@test.com', password: 'secret' })
	await node.addAccount('bob@test.com')
	const mailer = createTransport({ host: node.ip, port: PORTS.smtp, ignoreTLS: true, pool: true })
	for (const [number, { tries, html }] of hostile.entries()) {
		await mailer.sendMail({
			from: 'stranger@example.org',
			to: 'bob@test.com',
			subject: `${number}: ${tries}`,
			html: html.replaceAll('EVIL', EVIL).replaceAll('TRAPHOST', TRAP).replaceAll('TRAP', `http://${TRAP}`),
		})
	}
	mailer.close()
})
after(async () => {
	await endBrowsers()
	await endAll()
	trap.closeAllConnections()
	trap.close()
})

test('of a hundred hostile messages nothing runs, nothing is fetched, nothing leaves its frame', async () => {
	assert.ok(hostile.length >= 100)
	const browser = await Browser.open({ locale: 'en' })
	const { page, context } = browser
	const happened: string[] = []
	page.on('dialog', dialog => {
		happened.push(`a dialogue: ${dialog.message()}`)
		void dialog.dismiss()
	})
	context.on('page', opened => happened.push(`a window: ${opened.url()}`))
	page.on('download', () => happened.push('a download'))
	await browser.go(node.ip, '/mail/')
	await signIn(browser, 'bob@test.com')
	await page.evaluate(`addEventListener('message', event => { if (event.data === 'evil') window.evil = 1 })`)
	const seen = new Set<string>()
	for (let number = hostile.length - 1; number >= 0; number--) {
		await page.keyboard.press('j')
		const subject = `${number}: ${hostile[number]!.tries}`
		await page.locator('[data-test=reading] h1', { hasText: subject }).waitFor()
		await page.locator('iframe[data-filled=yes]').waitFor()
		seen.add(subject)
		// What a person does by mistake: a click on whatever is there, where the frame is.
		await page.locator('iframe').hover({ position: { x: 20, y: 12 } })
		const state = (await page.evaluate(
			`({ evil: !!window.evil, url: location.pathname, frames: [...document.querySelectorAll('iframe')].map(frame =>
				({ url: frame.contentWindow.location.pathname, evil: !!frame.contentWindow.evil, frames: frame.contentWindow.length,
				   scripts: frame.contentDocument.querySelectorAll('script, form, iframe, object, embed, svg, math, [onerror], [onload]').length })) })`,
		)) as { evil: boolean; url: string; frames: Record<string, unknown>[] }
		assert.deepEqual(
			state,
			{ evil: false, url: '/mail/', frames: [{ url: '/mail/letter', evil: false, frames: 0, scripts: 0 }] },
			subject,
		)
		assert.deepEqual([happened, asked, connections], [[], [], 0], subject)
	}
	assert.equal(seen.size, hostile.length)
	// The browser says that it refused to run what was parsed: that is what we want of it.
	browser.wrong.splice(
		0,
		browser.wrong.length,
		...browser.wrong.filter(
			line =>
				!/Blocked script execution|violates the following Content Security|Unsafe attempt to load URL/.test(
					line,
				),
		),
	)
	await browser.close()
})

test('pictures are fetched when the reader asks for them, and only then', async () => {
	await node.addAccount('alice@test.com')
	const mailer = createTransport({ host: node.ip, port: PORTS.smtp, ignoreTLS: true })
	const html = `<p>Hello <img src="http://${TRAP}/holiday.png"></p>`
	await mailer.sendMail({ from: 'stranger@example.org', to: 'alice@test.com', subject: 'holiday', html })
	const browser = await Browser.open({ locale: 'en' })
	await browser.go(node.ip, '/mail/')
	await signIn(browser, 'alice@test.com')
	await browser.part('line').first().click()
	await browser.part('pictures-blocked').waitFor()
	assert.equal(connections, 0)
	await browser.part('show-pictures').click()
	await until('the picture is asked for', 5000, () => connections > 0)
	await browser.end()
})

async function signIn(browser: Browser, login: string): Promise<void> {
	await browser.part('login').fill(login)
	await browser.part('password').fill('secret')
	await browser.part('sign-in').click()
	await browser.part('line').first().waitFor()
}
