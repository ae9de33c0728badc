import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { PORTS } from './nodes.ts'

const root = resolve(import.meta.dirname, '../..')
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Where pictures of the pages go; nowhere unless asked for. */
const PICTURES = process.env.PANPIPE_PICTURES
export const WIDTHS = [1440, 1024, 390]

/** The pages as they are in the sources now. */
export async function buildPages(): Promise<void> {
	await promisify(execFile)('sh', [join(root, 'setup/web.sh')])
}

export type Look = { locale?: string; dark?: boolean; width?: number }

const open = new Set<Browser>()

/** Ends what a failed test left open. */
export async function endBrowsers(): Promise<void> {
	await Promise.all([...open].map(browser => browser.end()))
}

/** One person's browser: its own cookies, its own language. What goes wrong in a page fails the test at `close`. */
export class Browser {
	readonly context: BrowserContext
	readonly page: Page
	readonly wrong: string[] = []
	#profile: string

	private constructor(context: BrowserContext, page: Page, profile: string) {
		this.context = context
		this.page = page
		this.#profile = profile
		open.add(this)
		context.on('weberror', error => this.wrong.push(error.error().stack ?? String(error.error())))
		context.on('console', message => {
			// A refused request is an answer to be shown; the browser tells of it all the same.
			if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
				this.wrong.push(message.text())
			}
		})
	}

	static async open({ locale = 'zh-CN', dark = false, width = 1440 }: Look = {}): Promise<Browser> {
		const profile = mkdtempSync(join(tmpdir(), 'panpipe-browser-'))
		const context = await chromium.launchPersistentContext(profile, {
			executablePath: '/usr/bin/chromium',
			headless: true,
			args: [
				'--no-sandbox',
				'--disable-gpu',
				'--disable-quic',
				'--no-first-run',
				'--disable-background-networking',
				'--disable-component-update',
				'--disable-sync',
				// Also for service workers, which `ignoreHTTPSErrors` leaves out.
				'--ignore-certificate-errors',
			],
			ignoreHTTPSErrors: true,
			locale,
			timezoneId: 'Asia/Shanghai',
			colorScheme: dark ? 'dark' : 'light',
			viewport: { width, height: 900 },
			reducedMotion: 'reduce',
		})
		context.setDefaultTimeout(30_000)
		return new Browser(context, context.pages()[0] ?? (await context.newPage()), profile)
	}

	async go(ip: string, path: string): Promise<void> {
		await this.page.goto(`https://${ip}:${PORTS.web}${path}`)
	}

	/** Everything the page has asked for is there. */
	async idle(): Promise<void> {
		await this.page.waitForLoadState('networkidle')
	}

	/** What the tests call a part of the page: `data-test`. */
	part(name: string) {
		return this.page.locator(`[data-test="${name}"]`)
	}

	/** A picture as it is, when pictures are asked for. */
	async picture(name: string): Promise<void> {
		if (!PICTURES) return
		mkdirSync(PICTURES, { recursive: true })
		await this.page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true })
	}

	/** Pictures at every width, and no serious finding of axe at any; the page must not scroll sideways. */
	async inspect(name: string): Promise<void> {
		const before = this.page.viewportSize()!
		for (const width of WIDTHS) {
			await this.page.setViewportSize({ width, height: width < 500 ? 844 : 900 })
			await this.picture(`${name}-${width}`)
			const wide = await this.page.evaluate('document.documentElement.scrollWidth - innerWidth')
			assert.ok((wide as number) <= 0, `${name} is ${wide} pixels too wide at ${width}`)
			// Between them nothing changes but the room there is.
			if (width !== 1024) await this.axe(`${name} at ${width}`)
		}
		await this.page.setViewportSize(before)
	}

	/** Nothing moves any more: a colour half way to the next one is neither. What turns for ever is not waited for. */
	async #atRest(): Promise<void> {
		await this.page.evaluate(`Promise.allSettled(document.getAnimations()
			.filter(one => one.playState === 'running' && one.effect?.getComputedTiming().endTime !== Infinity)
			.map(one => one.finished))`)
	}

	async axe(name: string): Promise<void> {
		await this.#atRest()
		// By the debugger: a script element would be against the page's own policy, as it should be.
		if (!(await this.page.evaluate('!!window.axe'))) await this.page.evaluate(axe)
		const found = (await this.page.evaluate(
			`axe.run(document, { resultTypes: ['violations'] }).then(found => found.violations
				.filter(one => one.impact === 'serious' || one.impact === 'critical')
				.map(one => one.id + ': ' + one.nodes.map(node => node.html.slice(0, 200) + ' ' + node.failureSummary).join(' | ')))`,
		)) as string[]
		assert.deepEqual(found, [], name)
	}

	async end(): Promise<void> {
		open.delete(this)
		if (PICTURES && this.page.url() !== 'about:blank') {
			await this.page.screenshot({ path: join(PICTURES, 'last.png') }).catch(() => {})
		}
		await this.context.close()
		rmSync(this.#profile, { recursive: true, force: true })
	}

	async close(): Promise<void> {
		await this.end()
		assert.deepEqual(this.wrong, [], 'what the pages complained of')
	}
}
