import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import type { House } from '../src/servers/types.ts'
import { entranceTo, type Home, person, startHome } from './imap-house.ts'

/*
 * Transcripts are data: `C1: …` is sent by connection 1, `S1: …` is the next line that the server sends to it, in this
 * order. The greeting is read by itself. In a line of the server `…` stands for anything and `$(x)` for a word that is the
 * same wherever `$(x)` stands, in lines of clients too. `M name` begins a message, its lines after `| `; `{name}` in a
 * client's line sends it as a literal (after the server's `+`), `{name+}` at once; in a server's line `{name}` is the
 * literal. `X1` closes a connection. Each file runs at the home of the accounts and again through another node.
 */

type Step =
	| { who: string; is: 'C' | 'S'; text: string; line: number }
	| { who: string; is: 'X'; line: number }

function read(file: string): { steps: Step[]; messages: Map<string, string> } {
	const steps: Step[] = []
	const messages = new Map<string, string>()
	let message = ''
	for (const [index, text] of readFileSync(file, 'utf8').split('\n').entries()) {
		const line = index + 1
		const said = /^([CS])(\d): (.*)$/.exec(text)
		if (said) steps.push({ is: said[1] as 'C' | 'S', who: said[2]!, text: said[3]!, line })
		else if (text.startsWith('M ')) messages.set((message = text.slice(2)), '')
		else if (text.startsWith('|')) messages.set(message, `${messages.get(message)}${text.slice(2)}\r\n`)
		else if (/^X\d$/.test(text)) steps.push({ is: 'X', who: text.slice(1), line })
		else if (text !== '' && !text.startsWith('#')) throw new Error(`${file}:${line}: what is this?`)
	}
	return { steps, messages }
}

class Connection {
	#socket: Socket
	#got = ''
	#ended = false
	#wake: () => void = () => {}

	constructor(port: number) {
		this.#socket = connect(port, '127.0.0.1')
		this.#socket.on('data', chunk => {
			this.#got += chunk.toString('latin1')
			this.#wake()
		})
		this.#socket.on('error', () => {})
		this.#socket.on('close', () => {
			this.#ended = true
			this.#wake()
		})
	}

	send(octets: string): void {
		this.#socket.write(octets, 'latin1')
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

async function play(file: string, port: number): Promise<void> {
	const { steps, messages } = read(file)
	const connections = new Map<string, Connection>()
	const words = new Map<string, string>()
	const octetsOf = (name: string) => {
		const message = messages.get(name)
		if (message === undefined) throw new Error(`no message ${name}`)
		return Buffer.from(message, 'utf8').toString('latin1')
	}
	for (const step of steps) {
		let connection = connections.get(step.who)
		if (!connection) {
			connection = new Connection(port)
			connections.set(step.who, connection)
			if (!(step.is === 'S' && step.text.startsWith('* OK [CAPABILITY'))) await connection.line()
		}
		try {
			if (step.is === 'X') await connection.ended()
			else if (step.is === 'C') await say(connection, bytes(filled(step.text, words)), octetsOf)
			else await hear(connection, bytes(step.text), words, octetsOf)
		} catch (error) {
			throw new Error(`${file}:${step.line}`, { cause: error })
		}
	}
	for (const connection of connections.values()) await connection.ended()
}

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

const FOLDER = new URL('./transcripts/imap/', import.meta.url).pathname
const LIMITS = { maxMessageSize: 100_000, messagesPerCommand: 12 }
/** carol lives at a third node, which is not there. */
const PEOPLE = [person('alice', 'b'), person('bob', 'b'), person('carol', 'c')]
/** Groups and units of this domain; bob is in the first and the second. */
const CROWDS = new Map([
	['team@example.com', 'a-group'],
	['unit:公司/销售', 'c-unit'],
	['unit:公司/财务', 'b-unit'],
])
const crowds: House['crowds'] = {
	id: name => CROWDS.get(name) ?? null,
	name: id => [...CROWDS].find(([, one]) => one === id)?.[0] ?? null,
	of: account => (account === 'id-of-bob' ? ['a-group', 'c-unit'] : []),
}

for (const name of readdirSync(FOLDER).filter(name => name.endsWith('.txt'))) {
	test(`IMAP goes as written in ${name}, at home`, { timeout: 20_000 }, async () => {
		const home = await startHome('b', PEOPLE, { limits: LIMITS, crowds })
		try {
			await play(FOLDER + name, home.port)
		} finally {
			await home.close()
		}
	})

	test(`IMAP goes as written in ${name}, through another node`, { timeout: 20_000 }, async () => {
		let home: Home | null = null
		const away = await startHome('a', PEOPLE, { connect: entranceTo(() => home!, 'a'), limits: LIMITS })
		home = await startHome('b', PEOPLE, { limits: LIMITS, crowds })
		try {
			await play(FOLDER + name, away.port)
		} finally {
			await away.close()
			await home.close()
		}
	})
}
