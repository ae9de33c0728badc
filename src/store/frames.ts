import { zstdDecompressSync } from 'node:zlib'

/*
 * How a large body lies in its file: zstd frames of 256 KiB one after the other, and behind them where each
 * begins, as zstd's "seekable format" has it (a skippable frame, so that `zstd -d` reads the file too). Any piece of the
 * body is read without what lies before it. Files of earlier versions are one frame, without the table.
 */

/** Octets of a body in one frame; the last has what is left. */
export const FRAME = 256 * 1024

const SKIPPABLE = 0x184d2a5e
const SEEKABLE = 0x8f92eab1
const HEAD = 8
const ENTRY = 8
export const FOOTER = 9

/** One frame: where it begins in the file and in the body, and how much of each it is. */
export type Frame = { at: number; packed: number; start: number; size: number }

/** The table that ends the file. */
export function formatTable(frames: { packed: number; size: number }[]): Buffer {
	const table = Buffer.alloc(HEAD + frames.length * ENTRY + FOOTER)
	table.writeUInt32LE(SKIPPABLE, 0)
	table.writeUInt32LE(table.length - HEAD, 4)
	for (const [i, { packed, size }] of frames.entries()) {
		table.writeUInt32LE(packed, HEAD + i * ENTRY)
		table.writeUInt32LE(size, HEAD + i * ENTRY + 4)
	}
	table.writeUInt32LE(frames.length, table.length - FOOTER)
	table.writeUInt32LE(SEEKABLE, table.length - 4)
	return table
}

/** How many octets at the end of a file are its table. @param end its last FOOTER octets; null: it has none */
export function tableSize(end: Uint8Array): number | null {
	const view = new DataView(end.buffer, end.byteOffset, end.byteLength)
	if (end.length < FOOTER || view.getUint32(FOOTER - 4, true) !== SEEKABLE) return null
	return HEAD + view.getUint32(0, true) * ENTRY + FOOTER
}

/** @throws when it is none */
export function parseTable(table: Buffer): Frame[] {
	if (table.readUInt32LE(0) !== SKIPPABLE)
		throw new Error('the file of a body is damaged: no table of its frames')
	const frames: Frame[] = []
	let at = 0
	let start = 0
	for (let i = HEAD; i < table.length - FOOTER; i += ENTRY) {
		const packed = table.readUInt32LE(i)
		const size = table.readUInt32LE(i + 4)
		frames.push({ at, packed, start, size })
		at += packed
		start += size
	}
	return frames
}

/** The frames of a file that is in memory; null: it has no table. */
export function framesOf(file: Buffer): Frame[] | null {
	const table = tableSize(file.subarray(-FOOTER))
	return table === null || table > file.length ? null : parseTable(file.subarray(file.length - table))
}

/** The whole body. */
export function unpackFrames(file: Buffer): Buffer {
	const frames = framesOf(file)
	if (!frames) return zstdDecompressSync(file)
	// One by one: Node's decompressor never comes to an end where one frame follows another.
	return Buffer.concat(frames.map(({ at, packed }) => zstdDecompressSync(file.subarray(at, at + packed))))
}
