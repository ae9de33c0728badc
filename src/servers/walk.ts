import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Account } from '../directory/index.ts'
import { LineReader } from '../kit/index.ts'
import { imap } from '../wire/index.ts'
import { formatProxyLine } from './connection.ts'
import type { House } from './types.ts'

export type Walker = {
	protocol: 'imap' | 'pop3'
	/** Signed in here, lives elsewhere. */
	account: Account
	/** The real client's address. */
	client: string
	/** Nobody else listens to it any more. */
	socket: Socket
	/** imap: the tag of the command that signed in, still unanswered. */
	tag?: string
	/** pop3: the client asked for Chinese (LANG). */
	chinese?: boolean
	/** What the client sent after that command. */
	pending: Buffer
}

/** How long the home may take to let somebody in. */
const PATIENCE_MS = 15_000

/** The home answered, but not as a home of ours should. */
class NotWelcome extends Error {}

/** The home says by a code why not now (the maildrop is in use): the client is to hear it. */
class NotNow extends Error {}

/**
 * Takes a signed-in client to the home of its account (law 2): from here on this node only moves octets.
 * The client's command is answered either way; when the home cannot be reached the connection is ended.
 */
export async function walk(house: House, walker: Walker): Promise<'walked' | 'unreachable'> {
	const { account, socket, protocol, pending } = walker
	let home: TLSSocket | null = null
	try {
		home = await house.connect(account.home, protocol)
		const { answer, rest } = await enter(home, walker)
		if (socket.destroyed) throw new NotWelcome('the client went away')
		socket.write(answer, 'latin1')
		if (rest.length > 0) socket.write(rest)
		if (pending.length > 0) home.write(pending)
		join(socket, home, house.limits.idleMs)
		return 'walked'
	} catch (error) {
		home?.destroy()
		if (error instanceof NotNow) socket.end(`${error.message}\r\n`, 'latin1')
		else {
			house.log.warn({ err: error, account: account.id, home: account.home, protocol }, 'home not reached')
			socket.end(unreachable(walker))
		}
		socket.setTimeout(5_000, () => socket.destroy())
		return 'unreachable'
	}
}

function unreachable({ protocol, tag, chinese }: Walker): string {
	const words = chinese
		? '您的邮箱所在的服务器暂时无法连接，请稍后再试'
		: 'the server your mail lives on cannot be reached right now, please try again later'
	return protocol === 'imap'
		? `${tag} NO [UNAVAILABLE] ${words}\r\n* BYE please try again later\r\n`
		: `-ERR [SYS/TEMP] ${words}\r\n`
}

/** Signs the client in at home. What to answer it, and what came after that. */
async function enter(
	home: TLSSocket,
	{ protocol, account, client, tag, chinese }: Walker,
): Promise<{ answer: string; rest: Buffer }> {
	const lines = new Lines(home)
	try {
		home.write(formatProxyLine(client, home.remoteAddress ?? ''), 'latin1')
		const greeting = await lines.next()
		const name = Buffer.from(account.id).toString('base64')
		if (protocol === 'pop3') {
			if (!greeting.startsWith('+OK')) throw new NotWelcome(greeting)
			if (chinese) {
				home.write('LANG zh-CN\r\n', 'latin1')
				await lines.next()
			}
			home.write(`AUTH EXTERNAL ${name}\r\n`, 'latin1')
			const answer = await lines.next()
			if (answer.startsWith('-ERR [')) throw new NotNow(answer)
			if (!answer.startsWith('+OK')) throw new NotWelcome(answer)
			return { answer: `${answer}\r\n`, rest: lines.stop() }
		}
		if (!greeting.startsWith('* OK')) throw new NotWelcome(greeting)
		home.write(`walk AUTHENTICATE EXTERNAL ${name}\r\n`, 'latin1')
		let untagged = ''
		for (;;) {
			const line = await lines.next()
			if (line.startsWith('walk OK'))
				return { answer: `${untagged}${tag}${line.slice(4)}\r\n`, rest: lines.stop() }
			if (!line.startsWith('* ')) throw new NotWelcome(line)
			untagged += `${line}\r\n`
		}
	} finally {
		lines.stop()
	}
}

/** Reads lines of the home until it is let go. */
class Lines {
	#socket: TLSSocket
	#reader = new LineReader(imap.ASSEMBLER_LIMITS.line)
	#wake: (() => void) | null = null
	#ended = false
	#late: NodeJS.Timeout

	constructor(socket: TLSSocket) {
		this.#socket = socket
		socket.on('data', this.#data)
		socket.on('close', this.#end)
		socket.on('end', this.#end)
		socket.on('error', this.#end)
		this.#late = setTimeout(this.#end, PATIENCE_MS)
	}

	#data = (chunk: Buffer) => {
		this.#reader.push(chunk)
		this.#wake?.()
	}

	#end = () => {
		this.#ended = true
		this.#wake?.()
	}

	async next(): Promise<string> {
		for (;;) {
			const line = this.#reader.line()
			if (line) return line.toString('latin1')
			if (this.#ended) throw new NotWelcome('the home hung up or kept silent')
			await new Promise<void>(resolve => {
				this.#wake = resolve
			})
		}
	}

	/** Lets go of the socket, paused. What was read too much. */
	stop(): Buffer {
		clearTimeout(this.#late)
		this.#socket.pause()
		this.#socket.off('data', this.#data)
		this.#socket.off('close', this.#end)
		this.#socket.off('end', this.#end)
		this.#socket.off('error', this.#end)
		const rest: Buffer[] = []
		for (let chunk = this.#reader.take(Infinity); chunk; chunk = this.#reader.take(Infinity)) rest.push(chunk)
		return Buffer.concat(rest)
	}
}

/** Moves octets both ways until one side is done; then the other hears of it too. */
function join(client: Socket, home: TLSSocket, idleMs: number): void {
	for (const [socket, other] of [
		[client, home],
		[home, client],
	] as const) {
		socket.on('error', () => other.destroy())
		// What is on its way to the other still arrives.
		socket.on('close', () => other.destroySoon())
	}
	// The home watches over silence and says why; here only what even it forgot.
	client.setTimeout(idleMs + 60_000, () => client.destroy())
	client.pipe(home)
	home.pipe(client)
}
