import { connect, type Socket } from 'node:net'
import { until } from './nodes.ts'

/** Drives a Mozilla program that was started with --marionette: scripts run inside it, with all it can do itself. */
export class Marionette {
	#socket: Socket
	#heard: Buffer = Buffer.alloc(0)
	#last = 0
	#waiting = new Map<number, (answer: [error: { message: string } | null, value: unknown]) => void>()

	private constructor(socket: Socket) {
		this.#socket = socket
		socket.on('data', (chunk: Buffer) => {
			this.#heard = Buffer.concat([this.#heard, chunk])
			this.#read()
		})
		socket.on('close', () => {
			for (const answer of this.#waiting.values()) answer([{ message: 'the program is gone' }, null])
		})
		socket.on('error', () => {})
	}

	/** As soon as the program listens. */
	static async at(address: string, port: number): Promise<Marionette> {
		let found: Socket | undefined
		await until(`something listens at ${address}:${port}`, 60_000, () => {
			return new Promise(resolve => {
				const socket = connect(port, address, () => {
					found = socket
					resolve(true)
				})
				socket.once('error', () => resolve(false))
			})
		})
		const marionette = new Marionette(found!)
		await marionette.#say('WebDriver:NewSession', { capabilities: {} })
		await marionette.#say('Marionette:SetContext', { value: 'chrome' })
		await marionette.#say('WebDriver:SetTimeouts', { script: 120_000 })
		return marionette
	}

	/** What the function body gives; it may await. @throws what it throws */
	async script<T>(body: string, ...args: unknown[]): Promise<T> {
		const script = `const done = arguments[arguments.length - 1];
			(async (...args) => { ${body} })(...arguments).then(value => done({ value }), error => done({ error: String(error) + error?.stack }))`
		const answer = await this.#say('WebDriver:ExecuteAsyncScript', { script, args, sandbox: 'system' })
		const { value, error } = (answer as { value: { value?: T; error?: string } }).value
		if (error !== undefined) throw new Error(error)
		return value as T
	}

	close(): void {
		this.#socket.destroy()
	}

	/** `length:json`, both ways. */
	#say(name: string, parameters: object): Promise<unknown> {
		const id = ++this.#last
		const message = Buffer.from(JSON.stringify([0, id, name, parameters]))
		this.#socket.write(`${message.length}:`)
		this.#socket.write(message)
		return new Promise((resolve, reject) => {
			this.#waiting.set(id, ([error, value]) => {
				this.#waiting.delete(id)
				if (error) reject(new Error(`${name}: ${error.message}`))
				else resolve(value)
			})
		})
	}

	#read(): void {
		for (;;) {
			const colon = this.#heard.indexOf(':')
			if (colon < 0) return
			const end = colon + 1 + Number(this.#heard.toString('latin1', 0, colon))
			if (this.#heard.length < end) return
			const message = JSON.parse(this.#heard.toString('utf8', colon + 1, end))
			this.#heard = this.#heard.subarray(end)
			// The first thing said is a greeting.
			if (Array.isArray(message)) this.#waiting.get(message[1])?.([message[2], message[3]])
		}
	}
}
