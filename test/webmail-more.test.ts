import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createTransport, type SendMailOptions } from 'nodemailer'
import { Browser, buildPages, endBrowsers, type Look } from './support/browser.ts'
import { endAll, PORTS, TestNode, until } from './support/nodes.ts'
import { Visitor } from './support/web.ts'

const node = new TestNode('127.0.33.1')

before(async () => {
	await Promise.all([buildPages(), node.start()])
	await node.say('setup', { domain: 'test.com', admin: 'admin@test.com', password: 'secret' })
	for (const name of ['zhangwei', 'alice', 'bob']) await node.addAccount(`${name}@test.com`)
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
