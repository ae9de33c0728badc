import { decodeText } from './charset.ts'
import { htmlText } from './html.ts'
import { decodeTransfer } from './transfer.ts'
import type { Part } from './types.ts'

/** Most characters handed to the search index. */
const LONGEST = 1024 * 1024

/**
 * All words of a message's body for search: every text part decoded (HTML without its tags), those of messages within it
 * too. At most a million characters. No header is in it.
 */
export function textOf(message: Buffer, structure: Part): string {
	const pieces: string[] = []
	collect(message, structure, pieces, LONGEST)
	return pieces.join('\n')
}

/** Returns the room that is left. */
function collect(message: Buffer, part: Part, pieces: string[], room: number): number {
	if (room <= 0) return 0
	let left = room
	if (part.parts) {
		for (const child of part.parts) left = collect(message, child, pieces, left)
		return left
	}
	if (part.message) return collect(message, part.message, pieces, left)
	if (part.type !== 'text') return left
	// A character takes at most four octets, in quoted-printable three times as many.
	const raw = message.subarray(part.body, Math.min(part.end, part.body + left * 12))
	const text = decodeText(decodeTransfer(raw, part.encoding), part.params.charset ?? '')
	return take(part.subtype === 'html' ? htmlText(text) : text, pieces, left)
}

function take(text: string, pieces: string[], room: number): number {
	if (text === '' || room <= 0) return room
	const piece = text.length > room ? text.slice(0, room) : text
	pieces.push(piece)
	return room - piece.length - 1
}
