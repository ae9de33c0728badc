/**
 * The administration in a real browser: three nodes, 100,000 accounts, looked at from a node where none of them lives.
 * All times are taken within the page, from the click to what is drawn.
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Page } from 'playwright-core'
import { fill } from './directory.ts'
import { browser, part, timed } from './page.ts'
import { PASSWORD, PanpipeNode, WEB_PORT } from './panpipe.ts'
import { median, type Row } from './table.ts'

const ACCOUNTS = 100_000
const ADMIN = 'admin@test.com'
const ROW = 'main .scroller [role=row]'
const LINE = 'main tr[data-row]'
/** The pages, and what is there when one has all it shows at first. */
const PAGES: Record<string, string> = {
	cluster: 'main [data-test^=node-]',
	accounts: ROW,
	groups: 'main .empty',
	units: 'main .tree',
	domains: 'main [data-test^=dns-]',
	conflicts: 'main .notice',
	queue: 'main .empty',
	trace: 'main form',
	certificates: 'main [data-test=certificate]',
	nodes: LINE,
	forwards: ROW,
	grants: LINE,
	audit: ROW,
	security: 'main [data-test=sessions]',
	dashboard: 'main [data-test=tiles]',
}
const SEARCHES = ['person99999', 'person5', '777', 'person12345@test.com', 'nobody-has-this']
// Farther than anybody scrolls; 200 rows come at a time, a quarter of a screen in a frame.
const ROWS_SCROLLED = 4000
const IMPORTED = 2000

export async function adminRows(
	root: string,
	runs: number,
	started: (node: PanpipeNode) => void,
	note: (text: string) => void,
): Promise<Row[]> {
	await promisify(execFile)('sh', [join(import.meta.dirname, '../setup/web.sh')])
	const here = await nodes(root, started)
	note(`three nodes know ${ACCOUNTS.toLocaleString('en')} accounts`)
	const rows: Row[] = []
	const add = (name: string, unit: string, panpipe: number, below: number) => {
		rows.push({ name: `administration: ${name}`, unit, reference: null, panpipe, wanted: { below } })
		note(`${name}: ${panpipe.toFixed(0)} ${unit}`)
	}
	const { context, page } = await browser()
	await page.goto(`https://${here.host}:${WEB_PORT}/admin/`)
	await page.fill(part('login'), ADMIN)
	await page.fill(part('password'), PASSWORD)
	add('sign-in → page', 'ms', await timed(page, part('sign-in'), '#content h1'), 1000)

	// The first time the page's own script comes too: that time counts as well as later ones.
	const first: number[] = []
	const whole: number[] = []
	for (let run = 0; run < Math.max(2, runs); run++) {
		for (const [name, until] of Object.entries(PAGES)) {
			const [shown, complete] = await opened(page, name, until)
			note(`${name}: ${shown.toFixed(0)} ms, complete ${complete.toFixed(0)} ms`)
			first.push(shown)
			whole.push(complete)
		}
	}
	add('the slowest page shows something', 'ms', Math.max(...first), 300)
	add('a page is complete, median', 'ms', median(whole), 300)
	add('the slowest page is complete', 'ms', Math.max(...whole), 1000)

	await opened(page, 'accounts', ROW)
	add(
		'search among all accounts, 200 ms of pause for the next letter in it',
		'ms',
		median(await searches(page)),
		400,
	)
	const tasks = await scrollThrough(page)
	note(`scrolling: long tasks of ${tasks.map(ms => ms.toFixed(0)).join(', ') || 'no'} ms`)
	add(
		`long tasks (> 50 ms) while scrolling through ${ROWS_SCROLLED.toLocaleString('en')} accounts`,
		'',
		tasks.length,
		6,
	)
	add('import of a file → its progress', 'ms', await importing(page), 300)
	await opened(page, 'nodes', LINE)
	add(
		'refresh → its progress',
		'ms',
		await timed(page, part('refresh'), 'dialog [role=progressbar], dialog [data-ip]'),
		300,
	)
	await page.waitForSelector(`dialog [data-ip]`)
	await context.close()
	return rows
}

