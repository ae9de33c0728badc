/** A browser without a window, and what happens in its pages, timed within them. */
import { type BrowserContext, chromium, type Page } from 'playwright-core'

/** What a test calls a part of the page. */
export const part = (name: string) => `[data-test="${name}"]`

export async function browser(): Promise<{ context: BrowserContext; page: Page }> {
	const browser = await chromium.launch({
		executablePath: '/usr/bin/chromium',
		args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
	})
	const context = await browser.newContext({
		ignoreHTTPSErrors: true,
		locale: 'en',
		viewport: { width: 1440, height: 900 },
	})
	context.setDefaultTimeout(60_000)
	context.on('close', () => void browser.close())
	return { context, page: await context.newPage() }
}

/** From the click until something is drawn (and bears these words), in milliseconds. */
export function timed(page: Page, click: string, until: string, words = ''): Promise<number> {
	return page.evaluate(
		`new Promise(resolve => {
			const began = performance.now()
			document.querySelector(${JSON.stringify(click)}).click()
			${DRAWN}
			look(${JSON.stringify(until)}, ${JSON.stringify(words)})
		})`,
	) as Promise<number>
}

/** What is in the page when a frame begins is on the screen at its end. */
const DRAWN = `const look = (until, words) => requestAnimationFrame(() => {
	const found = document.querySelector(until)
	if (found && found.textContent.includes(words)) setTimeout(() => resolve(performance.now() - began))
	else look(until, words)
})`
