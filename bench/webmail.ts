/**
 * The webmail in a real browser: 10,000 messages in INBOX and, for somebody else, 100,000. All times are taken within the
 * page, from the click to what is drawn; medians. Then once more over a line of 256 kbit/s with 300 ms of delay.
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Page } from 'playwright-core'
import { indexed } from './imap.ts'
import { fill, letter } from './letters.ts'
import { browser, part, timed } from './page.ts'
import { PASSWORD, PanpipeNode, WEB_PORT } from './panpipe.ts'
import { median, type Row } from './table.ts'
import { ImapWire } from './wire-client.ts'

const MESSAGES = 10_000
const LONG = 100_000
const OPENED = 12
const WORDS = ['quartz', 'zephyr', 'quarterly', 'from:zoe', '会议', 'meeting', 'subject:quarterly']
// A screen at a time, and now and then far away, as a hand at the scroll bar does.
const SCREENS = 120
const KEYS = 200
/** Octets a second each way, milliseconds. */
const WEAK_LINE = { downloadThroughput: 32_000, uploadThroughput: 32_000, latency: 300, offline: false }

const PERSON = 'user@test.com'
const PERSON_WITH_MUCH = 'long@test.com'
const LINE = `${part('line')} .subject`

export async function webmailRows(
	root: string,
	runs: number,
	started: (node: PanpipeNode) => void,
	note: (text: string) => void,
): Promise<Row[]> {
	await promisify(execFile)('sh', [join(import.meta.dirname, '../setup/web.sh')])
	const node = await PanpipeNode.start(root, 'webmail', '127.88.0.41')
	started(node)
	await node.setUp('test.com', 'admin@test.com')
	for (const person of [PERSON, PERSON_WITH_MUCH]) await node.addAccount(person)
	const mailbox = (login: string) => ({ host: node.host, port: node.imap, login, password: PASSWORD })
	const seen = (i: number) => (i % 2 === 0 ? '\\Seen' : '')
	await fill(mailbox(PERSON), MESSAGES, seen)
	await fill(mailbox(PERSON_WITH_MUCH), LONG, seen, short)
	const client = await ImapWire.open(mailbox(PERSON))
	await client.ask('SELECT INBOX')
	await indexed(client)
	client.close()
	note('the mailboxes are filled')

	const rows: Row[] = []
	const add = (name: string, unit: string, panpipe: number, below: number) => {
		rows.push({ name: `webmail: ${name}`, unit, reference: null, panpipe, wanted: { below } })
		note(`${name}: ${panpipe.toFixed(0)} ${unit}`)
	}
	const signIns: number[] = []
	for (let run = 0; run <= runs; run++) {
		const { context, page } = await browser()
		const scripts = await countScripts(page)
		signIns.push(await signIn(page, node, PERSON))
		if (run === 0) add('compressed JavaScript before the list shows', 'kB', scripts() / 1000, 250)
		if (run === runs) {
			add('sign-in → list', 'ms', median(signIns.slice(1)), 1000)
			add('click → message', 'ms', median(await openMessages(page)), 100)
			add('search → results', 'ms', median(await searches(page)), 300)
		}
		await context.close()
	}
	const long = await browser()
	await signIn(long.page, node, PERSON_WITH_MUCH)
	const tasks = await scrollThrough(long.page)
	note(`scrolling: long tasks of ${tasks.map(ms => ms.toFixed(0)).join(', ') || 'no'} ms`)
	add(`long tasks (> 50 ms) while scrolling through ${LONG.toLocaleString('en')}`, '', tasks.length, 6)
	await long.context.close()

	const weak = await browser()
	const line = await weak.context.newCDPSession(weak.page)
	await line.send('Network.enable')
	await line.send('Network.emulateNetworkConditions', WEAK_LINE)
	add('weak line: sign-in → list', 'ms', await signIn(weak.page, node, PERSON), 5000)
	add('weak line: the page once more → list', 'ms', await reload(weak.page), 5000)
	add('weak line: the slowest key while writing', 'ms', await slowestKey(weak.page), 100)
	await weak.context.close()
	await node.stop()
	return rows
}

