import { type Part, Unbinary } from '../../message/index.ts'
import { DataEncoder } from '../../wire/index.ts'
import { NO_SUCH } from './list.ts'
import type { Listed, Maildrop } from './maildrop.ts'
import type { Session } from './session.ts'

const GONE = 'This message was deleted elsewhere meanwhile'
// Messages up to this size are sent in one piece.
const WHOLE = 256 * 1024

/** A whole message (RFC 1939 section 5). */
export function retr(
	session: Session,
	maildrop: Maildrop,
	{ number }: { number: number },
): void | Promise<void> {
	const message = maildrop.message(number)
	if (!message) return void session.err(NO_SUCH)
	if (!maildrop.exists(message)) return void session.err(GONE, 'SYS/TEMP')
	return send(session, message, `${message.size} octets`, octets => octets)
}

/** The header and the first lines of the body (RFC 1939 section 7). */
export function top(
	session: Session,
	maildrop: Maildrop,
	{ number, lines }: { number: number; lines: number },
): void | Promise<void> {
	const message = maildrop.message(number)
	if (!message) return void session.err(NO_SUCH)
	if (!maildrop.exists(message)) return void session.err(GONE, 'SYS/TEMP')
	return send(session, message, 'Top of the message', cutAfter(lines))
}

/** Takes the octets piece by piece; null = nothing more is wanted. */
type Cut = (octets: Buffer) => Buffer | null

function send(session: Session, { blob, size }: Listed, text: string, cut: Cut): void | Promise<void> {
	const { reader } = session.house
	if (size > WHOLE) return stream(session, blob, text, cut, wayOut(hasBinary(reader.head(blob).structure)))
	const octets = cut(reader.body(blob)) ?? Buffer.alloc(0)
	// Not many have the word at all: the others' structure need not be read.
	const way = wayOut(/binary/i.test(octets.toString('latin1')) && hasBinary(reader.head(blob).structure))
	// One piece: three would cost the kernel's time three times.
	session.write(Buffer.concat([Buffer.from(session.positive(text)), way.write(octets), way.end()]))
}

type WayOut = { write(octets: Buffer): Buffer; end(): Buffer }

/**
 * Every line ends in CRLF (RFC 1939 section 3), whatever it was stored with: a program that takes a bare LF for a line
 * end would see the end of the message at a dot that is none, and delete what it has half of. Binary parts, which have no
 * lines, go as base64.
 */
function wayOut(isBinary: boolean): WayOut {
	const encoder = new DataEncoder()
	if (!isBinary) return encoder
	const unbinary = new Unbinary()
	return {
		write: octets => encoder.write(unbinary.write(octets)),
		end: () => Buffer.concat([encoder.write(unbinary.end()), encoder.end()]),
	}
}

function hasBinary({ encoding, parts, message }: Part): boolean {
	return encoding === 'binary' || (parts?.some(hasBinary) ?? (message ? hasBinary(message) : false))
}

async function stream(session: Session, blob: number, text: string, cut: Cut, way: WayOut): Promise<void> {
	let begun = false
	try {
		for await (const piece of session.house.reader.bodyStream(blob)) {
			if (session.gone) return
			if (!begun) session.ok(text)
			begun = true
			const octets = cut(piece)
			if (octets === null) break
			if (!session.write(way.write(octets))) await session.drained()
		}
		session.write(way.end())
	} catch (error) {
		// Half a message must not look like a whole one.
		if (begun) session.socket.destroy()
		throw error
	}
}

const LF = 10
const CR = 13

/** The header, the empty line and `lines` lines of the body. */
function cutAfter(lines: number): Cut {
	let inBody = false
	let left = lines
	let lineLength = 0 // octets of the current line, a CR at its end not counted
	let done = false
	return octets => {
		if (done) return null
		for (let i = 0; i < octets.length; i++) {
			const octet = octets[i]
			if (octet !== LF) {
				if (octet !== CR) lineLength++
				continue
			}
			if (inBody) left--
			else inBody = lineLength === 0
			lineLength = 0
			if (inBody && left === 0) {
				done = true
				return octets.subarray(0, i + 1)
			}
		}
		return octets
	}
}
