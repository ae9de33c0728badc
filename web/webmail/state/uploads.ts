import { Problem } from '../../shared/api.ts'
import { asProblem } from '../../shared/ask.ts'
import { CORE, type Jmap } from '../jmap/client.ts'
import type { Id } from '../jmap/types.ts'
import type { Attached } from '../writing/draft.ts'

/** Octets. What the line takes away while it breaks is at most so much. */
const PIECE = 1024 * 1024
/** RFC 9404: `maxDataSources`. */
const MOST_PIECES = 64
/** Milliseconds between tries, while the line is gone. */
const WAITS = [500, 1000, 2000, 4000, 8000, 15_000]

/** Files on their way to the node, one after the other, in pieces: after a break only what is missing is sent. */
export class Uploads {
	readonly #jmap: Jmap
	#before: Promise<void> = Promise.resolve()

	constructor(jmap: Jmap) {
		this.#jmap = jmap
	}

	/** Octets of one file; null = unknown. */
	get most(): number | null {
		return this.#jmap.limit(CORE, 'maxSizeUpload')
	}

	/** Also once more, when it failed. Never throws: the file tells what became of it. */
	add(one: Attached): Promise<void> {
		const { most } = this
		one.problem = most !== null && one.size > most ? new Problem(413, 'too-large') : null
		if (one.problem) return Promise.resolve()
		this.#before = this.#before.then(() => this.#bring(one))
		return this.#before
	}

	async #bring(one: Attached): Promise<void> {
		const { file } = one
		if (!file || one.stop.signal.aborted) return
		const length = Math.max(PIECE, Math.ceil(file.size / MOST_PIECES))
		try {
			do {
				const from = one.pieces.length * length
				const piece = file.slice(from, from + length)
				const progress = (share: number) => (one.progress = (from + share * piece.size) / (file.size || 1))
				one.pieces.push(await this.#persist(one, () => this.#upload(piece, progress, one.stop.signal)))
			} while (one.pieces.length * length < file.size)
			one.blobId = one.pieces.length === 1 ? one.pieces[0]! : await this.#persist(one, () => this.#join(one))
			one.file = null
		} catch (error) {
			if (one.stop.signal.aborted) return
			one.problem = asProblem(error)
			// The node forgets what belongs to no message after a while.
			if (one.problem.code === 'jmap-blobNotFound') one.pieces = []
		}
	}

	async #upload(piece: Blob, progress: (share: number) => void, signal: AbortSignal): Promise<Id> {
		return (await this.#jmap.upload(piece, progress, signal)).blobId
	}

	async #join({ pieces, type }: Attached): Promise<Id> {
		const data = pieces.map(blobId => ({ blobId }))
		const { created } = await this.#jmap.set('Blob/upload', { create: { whole: { data, type } } })
		return created!.whole!.id
	}

	/** Tries again while the line is gone; a node that says no has said so. */
	async #persist<T>({ stop: { signal } }: Attached, act: () => Promise<T>): Promise<T> {
		for (const wait of WAITS) {
			try {
				return await act()
			} catch (error) {
				if (signal.aborted || !(error instanceof Problem) || !isPassing(error)) throw error
				await pause(wait, signal)
			}
		}
		return act()
	}
}

/** The line, or the node behind it, is away and may come back. */
const isPassing = ({ code, status }: Problem) => code === 'network' || (status >= 500 && status < 600)

function pause(ms: number, signal: AbortSignal): Promise<void> {
	return new Promise(resolve => {
		const end = () => {
			clearTimeout(timer)
			removeEventListener('online', end)
			signal.removeEventListener('abort', end)
			resolve()
		}
		const timer = setTimeout(end, ms)
		addEventListener('online', end)
		signal.addEventListener('abort', end)
	})
}