/** Octets of scripts as they came over the line. */
async function countScripts(page: Page): Promise<() => number> {
	const network = await page.context().newCDPSession(page)
	const scripts = new Set<string>()
	let octets = 0
	network.on('Network.responseReceived', ({ requestId, type }) => {
		if (type === 'Script') scripts.add(requestId)
	})
	network.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
		if (scripts.has(requestId)) octets += encodedDataLength
	})
	await network.send('Network.enable')
	return () => octets
}

async function signIn(page: Page, node: PanpipeNode, login: string): Promise<number> {
	await page.goto(`https://${node.host}:${WEB_PORT}/mail/`)
	await page.fill(part('login'), login)
	await page.fill(part('password'), PASSWORD)
	return timed(page, part('sign-in'), LINE)
}

async function reload(page: Page): Promise<number> {
	const began = performance.now()
	await page.reload({ waitUntil: 'commit' })
	await page.waitForSelector(LINE)
	return performance.now() - began
}

/** One after the other, none that was open before. The text of a letter begins with a word all have. */
async function openMessages(page: Page): Promise<number[]> {
	const found: number[] = []
	for (let i = 0; i < OPENED; i++) {
		const line = `${part('line')}[aria-rowindex="${i + 1}"]`
		const subject = await page.textContent(`${line} .subject`)
		const number = subject!.trim().split(' ').at(-1)!
		found.push(await timed(page, line, `${part('reading')}[aria-label$=" ${number}"] .text`, 'meeting'))
	}
	return found.slice(2)
}

async function searches(page: Page): Promise<number[]> {
	const found: number[] = []
	for (const words of WORDS) {
		await page.fill(part('search'), words)
		const spent = await page.evaluate(
			`new Promise(resolve => {
				const box = document.querySelector('${part('search')}')
				const before = document.querySelector('${part('list')}').getAttribute('aria-label')
				const began = performance.now()
				box.form.requestSubmit()
				const look = () => requestAnimationFrame(() => {
					const list = document.querySelector('${part('list')}')
					if (list.getAttribute('aria-label') !== before && list.querySelector('.subject'))
						setTimeout(() => resolve(performance.now() - began))
					else look()
				})
				look()
			})`,
		)
		found.push(spent as number)
	}
	return found
}

/** Milliseconds of every task in which the page could not answer. */
async function scrollThrough(page: Page): Promise<number[]> {
	return (await page.evaluate(
		`(async () => {
			const tasks = []
			const watch = new PerformanceObserver(list => tasks.push(...list.getEntries().map(task => task.duration)))
			watch.observe({ type: 'longtask' })
			const list = document.querySelector('${part('list')}')
			const frame = () => new Promise(resolve => requestAnimationFrame(resolve))
			for (let screen = 0; screen < ${SCREENS}; screen++) {
				if (screen % 12 === 11) list.scrollTop = ((screen * 7919) % ${SCREENS}) / ${SCREENS} * list.scrollHeight
				for (let step = 0; step < 8; step++) {
					list.scrollTop += list.clientHeight / 8
					await frame()
				}
			}
			list.scrollTop = list.scrollHeight
			while (!list.querySelector('[aria-rowindex="${LONG}"] .subject')) await frame()
			watch.disconnect()
			return tasks
		})()`,
	)) as number[]
}

/** Types a line of text while drafts are saved over the weak line. Milliseconds from a key to what is drawn of it. */
async function slowestKey(page: Page): Promise<number> {
	await page.click(part('write'))
	const editor = page.locator(`${part('compose')} [contenteditable=true]`)
	await editor.click()
	await page.keyboard.type('warm up ')
	await page.evaluate(
		`window.keys = []; new PerformanceObserver(list => keys.push(...list.getEntries().filter(one => one.name === 'keydown').map(one => one.duration))).observe({ type: 'event', durationThreshold: 16 })`,
	)
	await page.keyboard.type('what is written while the line is weak '.repeat(6).slice(0, KEYS), { delay: 40 })
	const keys = (await page.evaluate('window.keys')) as number[]
	return Math.max(0, ...keys)
}

/** Distinct, and no longer than they must be. */
function short(i: number): string {
	const from = `From: User <user${i % 300}@example.org>\r\nTo: ${PERSON_WITH_MUCH}\r\n`
	return `${from}Date: Mon, 2 Mar 2026 10:00:00 +0000\r\nMessage-ID: <${i}@example.org>\r\nSubject: line ${i}\r\n\r\n${letter(i % 50).slice(-300)}`
}
