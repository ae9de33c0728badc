import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'

/**
 * A new password, typed twice at a terminal that does not show it; '' when nothing is typed.
 * @throws when the two differ, or whoever types leaves with Ctrl-C or Ctrl-D
 */
export async function askPassword(): Promise<string> {
	// With a terminal's input and nobody's output: keys work as everywhere, and none is echoed.
	const nobody = new Writable({ write: (_chunk, _encoding, done) => done() })
	const typed = createInterface({ input: process.stdin, output: nobody, terminal: true, historySize: 0 })
	const lines: string[] = []
	let left = false
	let wake = () => {}
	// Kept from the beginning: what is pasted comes before it is asked for.
	typed.on('line', line => {
		lines.push(line)
		wake()
	})
	typed.on('SIGINT', () => typed.close())
	typed.on('close', () => {
		left = true
		wake()
	})
	const next = async (question: string): Promise<string> => {
		process.stderr.write(question)
		while (lines.length === 0 && !left) await new Promise<void>(resolve => (wake = resolve))
		process.stderr.write('\n')
		const line = lines.shift()
		if (line === undefined) throw new Error('no password was given; nothing is done')
		return line
	}
	try {
		const password = await next('Password (not shown): ')
		if (password === '') return ''
		if ((await next('The same again: ')) !== password)
			throw new Error('the two are not the same; nothing is done')
		return password
	} finally {
		typed.close()
	}
}
