import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

/** The same ports on every address: two loopback addresses stand for two machines. */
export const PORTS = {
	smtp: 3025,
	submission: 3587,
	submissions: 3465,
	imap: 3143,
	imaps: 3993,
	pop3: 3110,
	pop3s: 3995,
	web: 3443,
	http: 3080,
	cluster: 7422,
}

const cli = resolve(import.meta.dirname, '../../src/main/cli.ts')
const run = promisify(execFile)
const folders: string[] = []
const running = new Set<TestNode>()

/** A node in a process of its own, as it runs in the world. */
export class TestNode {
	readonly ip: string
	readonly data: string
	child: ChildProcess | null = null
	log = ''
	#config: string

	constructor(ip: string, extra = '') {
		this.ip = ip
		this.data = mkdtempSync(join(tmpdir(), `panpipe-${ip}-`))
		folders.push(this.data)
		const ports = Object.entries(PORTS).map(([name, port]) => `${name} = ${port}`)
		// No DNS server is reachable: nothing of the cluster may need one.
		this.#config = `listen = "${ip}"\n${extra}\n[ports]\n${ports.join('\n')}\n`
		if (!extra.includes('[dns]')) this.#config += `[dns]\nservers = ["127.0.0.1:1"]\n`
	}

	/** Resolves when it answers. */
	async start(): Promise<this> {
		mkdirSync(this.data, { recursive: true })
		writeFileSync(join(this.data, 'panpipe.toml'), this.#config)
		const args = ['--disable-warning=ExperimentalWarning', cli, 'serve', '--data', this.data]
		const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
		this.child = child
		running.add(this)
		const serving = new Promise<void>((resolve, reject) => {
			const hear = (chunk: Buffer) => {
				this.log = (this.log + chunk.toString()).slice(-200_000)
				if (this.log.includes('"msg":"serving"')) resolve()
			}
			this.log = ''
			child.stdout!.on('data', hear)
			child.stderr!.on('data', hear)
			child.once('exit', code =>
				reject(new Error(`node ${this.ip} ended (${code}): ${this.log.slice(-3000)}`)),
			)
		})
		await serving
		return this
	}

	/** kill -9: no farewell. */
	async kill(): Promise<void> {
		await this.#end('SIGKILL')
	}

	async stop(): Promise<void> {
		await this.#end('SIGTERM')
	}

	async #end(signal: NodeJS.Signals): Promise<void> {
		const { child } = this
		this.child = null
		running.delete(this)
		if (!child || child.exitCode !== null || child.signalCode !== null) return
		const ended = new Promise(resolve => child.once('exit', resolve))
		child.kill(signal)
		await ended
	}

	/** The command line, as an operator types it. @throws with what it said on stderr */
	async panpipe(...words: string[]): Promise<string> {
		try {
			const { stdout } = await run(process.execPath, [
				'--disable-warning=ExperimentalWarning',
				cli,
				...words,
				'--data',
				this.data,
			])
			return stdout
		} catch (error) {
			const { code, stderr } = error as { code: number; stderr: string }
			throw Object.assign(new Error(stderr?.trim() || String(error)), { status: code })
		}
	}

	// biome-ignore lint/suspicious/noExplicitAny: whatever the verb answers; the tests look into it
	async json(...words: string[]): Promise<any> {
		return JSON.parse(await this.panpipe(...words, '--json'))
	}

	async addAccount(address: string, password = 'secret'): Promise<void> {
		const { sayTo } = await import('../../src/main/speak.ts')
		await sayTo(this.data, 'account add', { address, password })
	}

	// biome-ignore lint/suspicious/noExplicitAny: as above
	async say(verb: string, input: unknown = {}): Promise<any> {
		const { sayTo } = await import('../../src/main/speak.ts')
		return sayTo(this.data, verb, input)
	}
}

/** Makes `other` a member of the cluster `member` is in, as an administrator does. */
export async function joinTo(member: TestNode, other: TestNode, description = ''): Promise<void> {
	const { code } = await other.say('node code')
	await member.say('node add', { ip: other.ip, webPort: PORTS.web, code, description })
}

/** Ends what is left and removes the data. */
export async function endAll(): Promise<void> {
	await Promise.all([...running].map(node => node.stop()))
	for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
}

/** Looks again and again until the condition is so; for what other processes do. @throws after `ms` */
export async function until(
	what: string,
	ms: number,
	condition: () => Promise<boolean> | boolean,
): Promise<number> {
	const began = performance.now()
	for (;;) {
		if (await condition()) return performance.now() - began
		if (performance.now() - began > ms) throw new Error(`not within ${ms} ms: ${what}`)
		await sleep(20)
	}
}
