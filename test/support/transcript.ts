import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { constants, createDeflateRaw, createInflateRaw } from 'node:zlib'

/*
 * Transcripts are data: `C1: …` is sent by connection 1, `S1: …` is the next line that the server sends to it, in this
 * order. The greeting is read by itself. In a line of the server `…` stands for anything and `$(x)` for a word that is the
 * same wherever `$(x)` stands, in lines of clients too. `M name` begins a message, its lines after `| `; `{name}` in a
 * client's line sends it as a literal (after the server's `+`), `{name+}` at once; in a server's line `{name}` is the
 * literal. `D1 name` says to which door connection 1 goes, `T1` begins TLS there, `Z1` deflates from here on, both ways,
 * `X1` closes a connection, `F name` hands message `name` to whoever plays the transcript.
 */

export type Doors = {
	/** By name; the first is where a connection goes of which nothing is said. */
	ports: Record<string, number>
	/** Those that begin with TLS. */
	implicitTls?: string[]
	/** What `F name` does. */
	file?: (message: Buffer) => Promise<void>
}

type Step =
	| { who: string; is: 'C' | 'S'; text: string; line: number }
	| { who: string; is: 'X' | 'T' | 'Z'; line: number }
	| { who: string; is: 'D' | 'F'; text: string; line: number }

export function readTranscript(file: string): { steps: Step[]; messages: Map<string, string> } {
	const steps: Step[] = []
	const messages = new Map<string, string>()
	let message = ''
	for (const [index, text] of readFileSync(file, 'utf8').split('\n').entries()) {
		const line = index + 1
		const said = /^([CS])(\d): (.*)$/.exec(text)
		if (said) steps.push({ is: said[1] as 'C' | 'S', who: said[2]!, text: said[3]!, line })
		else if (text.startsWith('M ')) messages.set((message = text.slice(2)), '')
		else if (text.startsWith('|')) messages.set(message, `${messages.get(message)}${text.slice(2)}\r\n`)
		else if (/^[XTZ]\d$/.test(text)) steps.push({ is: text[0] as 'X', who: text.slice(1), line })
		else if (/^D\d \w+$/.test(text)) steps.push({ is: 'D', who: text[1]!, text: text.slice(3), line })
		else if (/^F \w+$/.test(text)) steps.push({ is: 'F', who: '', text: text.slice(2), line })
		else if (text !== '' && !text.startsWith('#')) throw new Error(`${file}:${line}: what is this?`)
	}
	return { steps, messages }
}

class Connection {
	#socket: Socket
	#write: (octets: Buffer) => void
	#got = ''
	#ended = false
	#wake: () => void = () => {}

	constructor(port: number, implicitTls: boolean) {
		this.#socket = implicitTls
			? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
			: connect(port, '127.0.0.1')
		this.#write = octets => this.#socket.write(octets)
		this.#socket.on('data', this.#hear)
		this.#watch()
	}

	#hear = (chunk: Buffer) => {
		this.#got += chunk.toString('latin1')
		this.#wake()
	}

	#watch(): void {
		this.#socket.on('error', () => {})
		this.#socket.on('close', this.#close)
	}

	#close = () => {
		this.#ended = true
		this.#wake()
	}

	send(octets: string): void {
		this.#write(Buffer.from(octets, 'latin1'))
	}

	async startTls(): Promise<void> {
		const plain = this.#socket
		plain.removeAllListeners()
		this.#socket = connectTls({ socket: plain, rejectUnauthorized: false })
		await new Promise<void>((resolve, reject) =>
			this.#socket.once('secureConnect', resolve).once('error', reject),
		)
		this.#socket.on('data', this.#hear)
		this.#watch()
	}

	/** RFC 4978. */
	deflate(): void {
		const out = createDeflateRaw({ flush: constants.Z_SYNC_FLUSH })
		out.on('data', octets => this.#socket.write(octets))
		this.#write = octets => out.write(octets)
		const inflate = createInflateRaw()
		inflate.on('data', this.#hear)
		this.#socket.off('data', this.#hear).on('data', chunk => inflate.write(chunk))
		this.#socket.off('close', this.#close).on('close', () => inflate.write('', this.#close))
	}

	async #until<T>(ready: () => T | null): Promise<T> {
		for (;;) {
			const value = ready()
			if (value !== null) return value
			if (this.#ended) throw new Error(`the server hung up; unread: ${JSON.stringify(this.#got)}`)
			await new Promise<void>(resolve => {
				this.#wake = resolve
			})
		}
	}

	line(): Promise<string> {
		return this.#until(() => {
			const end = this.#got.indexOf('\r\n')
			if (end < 0) return null
			const line = this.#got.slice(0, end)
			this.#got = this.#got.slice(end + 2)
			return line
		})
	}

	octets(length: number): Promise<string> {
		return this.#until(() => {
			if (this.#got.length < length) return null
			const octets = this.#got.slice(0, length)
			this.#got = this.#got.slice(length)
			return octets
		})
	}

	/** The server's end of the connection. */
	async ended(): Promise<void> {
		this.#socket.end()
		while (!this.#ended) {
			await new Promise<void>(resolve => {
				this.#wake = resolve
			})
		}
	}
}