/** All accounts live at the first; what is looked at is the third. */
async function nodes(root: string, started: (node: PanpipeNode) => void): Promise<PanpipeNode> {
	const make = async (name: string, host: string) => {
		const node = await PanpipeNode.start(root, name, host)
		started(node)
		return node
	}
	const first = await make('admin-a', '127.88.0.51')
	await first.setUp('test.com', ADMIN)
	const { node: self } = await first.say<{ node: string }>('status')
	await first.stop()
	await fill(first.dir, self, ACCOUNTS)
	const large = await make('admin-a', '127.88.0.51')
	const others = await Promise.all([make('admin-b', '127.88.0.52'), make('admin-c', '127.88.0.53')])
	for (const other of others) await large.join(other)
	for (const other of others) while ((await other.accounts()) <= ACCOUNTS) await sleep(200)
	return others[1]!
}

/** Milliseconds from a click in the menu to the page's heading, and to all it shows at first. */
async function opened(page: Page, name: string, until: string): Promise<[shown: number, complete: number]> {
	return (await page.evaluate(
		`new Promise(resolve => {
			const link = document.querySelector('[data-test="menu-${name}"]')
			const before = document.querySelector('main h1')
			const began = performance.now()
			let shown = 0
			link.click()
			const look = () => requestAnimationFrame(() => {
				const now = performance.now() - began
				const here = link.getAttribute('aria-current') === 'page'
				const heading = document.querySelector('main h1')
				if (here && !shown && heading && (heading !== before || !before.isConnected)) shown = now
				if (shown && document.querySelector(${JSON.stringify(until)})) resolve([shown, now])
				else if (now > 20_000) resolve([shown || now, now])
				else look()
			})
			look()
		})`,
	)) as [number, number]
}

/** From the last letter to the rows. */
async function searches(page: Page): Promise<number[]> {
	const found: number[] = []
	for (const words of SEARCHES) {
		found.push(
			(await page.evaluate(
				`new Promise(resolve => {
					const box = document.querySelector('${part('search')}')
					const input = box.matches('input') ? box : box.querySelector('input')
					const began = performance.now()
					input.value = ${JSON.stringify(words)}
					input.dispatchEvent(new Event('input', { bubbles: true }))
					const look = () => requestAnimationFrame(() => {
						const rows = [...document.querySelectorAll('${ROW}')]
						const empty = document.querySelector('main .empty')
						const right = rows.length > 0 && rows.every(row => row.textContent.includes(${JSON.stringify(words)}))
						if ((empty && rows.length === 0) || right) setTimeout(() => resolve(performance.now() - began))
						else look()
					})
					look()
				})`,
			)) as number,
		)
	}
	await page.fill(`${part('search')}`, '').catch(() => page.fill(`${part('search')} input`, ''))
	await page.locator(ROW).nth(5).waitFor()
	return found
}

/** Milliseconds of every task in which the page could not answer. */
async function scrollThrough(page: Page): Promise<number[]> {
	return (await page.evaluate(
		`(async () => {
			const tasks = []
			const watch = new PerformanceObserver(list => tasks.push(...list.getEntries().map(task => task.duration)))
			watch.observe({ type: 'longtask' })
			const list = document.querySelector('main .scroller')
			const frame = () => new Promise(resolve => requestAnimationFrame(resolve))
			while (list.scrollHeight < ${ROWS_SCROLLED} * 40) {
				list.scrollTop += list.clientHeight / 4
				await frame()
			}
			watch.disconnect()
			return tasks
		})()`,
	)) as number[]
}

async function importing(page: Page): Promise<number> {
	await page.click(part('import-accounts'))
	const lines = Array.from({ length: IMPORTED }, (_, i) => `newcomer${i}@test.com,Newcomer ${i}`)
	const buffer = Buffer.from(['address,name', ...lines].join('\n'))
	await page.setInputFiles(part('file'), { name: 'accounts.csv', mimeType: 'text/csv', buffer })
	const spent = await timed(page, part('trial'), 'dialog [role=progressbar]')
	await page.waitForSelector(part('report'))
	await page.click(`dialog ${part('close')}`)
	return spent
}
