// Each takes a thread of the pool that files and compression need too.
const AT_ONCE = 2
let running = 0
const waiting: (() => void)[] = []

/** Work of the thread pool that takes tens of milliseconds: two at a time, the others wait their turn. */
export async function inTurn<T>(work: (done: (error: Error | null, result: T) => void) => void): Promise<T> {
	while (running >= AT_ONCE) await new Promise<void>(turn => waiting.push(turn))
	running++
	try {
		return await new Promise((resolve, reject) =>
			work((error, result) => (error ? reject(error) : resolve(result))),
		)
	} finally {
		running--
		waiting.shift()?.()
	}
}
