import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { backOff, Emitter, type Log, writeFileAtomic } from '../kit/index.ts'
import { type EngineSettings, engineConfig, enginePaths, reloadable } from './engine-config.ts'
import { type EngineProcess, endOrphan, findProgram, startEngine } from './engine-process.ts'

/** How to reach the server as a client. */
export type EngineAccess = { port: number; password: string }

const FIRST_RETRY = 100
const LONGEST_RETRY = 10_000
const STEADY_AFTER = 10_000

/** Is nats-server installed on this machine? */
export function engineInstalled(): boolean {
	return findProgram('nats-server') !== null
}

/**
 * The nats-server of this node: `apply(settings)` keeps one running with these settings, started again with
 * back-off when it dies; `apply(null)` stops it. Everything asked of it is done one after the other.
 */
export class Engine {
	readonly up = new Emitter<EngineAccess>()
	readonly down = new Emitter<void>()
	/** Why it does not run though it should: a sentence for the admin. */
	problem: string | null = null
	#folder: string
	#log: Log
	#password = randomBytes(24).toString('base64url')
	#wanted: EngineSettings | null = null
	#running: { process: EngineProcess; settings: EngineSettings; since: number } | null = null
	#failures = 0
	#retry: NodeJS.Timeout | undefined
	#work: Promise<void> = Promise.resolve()

	/** @param folder where its configuration and state lie */
	constructor(folder: string, log: Log) {
		this.#folder = folder
		this.#log = log
	}

	get running(): boolean {
		return this.#running !== null
	}

	/** Resolves when it is done, also when the server could not be started (`problem` says why). */
	apply(settings: EngineSettings | null): Promise<void> {
		this.#wanted = settings
		this.#failures = 0
		return this.#inTurn(() => this.#settle())
	}

	/** It runs and does not answer: it is ended, and started anew as after any other end. */
	hung(): void {
		this.#running?.process.kill()
	}

	/** Throws away what JetStream has on disk (law 6: it can be made anew) and starts again. */
	rebuild(): Promise<void> {
		return this.#inTurn(async () => {
			await this.#stop()
			await rm(enginePaths(this.#folder).jetstream, { recursive: true, force: true })
			await this.#settle()
		})
	}

	/** Stops and removes everything, its settings included. */
	forget(): Promise<void> {
		this.#wanted = null
		return this.#inTurn(async () => {
			await this.#settle()
			await endOrphan(this.#folder, this.#log)
			await rm(this.#folder, { recursive: true, force: true })
			this.#written = ''
		})
	}

	#inTurn(work: () => Promise<void>): Promise<void> {
		const done = this.#work.then(work)
		this.#work = done.catch(() => {})
		return done
	}

	async #settle(): Promise<void> {
		clearTimeout(this.#retry)
		const wanted = this.#wanted
		if (!wanted) {
			this.problem = null
			return await this.#stop()
		}
		try {
			if (this.#running && !reloadable(this.#running.settings, wanted)) await this.#stop()
			if (!this.#running) this.#written = '' // somebody may have emptied the folder meanwhile
			const changed = this.#write(wanted)
			if (this.#running) {
				if (changed) this.#running.process.reload()
				this.#running.settings = wanted
			} else await this.#start(wanted)
			this.problem = null
		} catch (error) {
			this.#failed((error as Error).message)
		}
	}

	#written = ''

	#write(settings: EngineSettings): boolean {
		const paths = enginePaths(this.#folder)
		const config = engineConfig(settings, this.#folder, this.#password)
		const all = [config, settings.certificate, settings.key, settings.ca].join('\0')
		if (this.#written === all) return false
		mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
		writeFileAtomic(paths.certificate, settings.certificate)
		writeFileAtomic(paths.key, settings.key)
		writeFileAtomic(paths.ca, settings.ca)
		writeFileAtomic(paths.config, config)
		this.#written = all
		return true
	}

	async #start(settings: EngineSettings): Promise<void> {
		const program = findProgram('nats-server')
		if (!program) throw new Error('it is not installed; install it with: apt-get install nats-server')
		const process = await startEngine(program, this.#folder, this.#log)
		const running = { process, settings, since: performance.now() }
		this.#running = running
		void process.ended.then(why => {
			if (this.#running !== running) return // stopped on purpose
			this.#running = null
			if (performance.now() - running.since > STEADY_AFTER) this.#failures = 0
			this.down.emit()
			this.#failed(why || 'it was ended from outside')
		})
		this.#log.info({ port: process.port, routes: settings.routes.length }, 'nats-server runs')
		this.up.emit({ port: process.port, password: this.#password })
	}

	#failed(why: string): void {
		this.problem = `nats-server does not run: ${why}`
		this.#failures++
		const ms = backOff(this.#failures, FIRST_RETRY, LONGEST_RETRY)
		this.#log.error({ why, retryMs: ms }, 'nats-server does not run; trying again')
		this.#retry = setTimeout(() => void this.#inTurn(() => this.#settle()), ms)
		this.#retry.unref()
	}

	async #stop(): Promise<void> {
		const running = this.#running
		if (!running) return
		this.#running = null
		this.down.emit()
		await running.process.stop()
	}
}
