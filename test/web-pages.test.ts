import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { Browser, buildPages, endBrowsers } from './support/browser.ts'
import { endAll, PORTS, TestNode } from './support/nodes.ts'

const node = new TestNode('127.0.28.1')
const url = (path: string) => `https://${node.ip}:${PORTS.web}${path}`

/** Status, headers and body of a GET, undecoded. */
async function get(path: string, ...words: string[]) {
	const args = ['-sk', '--max-time', '5', '-i', ...words, url(path)]
	const { stdout } = await promisify(execFile)('curl', args, { encoding: 'buffer' })
	const end = stdout.indexOf('\r\n\r\n')
	const [first, ...lines] = stdout.subarray(0, end).toString().split('\r\n')
	const headers = new Map(
		lines.map(line => [line.split(': ')[0]!.toLowerCase(), line.split(': ').slice(1).join(': ')]),
	)
	return { status: Number(first!.split(' ')[1]), headers, body: stdout.subarray(end + 4) }
}

before(async () => {
	await Promise.all([buildPages(), node.start()])
	await node.say('setup', { domain: 'test.com', admin: 'admin@test.com', password: 'secret' })
})
after(async () => {
	await endBrowsers()
	await endAll()
})

test('the way to the pages: / leads to the mail, and every path below a page shows it', async () => {
	assert.equal((await get('/')).headers.get('location'), '/mail/')
	assert.equal((await get('/admin')).headers.get('location'), '/admin/')
	for (const path of ['/mail/', '/admin/', '/admin/nodes', '/admin/accounts/x%40test.com']) {
		const { status, headers, body } = await get(path)
		assert.deepEqual([status, headers.get('content-type')], [200, 'text/html; charset=utf-8'], path)
		assert.match(body.toString(), /<div id="app">/)
		assert.equal(headers.get('cache-control'), 'no-cache')
	}
	for (const path of [
		'/assets/none.js',
		'/admin/none.js',
		'/assets/../../package.json',
		'/admin/..%2f.built',
	]) {
		assert.notEqual((await get(path, '--path-as-is')).body.includes('panpipe"'), true)
	}
	assert.equal((await get('/assets/none.js')).status, 404)
})

test('a page runs only its own scripts and styles, and is in nobody’s frame', async () => {
	for (const path of ['/mail/', '/admin/nodes']) {
		const { headers } = await get(path)
		const policy = headers.get('content-security-policy')!
		assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/)
		assert.match(policy, /frame-ancestors 'none'/)
		assert.doesNotMatch(policy, /unsafe/)
		assert.deepEqual(
			['x-content-type-options', 'referrer-policy'].map(name => headers.get(name)),
			['nosniff', 'no-referrer'],
		)
	}
})

test('scripts are sent compressed and kept for ever', async () => {
	const html = (await get('/admin/')).body.toString()
	const scripts = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+\.js)"/g)].map(match => match[1]!)
	// Small ones are not worth it.
	const sent = await Promise.all(scripts.map(async script => ({ script, ...(await get(script)) })))
	const { script, ...plain } = sent.find(({ body }) => body.length > 5000)!
	assert.match(plain.headers.get('content-type')!, /javascript/)
	assert.equal(plain.headers.get('cache-control'), 'public, max-age=31536000, immutable')
	assert.equal(plain.headers.get('x-content-type-options'), 'nosniff')
	const brotli = await get(script, '-H', 'accept-encoding: gzip, br')
	assert.equal(brotli.headers.get('content-encoding'), 'br')
	assert.deepEqual(brotliDecompressSync(brotli.body), plain.body)
	const gzip = await get(script, '-H', 'accept-encoding: gzip')
	assert.deepEqual(gunzipSync(gzip.body), plain.body)
})

for (const [locale, heading] of [
	['zh-CN', '登录邮箱'],
	['en-GB', 'Sign in to your mail'],
] as const) {
	test(`the sign-in page of the mail speaks the language of the browser (${locale}), and the other on request`, async () => {
		const browser = await Browser.open({ locale, dark: locale === 'zh-CN' })
		await browser.go(node.ip, '/mail/')
		await browser.page.getByRole('heading', { name: heading }).waitFor()
		await browser.inspect(`mail-sign-in-${locale}`)
		const other = locale === 'zh-CN' ? 'en' : 'zh-CN'
		await browser.part('language').selectOption(other)
		await browser.page.locator(`html[lang="${other}"]`).waitFor()
		await browser.page.reload()
		await browser.page.locator(`html[lang="${other}"]`).waitFor()
		await browser.part('theme').selectOption('dark')
		await browser.page.locator('html.dark').waitFor()
		await browser.close()
	})
}
