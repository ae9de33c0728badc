import { connect, type Socket } from 'node:net'
import { ImapFlow } from 'imapflow'
import { PORTS, until } from './nodes.ts'

/** A line-by-line client: what was said can be asserted to the letter. */
export class LineClient {
	#socket: Socket
	#buffer = ''
	#waiting: (() => void)[] = []
	closed = false

	private constructor(socket: Socket) {
		this.#socket = socket
		socket.setEncoding('latin1')
		socket.on('data', text => {
			this.#buffer += text
			this.#wake()
		})
		socket.on('close', () => {
			this.closed = true
			this.#wake()
		})
		socket.on('error', () => {})
	}

	static open(host: string, port: number): Promise<LineClient> {
		return new Promise((resolve, reject) => {
			const socket = connect(port, host, () => {
				socket.off('error', reject)
				resolve(new LineClient(socket))
			})
			socket.once('error', reject)
		})
	}

	#wake(): void {
		for (const go of this.#waiting.splice(0)) go()
	}

	send(text: string | Buffer): void {
		this.#socket.write(text)
	}

	async line(): Promise<string> {
		for (;;) {
			const end = this.#buffer.indexOf('\r\n')
			if (end >= 0) {
				const line = this.#buffer.slice(0, end)
				this.#buffer = this.#buffer.slice(end + 2)
				return line
			}
			if (this.closed) throw new Error('the connection is closed')
			await new Promise<void>(resolve => this.#waiting.push(resolve))
		}
	}

	/** An SMTP reply: its last line. */
	async reply(): Promise<string> {
		for (;;) {
			const line = await this.line()
			if (/^\d{3}(?: |$)/.test(line)) return line
		}
	}

	async say(command: string): Promise<string> {
		this.send(`${command}\r\n`)
		return this.reply()
	}

	/** A POP3 answer of several lines, dots taken off. */
	async multiline(): Promise<string> {
		let out = ''
		for (;;) {
			const line = await this.line()
			if (line === '.') return out
			out += `${line.startsWith('.') ? line.slice(1) : line}\r\n`
		}
	}

	close(): void {
		this.#socket.destroy()
	}
}

export async function smtp(ip: string, port = PORTS.smtp): Promise<LineClient> {
	const client = await LineClient.open(ip, port)
	await client.reply()
	await client.say('EHLO client.example.org')
	return client
}

/** One message by plain SMTP; the last reply. */
export async function sendMail(client: LineClient, from: string, to: string, data: string): Promise<string> {
	client.send(`MAIL FROM:<${from}>\r\nRCPT TO:<${to}>\r\n`)
	await client.reply()
	const recipient = await client.reply()
	if (!recipient.startsWith('250')) {
		await client.say('RSET')
		return recipient
	}
	await client.say('DATA')
	return client.say(`${data.replace(/^\./gm, '..')}.`)
}

/** Signed in on the submission port. */
export async function submission(ip: string, login: string, password = 'secret'): Promise<LineClient> {
	const client = await smtp(ip, PORTS.submission)
	const answer = await client.say(`AUTH PLAIN ${Buffer.from(`\0${login}\0${password}`).toString('base64')}`)
	if (!answer.startsWith('235')) throw new Error(answer)
	return client
}

/** All messages of the INBOX by IMAP, octet for octet, in order. */
export async function inbox(ip: string, login: string, password = 'secret'): Promise<string[]> {
	const client = new ImapFlow({
		host: ip,
		port: PORTS.imap,
		secure: false,
		auth: { user: login, pass: password },
		logger: false,
		tls: { rejectUnauthorized: false },
	})
	await client.connect()
	try {
		const box = await client.mailboxOpen('INBOX')
		if (box.exists === 0) return []
		const out: string[] = []
		for await (const message of client.fetch('1:*', { uid: true, source: true }))
			out.push(message.source!.toString('latin1'))
		return out
	} finally {
		await client.logout()
	}
}

/** The first message of the inbox that is what is asked for; waits for it. What else came, and when, plays no part. */
export async function arrived(ip: string, login: string, is: RegExp, ms = 15_000): Promise<string> {
	let found: string | undefined
	await until(`${login} has got ${is}`, ms, async () => {
		found = (await inbox(ip, login)).find(mail => is.test(mail))
		return found !== undefined
	})
	return found!
}

export async function pop3Inbox(ip: string, login: string, password = 'secret'): Promise<string[]> {
	const client = await LineClient.open(ip, PORTS.pop3)
	await client.line()
	for (const command of [`USER ${login}`, `PASS ${password}`]) {
		client.send(`${command}\r\n`)
		const answer = await client.line()
		if (!answer.startsWith('+OK')) throw new Error(answer)
	}
	client.send('STAT\r\n')
	const count = Number((await client.line()).split(' ')[1])
	const out: string[] = []
	for (let number = 1; number <= count; number++) {
		client.send(`RETR ${number}\r\n`)
		await client.line()
		out.push(await client.multiline())
	}
	client.send('QUIT\r\n')
	await client.line()
	client.close()
	return out
}
