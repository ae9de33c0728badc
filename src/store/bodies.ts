import { hash as hashOf } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { scan } from '../message/index.ts'
import { unpackFrames } from './frames.ts'
import { LargeBody, readLarge } from './large-body.ts'
import type { BodyStage, StagedBody } from './types.ts'

// Bodies up to this size live in SQLite, larger ones in files: below it a row is cheaper than an inode.
const LARGE = 128 * 1024
// Most messages are small, and together they are little: to unpack each takes longer than to read it.
const PLAIN = 8 * 1024
// No deflate begins so (RFC 1951 section 3.2.3: block type 11 is an error).
const IS_PLAIN = 7

/** Where the large bodies are. Every file belongs to one staging, so that none is removed under another's feet. */
export class BlobFolder {
	readonly path: string

	constructor(path: string) {
		this.path = path
		mkdirSync(path, { recursive: true, mode: 0o700 })
	}

	read(file: string): Buffer {
		return unpackFrames(readFileSync(join(this.path, file)))
	}

	/** The octets from `start` to before `end`; what lies before them costs nothing. */
	stream(file: string, start: number, end: number): AsyncGenerator<Buffer> {
		return readLarge(join(this.path, file), start, end)
	}

	remove(file: string): void {
		rmSync(join(this.path, file), { force: true })
	}

	list(): string[] {
		return readdirSync(this.path)
	}

	async create(file: string): Promise<FileHandle> {
		return open(join(this.path, file), 'wx', 0o600)
	}

	/** The name of a new file is on disk only when its folder is. */
	async sync(): Promise<void> {
		const folder = await open(this.path, 'r')
		try {
			await folder.sync()
		} finally {
			await folder.close()
		}
	}
}

/** As a body lies in SQLite: raw deflate, or as it is (docs/decisions/0004). Done by the writer, off the protocol thread. */
export function compress(data: Uint8Array): Buffer {
	if (data.length > PLAIN) return deflateRawSync(data, { level: 1 })
	const plain = Buffer.allocUnsafe(data.length + 1)
	plain[0] = IS_PLAIN
	plain.set(data, 1)
	return plain
}

export function unpack(data: Uint8Array): Buffer {
	if (data[0] === IS_PLAIN) return Buffer.from(data.buffer, data.byteOffset + 1, data.length - 1)
	// Text is two to four times as long; by default Node would take 16 KiB for each, however small.
	return inflateRawSync(data, { chunkSize: Math.max(256, data.length * 4) })
}

/** A body that is in memory already. */
export function stageSmall(bytes: Buffer): StagedBody {
	return {
		hash: hashOf('sha256', bytes, 'hex'),
		size: bytes.length,
		scanned: scan(bytes),
		data: bytes,
		file: null,
	}
}

/** Takes a body as it streams in; from LARGE octets on it goes to a file. */
export class Stage implements BodyStage {
	#folder: BlobFolder
	#small: Buffer[] = []
	#size = 0
	#large: LargeBody | null = null

	constructor(folder: BlobFolder) {
		this.#folder = folder
	}

	write(chunk: Buffer): void | Promise<void> {
		this.#size += chunk.length
		if (this.#large) return this.#large.write(chunk)
		this.#small.push(chunk)
		if (this.#size <= LARGE) return
		this.#large = new LargeBody(this.#folder)
		const head = Buffer.concat(this.#small)
		this.#small = []
		return this.#large.write(head)
	}

	end(): StagedBody | Promise<StagedBody> {
		if (this.#large) return this.#large.end()
		return stageSmall(this.#small.length === 1 ? this.#small[0]! : Buffer.concat(this.#small))
	}

	abort(): void {
		this.#small = []
		this.#large?.abort()
	}
}
