import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync, constants, readdirSync, readFileSync, rmSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { type Log, readIfThere } from '../kit/index.ts'
import { enginePaths } from './engine-config.ts'

/** One run of nats-server. */
export type EngineProcess = {
	/** Port for clients, on 127.0.0.1. */
	port: number
	/** Reads its configuration file again. */
	reload(): void
	stop(): Promise<void>
	/** At once. */
	kill(): void
	/** Resolves when it has ended, for whatever reason, with the last thing it complained of. */
	ended: Promise<string>
}

const READY_WITHIN = 20_000
const STOP_WITHIN = 5_000
const LOOK_EVERY = 10

/** A program's path: from PATH, or where Debian puts servers (a user's PATH has no sbin). */
export function findProgram(name: string): string | null {
	const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/usr/bin']
	for (const folder of folders) {
		if (!folder) continue
		const path = join(folder, name)
		try {
			accessSync(path, constants.X_OK)
			return path
		} catch {
			// not there
		}
	}
	return null
}

/** Starts the server and waits until it listens. Its configuration must lie in the folder. @throws Error */
export async function startEngine(program: string, folder: string, log: Log): Promise<EngineProcess> {
	const { config } = enginePaths(folder)
	await endOrphan(folder, log)
	for (const name of readdirSync(folder)) if (name.endsWith('.ports')) rmSync(join(folder, name))

	// The server must not outlive us, whatever ends us (kill -9 too): the kernel sees to it.
	const setpriv = findProgram('setpriv')
	const command = setpriv ? [setpriv, '--pdeathsig', 'KILL', '--', program] : [program]
	const child = spawn(command[0]!, [...command.slice(1), '-c', config], {
		stdio: ['ignore', 'ignore', 'pipe'],
		// A group of its own: Ctrl-C in the terminal is for us; we stop the server when we are done with it.
		detached: true,
	})
	const complaint = passOn(child, log)
	const ended = new Promise<string>(resolve => {
		child.once('error', error => resolve(error.message))
		child.once('close', () => resolve(complaint()))
	})
	const port = await portOf(child, folder, ended)
	return {
		port,
		reload: () => void child.kill('SIGHUP'),
		stop: async () => {
			child.kill('SIGTERM')
			const late = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN)
			await ended
			clearTimeout(late)
		},
		kill: () => void child.kill('SIGKILL'),
		ended,
	}
}

/** The client port, from the file that nats-server writes when it is ready. */
async function portOf(child: ChildProcess, folder: string, ended: Promise<string>): Promise<number> {
	let over: string | null = null
	void ended.then(why => {
		over = why || 'it ended at once'
	})
	const path = join(folder, `nats-server_${child.pid}.ports`)
	for (const until = performance.now() + READY_WITHIN; performance.now() < until; ) {
		if (over !== null) throw new Error(over)
		const text = readIfThere(path)
		const port = text && /"nats:\/\/[^"]*:(\d+)"/.exec(text)?.[1]
		if (port) return Number(port)
		await wait(LOOK_EVERY)
	}
	child.kill('SIGKILL')
	throw new Error('it did not get ready')
}

const LEVELS: Record<string, 'debug' | 'warn' | 'error'> = { WRN: 'warn', ERR: 'warn', FTL: 'error' }

/** Its log into ours. Returns what tells its last serious complaint. */
function passOn(child: ChildProcess, log: Log): () => string {
	let last = ''
	const lines = createInterface({ input: child.stderr! })
	lines.on('line', line => {
		const [, code, text] = /^\[\d+\] \[([A-Z]{3})\] (.*)$/.exec(line) ?? [null, 'WRN', line]
		const level = LEVELS[code!] ?? 'debug'
		if (code === 'FTL' || (code === 'WRN' && text === line)) last = text!
		// It grumbles about our choice of password and payload at every start and reload.
		const habit = /^(Plaintext passwords|Maximum payloads|Waiting for routing)/.test(text!)
		log[habit ? 'debug' : level]({ engine: true }, text!)
	})
	return () => last
}

/**
 * A server that an earlier run of this node left behind holds the cluster port: it is ended.
 * Only if it really is ours, that is, if it was started with our configuration file.
 */
export async function endOrphan(folder: string, log: Log): Promise<void> {
	const paths = enginePaths(folder)
	const pid = Number(readIfThere(paths.pid))
	if (!Number.isInteger(pid) || pid <= 1 || !isOurs(pid, paths.config)) return
	log.warn({ pid }, 'ending the nats-server that an earlier run left behind')
	try {
		process.kill(pid, 'SIGKILL')
	} catch {
		return
	}
	for (const until = performance.now() + STOP_WITHIN; performance.now() < until; ) {
		if (!isOurs(pid, paths.config)) return
		await wait(LOOK_EVERY)
	}
}

function isOurs(pid: number, config: string): boolean {
	try {
		const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
		return line.some(word => word.endsWith('nats-server')) && line.includes(config)
	} catch {
		return false
	}
}
