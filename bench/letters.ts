/** Messages of 4 KiB in words of our own making, the same every time, and how a mailbox is filled with them. */
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Mailbox } from './load.ts'

/** Numbers without order, but the same ones from the same seed. */
export function numbers(seed: number): (below: number) => number {
	let state = seed >>> 0
	return below => {
		state = (Math.imul(state, 1664525) + 1013904223) >>> 0
		return Math.floor((state / 2 ** 32) * below)
	}
}

const SYLLABLES = 'ka lo mi ter pro con ble ing tion re un est or an the wor ma si du ver'.split(' ')
const invent = numbers(1)
const WORDS = Array.from({ length: 30_000 }, () =>
	Array.from({ length: 1 + invent(4) }, () => SYLLABLES[invent(SYLLABLES.length)]).join(''),
)

/** `quartz` is in one of a hundred, `zephyr` in one of ten, `meeting` in every one; 会议 in one of a hundred. */
export function letter(i: number): string {
	const random = numbers(i + 1)
	/** Some words are frequent, most are not. */
	const word = () => WORDS[Math.floor(30_000 ** (random(1_000_000) / 1_000_000)) - 1]!
	const subject = `${word()} ${word()} ${i % 100 === 7 ? 'quarterly' : word()} ${i}`
	const from = i % 50 === 3 ? 'Zoe Example <zoe@example.net>' : `User <user${random(500)}@example.org>`
	let text = `From: ${from}\r\nTo: user@test.com\r\nDate: Mon, 2 Mar 2026 10:00:00 +0000\r\nMessage-ID: <${i}.${random(1e9)}@example.org>\r\nSubject: ${subject}\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n`
	text += 'meeting '
	if (i % 100 === 42) text += 'quartz 明天的会议改到下午三点。 '
	if (i % 10 === 5) text += 'zephyr '
	let line = 0
	while (text.length < 4096) {
		const next = word()
		line += next.length + 1
		text += line > 70 ? `${next}\r\n` : `${next} `
		if (line > 70) line = 0
	}
	return `${text}\r\n`
}

/** Appends so many letters to INBOX, fifty under way at a time. @param flags, make of the letter with that number */
export async function fill(
	mailbox: Mailbox,
	messages: number,
	flags: (i: number) => string = () => '',
	make: (i: number) => string = letter,
): Promise<void> {
	const socket = connect(mailbox.port, mailbox.host)
	let answered = 0
	let text = ''
	let refused: Error | null = null
	let wake = () => {}
	socket.on('error', error => {
		refused = error
		wake()
	})
	socket.on('data', chunk => {
		text += chunk.toString('latin1')
		answered += text.split(/^a OK /m).length - 1
		if (/^a (?:NO|BAD)/m.test(text)) refused = new Error(text)
		text = text.slice(text.lastIndexOf('\n') + 1)
		wake()
	})
	const reach = async (wanted: number) => {
		while (answered < wanted && !refused) await new Promise<void>(resolve => (wake = resolve))
		if (refused) throw refused
	}
	await once(socket, 'connect')
	try {
		socket.write(`a LOGIN ${mailbox.login} ${mailbox.password}\r\n`)
		await reach(1)
		answered = 0
		for (let i = 0; i < messages; i++) {
			const octets = Buffer.from(make(i))
			socket.write(`a APPEND INBOX (${flags(i)}) {${octets.length}+}\r\n`)
			socket.write(octets)
			socket.write('\r\n')
			await reach(i - 50)
		}
		await reach(messages)
	} finally {
		socket.destroy()
	}
}
