/** Panpipe nodes of our own, started and spoken to as an operator would: `./panpipe serve`, `./panpipe … --json`. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { end, residentFamily } from './processes.ts'

const PANPIPE = join(dirname(import.meta.dirname), 'panpipe')
export const WEB_PORT = 18443
const PORTS = { smtp: 18025, imap: 18143, pop3: 18110, web: WEB_PORT, cluster: 17422 }
export const PASSWORD = 'bench-password'

export class PanpipeNode {
	readonly dir: string
	readonly host: string
	readonly smtp = PORTS.smtp
	readonly imap = PORTS.imap
	readonly pop3 = PORTS.pop3
	#child: ChildProcess

	private constructor(dir: string, host: string, child: ChildProcess) {
		this.dir = dir
		this.host = host
		this.#child = child
	}

	/** @param root what we make in it, under `name`, its owner removes. @param host an address of 127.0.0.0/8 for this node alone */
	static async start(root: string, name: string, host: string): Promise<PanpipeNode> {
		const dir = join(root, name)
		mkdirSync(dir, { recursive: true })
		const off = ['submission', 'submissions', 'imaps', 'pop3s'].map(each => `${each} = 0\n`).join('')
		const on = Object.entries(PORTS).map(([each, port]) => `${each} = ${port}\n`)
		writeFileSync(join(dir, 'panpipe.toml'), `hostname = "${name}.test"\n[ports]\n${on.join('')}${off}`)
		const log = openSync(`${dir}.log`, 'a')
		const child = spawn(PANPIPE, ['serve', '--data', dir, '--listen', host], { stdio: ['ignore', log, log] })
		closeSync(log)
		const node = new PanpipeNode(dir, host, child)
		for (let attempt = 0; ; attempt++) {
			try {
				await node.say('status')
				return node
			} catch (error) {
				if (child.exitCode !== null || attempt === 100) {
					await node.stop()
					process.stderr.write(readFileSync(`${dir}.log`))
					throw new Error(`the node ${name} did not start`, { cause: error })
				}
				await sleep(100)
			}
		}
	}

	/** A command and its words; the JSON it answers. @throws with the sentence it printed on stderr */
	say<T = unknown>(...words: string[]): Promise<T> {
		return run<T>(['--data', this.dir, '--json', ...words])
	}

	/** The first domain and its administrator: before that the pages lead nowhere else. */
	async setUp(domain: string, admin: string): Promise<void> {
		const words = ['setup', '--domain', domain, '--admin', admin, '--password-stdin']
		await run(['--data', this.dir, '--json', ...words], PASSWORD)
	}

	/** Makes an account that lives here. */
	async addAccount(address: string): Promise<void> {
		await run(['--data', this.dir, '--json', 'account', 'add', address, '--password-stdin'], PASSWORD)
	}

	/** Lets the other node, which is alone so far, into our cluster. */
	async join(other: PanpipeNode): Promise<void> {
		const { code } = await other.say<{ code: string }>('node', 'code')
		await this.say('node', 'add', other.host, String(WEB_PORT), code)
	}

	/** Accounts of all nodes, as this node knows them. */
	async accounts(): Promise<number> {
		return (await this.say<{ accounts: { everywhere: number } }>('status')).accounts.everywhere
	}

	get pid(): number {
		return this.#child.pid!
	}

	/** Octets, the engine beside the node included. */
	get residentMemory(): number {
		return residentFamily(this.pid)
	}

	async stop(): Promise<void> {
		if (this.#child.exitCode === null && this.#child.signalCode === null) await end(this.pid, 10_000)
	}
}

function run<T>(words: string[], input = ''): Promise<T> {
	return new Promise((resolve, reject) => {
		const child = execFile(PANPIPE, words, { maxBuffer: 1 << 28 }, (error, stdout, stderr) => {
			if (error) reject(new Error(stderr.trim() || error.message))
			else resolve(JSON.parse(stdout) as T)
		})
		child.stdin!.on('error', () => {}) // it ended without reading: its status says why
		child.stdin!.end(input)
	})
}
