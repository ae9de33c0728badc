import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Directory, type DirectoryOptions, openDirectory } from '../src/directory/index.ts'
import { silentLog } from '../src/kit/index.ts'
import { Net } from './directory-links.ts'

/** Directories of several nodes in one process, with one clock each, that end with the test. */
export class Nodes {
	readonly net = new Net()
	readonly open = new Map<string, Directory>()
	readonly ahead: { at: string; node: string; aheadMs: number }[] = []
	readonly wrong = this.net.wrong
	now = Date.UTC(2024, 0, 1)
	#folder = mkdtempSync(join(tmpdir(), 'directory-'))

	constructor(t: { after(fn: () => void): void }) {
		t.after(() => {
			for (const directory of this.open.values()) directory.close()
			rmSync(this.#folder, { recursive: true })
		})
	}

	file(node: string): string {
		return join(this.#folder, `${node}.sqlite`)
	}

	start(node: string, options: Partial<DirectoryOptions> = {}): Directory {
		const directory = openDirectory({
			file: this.file(node),
			self: node,
			clock: { now: () => this.now + (this.wrong.get(node) ?? 0) },
			log: silentLog,
			links: this.net.join(node),
			onClockAhead: (late, aheadMs) => this.ahead.push({ at: node, node: late, aheadMs }),
			...options,
		})
		this.open.set(node, directory)
		for (const other of this.open.keys()) {
			if (other !== node && this.net.joined(node, other)) this.net.nodes.get(other)!.isUp(node)
		}
		return directory
	}

	stop(node: string): void {
		this.open.get(node)!.close()
		this.open.delete(node)
		this.net.leave(node)
	}

	/** What was sent has arrived and is merged. */
	async settled(): Promise<void> {
		for (let turn = 0; turn < 4; turn++) {
			for (const directory of this.open.values()) await directory.settled()
			await new Promise(setImmediate)
		}
	}

	/** A second passes `times` times; everybody says its beat. */
	async beats(times: number): Promise<void> {
		for (let beat = 0; beat < times; beat++) {
			this.now += 1000
			this.net.beat()
			await this.settled()
		}
	}

	digests(): Set<string> {
		return new Set([...this.open.values()].map(directory => directory.digest))
	}
}
