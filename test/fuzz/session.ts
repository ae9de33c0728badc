import assert from 'node:assert/strict'
import { connect } from 'node:net'
import type { Ground } from './houses.ts'
import { mutate, pieces } from './mutate.ts'
import { Random } from './random.ts'

/** What nobody outside may see: stack traces, file names, our words for values that are none. */
const INSIDE =
	/node:|\.ts\b|\n\s+at \S+ \(|[A-Z]\w+Error\b|sqlite|\/tmp\/|\/src\/|\[object |\bundefined\b|\bNaN\b/i
const LONGEST_MS = 15_000

/** One conversation that begins well and goes wrong; the seed says how. @throws what was seen amiss */
export async function converse({ name, language, port }: Ground, seed: number): Promise<void> {
	const random = new Random(seed)
	const state = random.of(language.states)
	const script = random.of(language.scripts)
	const from = random.below(script.length)
	const sent = mutate(random, script.slice(from, from + 1 + random.below(8)))
	let heard = ''
	const what = () =>
		`${name}, seed ${seed}, ${state.name}; sent ${JSON.stringify(sent.slice(0, 600))}; heard ${JSON.stringify(heard.slice(-600))}`
	await new Promise<void>((resolve, reject) => {
		const socket = connect({ port, host: '127.0.0.1', noDelay: true })
		const late = setTimeout(() => {
			socket.destroy()
			reject(new Error(`no end: ${what()}`))
		}, LONGEST_MS)
		let begun = false
		const wait = state.before.length > 0
		if (wait) socket.write(state.before, 'latin1')
		socket.setEncoding('latin1')
		socket.on('data', text => {
			heard += text
			if (begun || !state.heard.test(heard)) return
			begun = true
			void say()
		})
		socket.on('error', () => {}) // a server may hang up on whoever speaks like that
		socket.on('close', () => {
			clearTimeout(late)
			if (begun) resolve()
			else reject(new Error(`never came into its state: ${what()}`))
		})
		const say = async () => {
			for (const piece of pieces(random, sent)) {
				if (socket.destroyed) return
				socket.write(piece)
				if (random.chance(0.5)) await new Promise(setImmediate)
			}
			if (random.chance(0.1)) socket.destroy()
			else socket.end()
		}
	})
	assert.doesNotMatch(heard, INSIDE, what())
	if (name === 'imap' || name === 'pop3') return
	const plain = heard.replace(/(Go on with TLS\r\n)[\s\S]*/, '$1')
	assert.match(plain, /^(?:[2345]\d\d[ -][^\r\n]*\r\n)+$/, what())
}

/** The next one who comes finds everything as it should be. */
export async function healthy({ name, port }: Ground): Promise<void> {
	const [talk, answer] = {
		imap: ['a LOGIN alice@example.com secret\r\nb STATUS INBOX (MESSAGES)\r\nc LOGOUT\r\n', /^b OK/m],
		pop3: ['USER bob@example.com\r\nPASS secret\r\nSTAT\r\nQUIT\r\n', /\n\+OK \d+ \d+\r\n/],
		smtp: ['EHLO x\r\nMAIL FROM:<x@example.org>\r\nRCPT TO:<bob@example.com>\r\nQUIT\r\n', /\n250 2\.1\.5/],
		submission: ['EHLO x\r\nRSET\r\nQUIT\r\n', /\n221 /],
		lmtp: ['LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<bob@example.com>\r\nQUIT\r\n', /\n250 2\.1\.5/],
	}[name] as [string, RegExp]
	const heard = await new Promise<string>((resolve, reject) => {
		let text = ''
		const socket = connect(port, '127.0.0.1')
		const late = setTimeout(() => reject(new Error(`${name} answers nobody any more: ${text}`)), LONGEST_MS)
		socket.setEncoding('latin1')
		socket.on('data', chunk => {
			text += chunk
		})
		socket.on('error', reject)
		socket.on('close', () => {
			clearTimeout(late)
			resolve(text)
		})
		socket.write(talk)
	})
	assert.match(heard, answer)
}
