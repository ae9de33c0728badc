import { ImapFlow } from 'imapflow'
import { createTransport, type SendMailOptions } from 'nodemailer'
import { Browser, type Look } from './browser.ts'
import { PORTS, type TestNode } from './nodes.ts'

/** A person at the webmail of a node, with the list before him. */
export async function signIn(node: { ip: string }, login: string, look: Look = {}): Promise<Browser> {
	const browser = await Browser.open(look)
	await browser.go(node.ip, '/mail/')
	await browser.part('login').fill(login)
	await browser.part('password').fill('secret')
	await browser.part('sign-in').click()
	await browser.part('list').waitFor()
	return browser
}

export async function imapOf(node: TestNode, user: string): Promise<ImapFlow> {
	const client = new ImapFlow({
		host: node.ip,
		port: PORTS.imaps,
		secure: true,
		tls: { rejectUnauthorized: false },
		auth: { user, pass: 'secret' },
		logger: false,
	})
	await client.connect()
	return client
}

/** From outside, unless a letter says otherwise. */
export async function deliver(node: TestNode, to: string, letters: SendMailOptions[]): Promise<void> {
	const mailer = createTransport({ host: node.ip, port: PORTS.smtp, ignoreTLS: true, pool: true })
	for (const letter of letters) {
		await mailer.sendMail({
			from: '"李娜" <lina@example.org>',
			to,
			text: `正文：${letter.subject}`,
			...letter,
		})
	}
	mailer.close()
}

export const subjects = (browser: Browser) => browser.part('line').locator('.subject').allTextContents()

/** Who stands in a field of addresses. */
export async function addressed(browser: Browser, field: string): Promise<string> {
	const pieces = await browser.part(`${field}-there`).textContent()
	return [pieces, await browser.part(field).inputValue()].filter(Boolean).join(', ')
}

/** Others instead of those who stand there. */
export async function readdress(browser: Browser, field: string, typed: string): Promise<void> {
	await browser.part(field).fill('')
	const piece = browser.part(`${field}-piece`)
	for (let left = await piece.count(); left > 0; left--) await piece.first().locator('button').click()
	await browser.part(field).fill(typed)
}
