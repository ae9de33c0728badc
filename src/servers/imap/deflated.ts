import { Duplex } from 'node:stream'
import { constants, createInflateRaw, deflateRaw, type InflateRaw } from 'node:zlib'

/** What a session needs of its connection. */
export type Wire = Duplex & {
	setTimeout(ms: number, hear?: () => void): unknown
	destroySoon(): void
}

/** After so long without a word from the client the inflater goes; what it needs to go on stays. */
const REST_MS = 5_000
/** DEFLATE looks back this far (RFC 1951). */
const WINDOW = 32 * 1024
/** Below, a smaller compressor does as well and costs a tenth. */
const SMALL = 4 * 1024

/**
 * COMPRESS=DEFLATE (RFC 4978): plain octets on our side, raw deflate on the wire.
 *
 * An idle connection is to be small, and zlib wants 300 KB for each. So what we send is compressed flush by flush,
 * each on its own and complete: nothing is kept in between. What the client sends does look back; while the
 * client is silent only that past is kept (a few hundred octets for most), and a new inflater begins with it. That is
 * possible where the client's deflate blocks end at an octet: after a flush, which always ends in 00 00 FF FF.
 */
export class Deflated extends Duplex {
	#under: Wire
	#inflate: InflateRaw | null = null
	#past: Buffer = Buffer.alloc(0)
	/** The last four octets from the client. */
	#tail = 0
	#working = 0
	#rest: NodeJS.Timeout

	/** @param pending compressed octets that came already */
	constructor(under: Wire, pending: Buffer, restMs = REST_MS) {
		super({ allowHalfOpen: true })
		this.#under = under
		this.#rest = setTimeout(() => this.#doze(), restMs)
		under.on('data', this.#come)
		under.on('end', () => {
			if (this.#inflate) this.#inflate.end()
			else this.push(null)
		})
		under.on('error', error => this.destroy(error))
		under.on('close', () => this.destroy())
		under.on('timeout', () => this.emit('timeout'))
		// Nobody else need care: a broken connection closes.
		this.on('error', () => {})
		if (pending.length > 0) this.#come(pending)
	}

	setTimeout(ms: number, hear?: () => void): this {
		this.#under.setTimeout(ms)
		if (hear) this.once('timeout', hear)
		return this
	}

	destroySoon(): void {
		if (this.writable) this.end()
		this.#under.destroySoon()
	}

	/** Is an inflater kept now? */
	get awake(): boolean {
		return this.#inflate !== null
	}

	#come = (chunk: Buffer) => {
		for (const octet of chunk.subarray(-4)) this.#tail = ((this.#tail << 8) | octet) >>> 0
		this.#working++
		const inflate = (this.#inflate ??= this.#wake())
		if (!inflate.write(chunk, () => this.#working--)) this.#under.pause()
		this.#rest.refresh()
	}

	#wake(): InflateRaw {
		const inflate = createInflateRaw({
			finishFlush: constants.Z_SYNC_FLUSH,
			...(this.#past.length > 0 ? { dictionary: this.#past } : null),
		})
		inflate.on('data', (plain: Buffer) => {
			const past = this.#past.length > 0 ? Buffer.concat([this.#past, plain]) : plain
			this.#past = past.length > WINDOW ? past.subarray(-WINDOW) : past
			if (!this.push(plain)) inflate.pause()
		})
		inflate.on('drain', () => this.#under.resume())
		inflate.on('error', error => this.destroy(error))
		inflate.on('end', () => this.push(null))
		return inflate
	}

	#doze(): void {
		if (!this.#inflate || this.destroyed) return
		if (this.#working > 0 || this.#inflate.readableLength > 0) {
			this.#rest.refresh()
			return
		}
		// In the middle of a block.
		if (this.#tail !== 0xffff) return
		this.#putAway()
		// Out of the larger memory it may be a slice of.
		this.#past = Buffer.from(this.#past)
	}

	#putAway(): void {
		this.#inflate?.removeAllListeners().on('error', () => {})
		this.#inflate?.close()
		this.#inflate = null
	}

	override _read(): void {
		if (this.#inflate) this.#inflate.resume()
		if (!this.#inflate?.writableNeedDrain) this.#under.resume()
	}

	override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
		const small = chunk.length < SMALL
		const options = {
			finishFlush: constants.Z_SYNC_FLUSH,
			windowBits: small ? 12 : 15,
			memLevel: small ? 5 : 8,
		}
		deflateRaw(chunk, options, (error, octets) => {
			if (error || this.#under.destroyed) return done(error)
			if (this.#under.write(octets)) return done()
			const go = () => {
				this.#under.off('drain', go)
				this.#under.off('close', go)
				done()
			}
			this.#under.on('drain', go)
			this.#under.on('close', go)
		})
	}

	override _final(done: (error?: Error | null) => void): void {
		this.#under.end(() => done())
	}

	override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
		clearTimeout(this.#rest)
		this.#putAway()
		this.#under.destroy()
		done(error)
	}
}