const LITERAL = /\{([a-z]\w*)(\+?)\}/

export async function play(file: string, { ports, implicitTls = [], file: filing }: Doors): Promise<void> {
	const { steps, messages } = readTranscript(file)
	const connections = new Map<string, Connection>()
	const words = new Map<string, string>()
	const doors = new Map<string, string>()
	const octetsOf = (name: string) => {
		const message = messages.get(name)
		if (message === undefined) throw new Error(`no message ${name}`)
		return Buffer.from(message, 'utf8').toString('latin1')
	}
	const connectionOf = async (who: string, first: string) => {
		let connection = connections.get(who)
		if (connection) return connection
		const door = doors.get(who) ?? Object.keys(ports)[0]!
		connection = new Connection(ports[door]!, implicitTls.includes(door))
		connections.set(who, connection)
		// Where the greeting is written down, it is looked at.
		if (!GREETING.test(first)) await connection.line()
		return connection
	}
	for (const step of steps) {
		try {
			if (step.is === 'D') doors.set(step.who, step.text)
			else if (step.is === 'F') await filing!(Buffer.from(octetsOf(step.text), 'latin1'))
			else {
				const connection = await connectionOf(step.who, step.is === 'S' ? step.text : '')
				if (step.is === 'C') await say(connection, bytes(filled(step.text, words)), octetsOf)
				else if (step.is === 'S') await hear(connection, bytes(step.text), words, octetsOf)
				else if (step.is === 'T') await connection.startTls()
				else if (step.is === 'Z') connection.deflate()
				else await connection.ended()
			}
		} catch (error) {
			throw new Error(`${file}:${step.line}`, { cause: error })
		}
	}
	for (const connection of connections.values()) await connection.ended()
}

const GREETING = /^(?:\* OK \[CAPABILITY|220 |\+OK Panpipe)/

function bytes(text: string): string {
	return Buffer.from(text, 'utf8').toString('latin1')
}

const ANYTHING = bytes('…')

async function say(connection: Connection, text: string, octetsOf: (name: string) => string): Promise<void> {
	let rest = text
	for (let found = LITERAL.exec(rest); found; found = LITERAL.exec(rest)) {
		const octets = octetsOf(found[1]!)
		connection.send(`${rest.slice(0, found.index)}{${octets.length}${found[2]}}\r\n`)
		if (!found[2]) assert.match(await connection.line(), /^\+ /)
		connection.send(octets)
		rest = rest.slice(found.index + found[0].length)
	}
	connection.send(`${rest}\r\n`)
}

async function hear(
	connection: Connection,
	expected: string,
	words: Map<string, string>,
	octetsOf: (name: string) => string,
): Promise<void> {
	const found = LITERAL.exec(expected)
	if (!found) return match(await connection.line(), expected, words)
	const octets = octetsOf(found[1]!)
	match(await connection.line(), `${expected.slice(0, found.index)}{${octets.length}}`, words)
	assert.equal(await connection.octets(octets.length), octets)
	await hear(connection, expected.slice(found.index + found[0].length), words, octetsOf)
}

function filled(text: string, words: Map<string, string>): string {
	return text.replace(/\$\((\w+)\)/g, (_, name: string) => words.get(name)!)
}

function match(line: string, expected: string, words: Map<string, string>): void {
	const names: string[] = []
	const pattern = expected
		.split(new RegExp(`(${ANYTHING}|\\$\\(\\w+\\))`))
		.map(piece => {
			if (piece === ANYTHING) return '.*'
			const name = /^\$\((\w+)\)$/.exec(piece)?.[1]
			if (!name) return escaped(piece)
			const known = words.get(name)
			if (known !== undefined) return escaped(known)
			names.push(name)
			return '([^\\s\\])]+)'
		})
		.join('')
	const matched = new RegExp(`^${pattern}$`, 's').exec(line)
	if (!matched) assert.equal(line, expected)
	for (const [index, name] of names.entries()) words.set(name, matched![index + 1]!)
}

function escaped(text: string): string {
	return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
