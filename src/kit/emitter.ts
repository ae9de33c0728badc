/** A list of listeners for one kind of event. A listener that throws does not keep the others from hearing. */
export class Emitter<T> {
	#listeners = new Set<(event: T) => void>()
	#failed: (error: unknown) => void

	constructor(
		failed: (error: unknown) => void = error =>
			queueMicrotask(() => {
				throw error
			}),
	) {
		this.#failed = failed
	}

	/** Returns the function that ends the listening. */
	on(listener: (event: T) => void): () => void {
		this.#listeners.add(listener)
		return () => this.#listeners.delete(listener)
	}

	emit(event: T): void {
		for (const listener of this.#listeners) {
			try {
				listener(event)
			} catch (error) {
				this.#failed(error)
			}
		}
	}

	get size(): number {
		return this.#listeners.size
	}
}
