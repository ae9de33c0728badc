/** What is done to a server, and how long it takes until the mail is where it belongs. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { ImapClient } from './imap-client.ts'
import { proportionalMemory } from './processes.ts'

export type Place = { host: string; port: number }
export type Mailbox = { host: string; port: number; login: string; password: string }

/**
 * Messages a second: from the start of smtp-source (20 sessions, 4 KiB messages) until the last message is
 * counted in the mailbox. Nobody counts before smtp-source has its last 250, so that counting costs nothing.
 */
export async function messagesPerSecond(to: Place, mailbox: Mailbox, messages: number): Promise<number> {
	const reader = await ImapClient.signIn(mailbox.host, mailbox.port, mailbox.login, mailbox.password)
	try {
		const before = await reader.count()
		const started = performance.now()
		await smtpSource(to, mailbox.login, messages)
		let stored = 0
		for (;;) {
			stored = (await reader.count()) - before
			const spent = performance.now() - started
			if (stored >= messages) break
			if (spent > 120_000)
				throw new Error(`only ${stored} of ${messages} messages were stored in two minutes`)
			// Far from the end, wait for a part of what it will take; near it, look often.
			const left = stored > 0 ? (spent / stored) * (messages - stored) : 100
			await sleep(Math.max(5, Math.min(250, left / 4)))
		}
		const seconds = (performance.now() - started) / 1000
		if (stored > messages) throw new Error(`${stored} messages stored of ${messages} sent: some came twice`)
		return messages / seconds
	} finally {
		reader.close()
	}
}

async function smtpSource(to: Place, recipient: string, messages: number): Promise<void> {
	const child = spawn(
		'/usr/sbin/smtp-source',
		`-d -s 20 -l 4096 -m ${messages} -f sender@example.org -t ${recipient} ${to.host}:${to.port}`.split(' '),
		{ stdio: ['ignore', 'ignore', 'inherit'] },
	)
	const [status] = await once(child, 'exit')
	if (status !== 0) throw new Error(`smtp-source ended with status ${status}`)
}

/**
 * Milliseconds from the 250 of the one server to the message being seen in the mailbox by a client that idles
 * there, one by one, nothing else going on. Sorted. A message seen before its 250 counts as 0.
 */
export async function latencies(to: Place, mailbox: Mailbox, messages: number): Promise<number[]> {
	const reader = await ImapClient.signIn(mailbox.host, mailbox.port, mailbox.login, mailbox.password)
	const sender = await SmtpClient.open(to)
	try {
		const before = await reader.count()
		await reader.command('SELECT INBOX')
		await reader.idle()
		const found: number[] = []
		for (let i = 1; i <= messages; i++) {
			const seen = reader.exists(before + i).then(() => performance.now())
			await sender.send(
				'sender@example.org',
				mailbox.login,
				`Subject: ${i}\r\n\r\n${'0123456789\r\n'.repeat(300)}`,
			)
			const answered = performance.now()
			found.push(Math.max(0, (await seen) - answered))
			await sleep(40)
		}
		return found.sort((a, b) => a - b)
	} finally {
		sender.close()
		reader.close()
	}
}

/** Octets of memory that one signed-in, selected, idling IMAP connection costs the server. */
export async function memoryPerIdle(root: number, mailbox: Mailbox, connections: number): Promise<number> {
	// What is loaded and compiled at the first sign-ins belongs to nobody's connection.
	for (const each of await openIdle(mailbox, 20)) each.close()
	await sleep(2000)
	const before = proportionalMemory(root)
	const open = await openIdle(mailbox, connections)
	try {
		await sleep(2000)
		return (proportionalMemory(root) - before) / connections
	} finally {
		for (const each of open) each.close()
	}
}

async function openIdle(mailbox: Mailbox, connections: number): Promise<ImapClient[]> {
	const open: ImapClient[] = []
	const one = async () => {
		const client = await ImapClient.signIn(mailbox.host, mailbox.port, mailbox.login, mailbox.password)
		open.push(client)
		await client.command('SELECT INBOX')
		await client.idle()
	}
	while (open.length < connections) {
		await Promise.all(Array.from({ length: Math.min(20, connections - open.length) }, one))
	}
	return open
}

/** One SMTP session that sends message after message. */
class SmtpClient {
	#text = ''
	#wake: (() => void) | null = null
	#socket: ReturnType<typeof connect>

	private constructor(socket: ReturnType<typeof connect>) {
		this.#socket = socket
		socket.setNoDelay(true)
		socket.on('data', chunk => {
			this.#text += chunk.toString('latin1')
			this.#wake?.()
		})
		socket.on('close', () => this.#wake?.())
	}

	static async open(to: Place): Promise<SmtpClient> {
		const socket = connect(to.port, to.host)
		await once(socket, 'connect')
		const client = new SmtpClient(socket)
		await client.#reply('2')
		await client.#say('EHLO client.example.org', '2')
		return client
	}

	async send(from: string, to: string, message: string): Promise<void> {
		await this.#say(`MAIL FROM:<${from}>`, '2')
		await this.#say(`RCPT TO:<${to}>`, '2')
		await this.#say('DATA', '3')
		await this.#say(`${message}.`, '2')
	}

	close(): void {
		this.#socket.destroy()
	}

	async #say(line: string, wanted: string): Promise<void> {
		this.#socket.write(`${line}\r\n`)
		await this.#reply(wanted)
	}

	async #reply(wanted: string): Promise<void> {
		for (;;) {
			const end = /^\d{3} .*\r\n/m.exec(this.#text)
			if (end) {
				this.#text = ''
				if (!end[0].startsWith(wanted)) throw new Error(`the SMTP server answered ${end[0].trim()}`)
				return
			}
			if (this.#socket.destroyed) throw new Error('the SMTP server closed the connection')
			await new Promise<void>(resolve => {
				this.#wake = resolve
			})
		}
	}
}
