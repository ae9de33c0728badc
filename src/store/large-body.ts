import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { pipeline } from 'node:stream'
import { promisify } from 'node:util'
import { constants, createZstdDecompress, zstdCompress, zstdDecompress } from 'node:zlib'
import { newId } from '../kit/index.ts'
import { Scanner } from '../message/index.ts'
import type { BlobFolder } from './bodies.ts'
import { FOOTER, FRAME, formatTable, parseTable, tableSize } from './frames.ts'
import type { StagedBody } from './types.ts'

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)
const ZSTD = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

/** A body on its way into a file of its own, a frame at a time. */
export class LargeBody {
	#folder: BlobFolder
	#file = newId()
	#hash = createHash('sha256')
	#scanner = new Scanner()
	#size = 0
	#frame: Buffer[] = []
	#held = 0
	#frames: { packed: number; size: number }[] = []
	#opened: Promise<FileHandle>
	/** All frames until now are in the file. */
	#written: Promise<unknown>

	constructor(folder: BlobFolder) {
		this.#folder = folder
		this.#opened = folder.create(this.#file)
		this.#written = this.#opened
		this.#written.catch(() => {})
	}

	/** While one frame is written the next one gathers. */
	write(chunk: Buffer): void | Promise<void> {
		this.#size += chunk.length
		this.#hash.update(chunk)
		this.#scanner.push(chunk)
		const before = this.#written
		let full = false
		for (let at = 0; at < chunk.length; ) {
			const piece = chunk.subarray(at, at + FRAME - this.#held)
			this.#frame.push(piece)
			this.#held += piece.length
			at += piece.length
			if (this.#held < FRAME) break
			this.#flush()
			full = true
		}
		if (full) return before.then(() => {})
	}

	#flush(): void {
		const frame = Buffer.concat(this.#frame)
		this.#frame = []
		this.#held = 0
		this.#written = Promise.all([compress(frame, ZSTD), this.#opened, this.#written]).then(
			([packed, handle]) => {
				this.#frames.push({ packed: packed.length, size: frame.length })
				return handle.writeFile(packed) // goes on where the last one ended, also when the disk takes half a piece
			},
		)
		this.#written.catch(() => {})
	}

	async end(): Promise<StagedBody> {
		if (this.#held > 0) this.#flush()
		try {
			await this.#written
			const handle = await this.#opened
			await handle.writeFile(formatTable(this.#frames))
			await handle.sync()
			await handle.close()
			await this.#folder.sync()
		} catch (error) {
			await this.#remove()
			throw error
		}
		return {
			hash: this.#hash.digest('hex'),
			size: this.#size,
			scanned: this.#scanner.end(),
			data: null,
			file: this.#file,
		}
	}

	abort(): void {
		this.#frame = []
		this.#written.catch(() => {}).finally(() => this.#remove())
	}

	async #remove(): Promise<void> {
		await this.#opened.then(handle => handle.close()).catch(() => {})
		this.#folder.remove(this.#file)
	}
}

/** The octets from `start` to before `end`, and little more is read. Whoever stops early closes the file too. */
export async function* readLarge(path: string, start: number, end: number): AsyncGenerator<Buffer> {
	const handle = await open(path, 'r')
	try {
		const { size } = await handle.stat()
		const last = (octets: number) => octetsAt(handle, size - octets, octets)
		const table = tableSize(await last(Math.min(FOOTER, size)))
		if (table === null || table > size) {
			yield* readWhole(path, start, end)
			return
		}
		for (const frame of parseTable(await last(table))) {
			if (frame.start + frame.size <= start) continue
			if (frame.start >= end) return
			const octets = await decompress(await octetsAt(handle, frame.at, frame.packed))
			yield octets.subarray(Math.max(0, start - frame.start), Math.max(0, end - frame.start))
		}
	} finally {
		await handle.close()
	}
}

async function octetsAt(handle: FileHandle, at: number, octets: number): Promise<Buffer> {
	const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(octets), 0, octets, at)
	if (bytesRead < octets) throw new Error('the file of a body is shorter than it says')
	return buffer
}

/** A file of one frame: everything before `start` is unpacked on the way. */
async function* readWhole(path: string, start: number, end: number): AsyncGenerator<Buffer> {
	let at = 0
	// Whoever stops reading early closes the file too; an error reaches whoever reads.
	const pieces = pipeline(createReadStream(path), createZstdDecompress(), () => {})
	for await (const piece of pieces as AsyncIterable<Buffer>) {
		if (at + piece.length > start) yield piece.subarray(Math.max(0, start - at), Math.max(0, end - at))
		at += piece.length
		if (at >= end) return
	}
}
