/**
 * As little IMAP as measuring needs. A client that is cheap itself: on the same machine, what it burns
 * is taken from the server.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export class ImapClient {
	#socket: Socket
	#rest = ''
	#lines: string[] = []
	#wake: (() => void) | null = null
	#closed = false
	#tag = 0

	private constructor(socket: Socket) {
		this.#socket = socket
		socket.setNoDelay(true)
		socket.on('data', chunk => this.#hear(chunk.toString('latin1')))
		socket.on('error', () => {})
		socket.on('close', () => {
			this.#closed = true
			this.#wake?.()
		})
	}

	static async open(host: string, port: number): Promise<ImapClient> {
		const socket = connect(port, host)
		await once(socket, 'connect')
		const client = new ImapClient(socket)
		await client.#line()
		return client
	}

	static async signIn(host: string, port: number, login: string, password: string): Promise<ImapClient> {
		const client = await ImapClient.open(host, port)
		await client.command(`LOGIN ${login} ${password}`)
		return client
	}

	/** The untagged lines of the answer. @throws when it is not OK */
	async command(text: string): Promise<string[]> {
		const tag = `t${++this.#tag}`
		this.#socket.write(`${tag} ${text}\r\n`)
		const untagged: string[] = []
		for (;;) {
			const line = await this.#line()
			if (line.startsWith(`${tag} OK`)) return untagged
			if (line.startsWith(`${tag} `)) throw new Error(`${text.split(' ')[0]}: ${line}`)
			untagged.push(line)
		}
	}

	async count(mailbox = 'INBOX'): Promise<number> {
		const [line] = await this.command(`STATUS ${mailbox} (MESSAGES)`)
		return Number(/MESSAGES (\d+)/.exec(line ?? '')![1])
	}

	/** After this only `exists` makes sense. */
	async idle(): Promise<void> {
		this.#socket.write(`t${++this.#tag} IDLE\r\n`)
		while (!(await this.#line()).startsWith('+'));
	}

	/** While idling: waits until the mailbox has at least `wanted` messages. */
	async exists(wanted: number): Promise<void> {
		for (;;) {
			const found = /^\* (\d+) EXISTS/.exec(await this.#line())
			if (found && Number(found[1]) >= wanted) return
		}
	}

	close(): void {
		this.#socket.destroy()
	}

	async #line(): Promise<string> {
		while (this.#lines.length === 0) {
			if (this.#closed) throw new Error('the IMAP server closed the connection')
			await new Promise<void>(resolve => {
				this.#wake = resolve
			})
		}
		return this.#lines.shift()!
	}

	#hear(text: string): void {
		const lines = (this.#rest + text).split('\r\n')
		this.#rest = lines.pop()!
		this.#lines.push(...lines)
		this.#wake?.()
	}
}
