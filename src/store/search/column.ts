import { crc32 } from 'node:zlib'
import type { Clue } from './words.ts'

/**
 * The words of one field of the messages of one segment, and which message has which.
 * `words`: UTF-8, each word between line feeds. `table`: for each word where it starts and where its places start, with
 * one pair more for the end. `places`: for each word the ascending places of its messages in the segment, each as its
 * distance from the one before, in octets of seven bits.
 */
export type Column = { words: Uint8Array; table: Uint32Array; places: Uint8Array }

/** Words and the ascending places of the messages that have them. */
export class Gathering {
	readonly #places = new Map<string, number[]>()

	add(word: string, place: number): void {
		const places = this.#places.get(word)
		if (places) places.push(place)
		else this.#places.set(word, [place])
	}

	/** Takes over a column whose messages get new places (ascending, -1: it goes), all above those that are here. */
	take({ words, table, places }: Column, moved: Int32Array): void {
		let word = 0
		const text = Buffer.from(words.buffer, words.byteOffset, words.byteLength).toString()
		for (let start = 1; start < text.length; word++) {
			const end = text.indexOf('\n', start)
			const name = text.slice(start, end)
			eachPlace(places, table[2 * word + 1]!, table[2 * word + 3]!, place => {
				if (moved[place]! >= 0) this.add(name, moved[place]!)
			})
			start = end + 1
		}
	}

	column(): Column {
		const table = new Uint32Array(2 * this.#places.size + 2)
		const places: number[] = []
		let at = 1
		let next = 0
		for (const [word, list] of this.#places) {
			table[next++] = at
			table[next++] = places.length
			at += Buffer.byteLength(word) + 1
			let before = 0
			for (const place of list) {
				let distance = place - before
				before = place
				for (; distance > 127; distance >>>= 7) places.push((distance & 127) | 128)
				places.push(distance)
			}
		}
		table[next++] = at
		table[next] = places.length
		const words = Buffer.from(`${[...this.#places.keys()].map(word => `\n${word}`).join('')}\n`)
		return { words, table, places: Uint8Array.from(places) }
	}
}

function eachPlace(places: Uint8Array, from: number, to: number, see: (place: number) => void): void {
	let place = 0
	for (let at = from; at < to; ) {
		let distance = 0
		for (let shift = 0; ; shift += 7) {
			const octet = places[at++]!
			distance |= (octet & 127) << shift
			if (octet < 128) break
		}
		place += distance
		see(place)
	}
}

/** Sets a mark for each message that has a word the clue tells of. */
export function mark({ words, table, places }: Column, { text, at }: Clue, marks: Uint8Array): void {
	const opened = at === 'start' || at === 'whole'
	const needle = `${opened ? '\n' : ''}${text}${at === 'end' || at === 'whole' ? '\n' : ''}`
	const sought = Buffer.from(needle)
	const hay = Buffer.from(words.buffer, words.byteOffset, words.byteLength)
	const seen = (place: number) => {
		marks[place] = 1
	}
	let low = 0
	for (let from = 0; ; ) {
		const found = hay.indexOf(sought, from)
		if (found < 0) return
		low = wordAt(table, opened ? found + 1 : found, low)
		eachPlace(places, table[2 * low + 1]!, table[2 * low + 3]!, seen)
		low++
		from = table[2 * low]! - 1 // the line feed before the next word
	}
}

/** The last word, from `low` on, that starts not after `at`. */
function wordAt(table: Uint32Array, at: number, low: number): number {
	let high = table.length / 2 - 2
	let from = low
	while (from < high) {
		const middle = (from + high + 1) >>> 1
		if (table[2 * middle]! <= at) from = middle
		else high = middle - 1
	}
	return from
}

/** SQLite does not notice a wrong octet in the middle of a value; this does. */
export function checkOf({ words, table, places }: Column): number {
	return crc32(places, crc32(octetsOf(table), crc32(words)))
}

export function octetsOf(numbers: Uint32Array): Uint8Array {
	return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength)
}

export function numbersOf(octets: Uint8Array): Uint32Array {
	return new Uint32Array(octets.slice().buffer, 0, octets.length >>> 2)
}
