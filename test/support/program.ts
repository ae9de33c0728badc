import { execFile } from 'node:child_process'

export type Ended = { status: number; out: Buffer; err: string }

/** Nothing a person has in a home directory (.curlrc, .swaksrc, .netrc, .muttrc) may play a part. */
export const quiet = (folder: string) => ({ ...process.env, HOME: folder, LC_ALL: 'C.UTF-8', TERM: 'xterm' })

/** Runs a program to its end, however it ends. @throws when it is not there or takes longer than `ms` */
export function ending(
	folder: string,
	words: string[],
	input: string | Buffer = '',
	ms = 15_000,
): Promise<Ended> {
	const options = {
		cwd: folder,
		env: quiet(folder),
		timeout: ms,
		killSignal: 'SIGKILL',
		maxBuffer: 1 << 26,
		encoding: 'buffer',
	} as const
	return new Promise((resolve, reject) => {
		const child = execFile(words[0]!, words.slice(1), options, (error, stdout, stderr) => {
			const status = error ? error.code : 0
			const err = stderr.toString()
			if (typeof status === 'number') return resolve({ status, out: stdout, err })
			const why = error?.killed ? `not ready within ${ms} ms` : String(error?.message)
			reject(new Error(`${words[0]}: ${why}\n${stdout.toString().slice(-2000)}\n${err.slice(-2000)}`))
		})
		child.stdin!.on('error', () => {}) // it ended without reading all
		child.stdin!.end(input)
	})
}

/** What it printed. @throws with what it said when it does not end well */
export async function run(
	folder: string,
	words: string[],
	input: string | Buffer = '',
	ms?: number,
): Promise<Buffer> {
	const { status, out, err } = await ending(folder, words, input, ms)
	if (status === 0) return out
	throw new Error(
		`${words.join(' ').slice(0, 300)}: status ${status}\n${out.toString().slice(-2000)}\n${err.slice(-2000)}`,
	)
}
