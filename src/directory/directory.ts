import type { Links } from '../cluster/index.ts'
import { type Clock, Emitter, type Log } from '../kit/index.ts'
import { normalAddress } from '../message/index.ts'
import { leaveBehind } from './alone.ts'
import { DirectoryFile, type Touched } from './file.ts'
import type { Patience } from './peer.ts'
import { SignIns } from './sign-in.ts'
import { Sync } from './sync.ts'
import { Taker } from './take.ts'
import type { Account, Kind, RefreshResult, SignIn } from './types.ts'
import { UnitWriter } from './unit-writer.ts'

/** After a commit. A large merge is many of these. */
export type DirectoryChange = {
	kinds: ReadonlySet<Kind>
	/** Ids of the records, of all kinds. */
	ids: ReadonlySet<string>
	/** Addresses that may mean something else now, as claimed; substitutes of them may have changed too. */
	addresses: ReadonlySet<string>
	/** Accounts deleted now whose home is this node: their mail can go. */
	gone: string[]
}

export type DirectoryOptions = {
	/** Path of directory.sqlite. */
	file: string
	/** This node's id. */
	self: string
	clock: Clock
	log: Log
	links: Links
	/** Stamps of a node were not taken: its clock is so far ahead of ours. The log says it too. */
	onClockAhead?: (node: string, aheadMs: number) => void
	/** When differences between nodes are repaired; for tests. */
	patience?: Partial<Patience>
}

export function openDirectory(options: DirectoryOptions): Directory {
	return new Directory(options)
}

/** What every node knows, at this node. */
export class Directory extends UnitWriter {
	readonly changed: Emitter<DirectoryChange>
	protected readonly clock: Clock
	#log: Log
	#taker: Taker
	#sync: Sync
	#signIns: SignIns

	constructor(options: DirectoryOptions) {
		const { clock, log, links, self } = options
		super(new DirectoryFile(options.file, { clock, self }), self)
		const { file } = this
		this.clock = clock
		this.#log = log
		this.changed = new Emitter(error => log.error({ err: error }, 'directory: a listener failed'))
		if (file.damaged)
			log.warn('directory.sqlite is not as it was left; what is missing is fetched from the other nodes')
		if (!file.places.nodes.has(self)) {
			const created = clock.now()
			file.change('own', () => void file.put('node', self, { created: [created, file.stamps.next()] }))
		}
		this.#taker = new Taker({
			file,
			clock,
			touched: touched => this.#emit(touched),
			ahead: (node, aheadMs) => {
				log.warn(
					{ peer: node, aheadMs },
					'directory: changes not taken, the clock of that node is ahead; set it right',
				)
				options.onClockAhead?.(node, aheadMs)
			},
		})
		this.#sync = new Sync({
			file,
			taker: this.#taker,
			links,
			clock,
			log,
			isMember: node => node !== this.self && !file.places.isRemoved(node),
			...(options.patience ? { patience: options.patience } : {}),
		})
		this.#signIns = new SignIns({ clock, candidates: login => this.#candidates(login) })
	}

	/**
	 * Argon2id, some 30 ms of another thread. `login` is an address, the substitute of a conflict, or the address
	 * lost in one; its local part alone will do where there is exactly one domain.
	 */
	authenticate(login: string, password: string): Promise<SignIn> {
		return this.#signIns.authenticate(login, password)
	}

	#candidates(login: string): Account[] {
		const domains = this.domains()
		const address = login.includes('@') || domains.length !== 1 ? login : `${login}@${domains[0]}`
		return this.file.claims.mayBe(normalAddress(address))
	}

	/** 分布式用户刷新: every member's full list to us, ours to every member. Those that cannot be reached are named. */
	refresh(): Promise<RefreshResult[]> {
		return this.#sync.refresh(this.nodes().flatMap(({ id }) => (id === this.self ? [] : [id])))
	}

	/** True as soon as the node's records and ours are the same; false when that did not come to be in time. */
	mergedWith(node: string, timeoutMs: number): Promise<boolean> {
		return this.#sync.mergedWith(node, timeoutMs)
	}

	/** Milliseconds since our copy of what the node has was known to be complete; null = never. */
	copyAge(node: string): number | null {
		return node === this.self ? 0 : this.#sync.copyAge(node)
	}

	/** The sum of all records, alike on two nodes that know the same. */
	get digest(): string {
		return `${this.file.count}:${this.file.digest.toString(16)}`
	}

	/**
	 * This node is no longer of a cluster. It goes on as `newSelf` with the domains, the policies, its own accounts
	 * and the aliases that still lead somewhere; all else is erased, and former peers are not heard.
	 * No change is emitted: nothing that listens is still right, the caller starts it anew.
	 */
	becomeAlone(newSelf: string): void {
		const former = this.nodeRecords().map(({ id }) => id)
		this.#sync.leave(former)
		this.file.stamps.becomes(newSelf)
		this.file.change('own', () =>
			leaveBehind(this.file, {
				oldSelf: this.self,
				newSelf,
				leadsSomewhere: address => this.lookup(address).is !== 'unknown',
			}),
		)
		this.self = newSelf
		this.#log.info({ former: former.length }, 'directory: this node is alone now')
	}

	/** Resolves when nothing is under way. */
	settled(): Promise<void> {
		return this.#sync.settled()
	}

	close(): void {
		this.#sync.close()
		this.file.close()
	}

	protected write(work: () => void): Touched {
		const { seq, own } = this.file
		const touched = this.file.change('own', work)
		this.#sync.push(touched, seq, own)
		this.#emit(touched)
		return touched
	}

	protected welcome(node: string): void {
		this.#sync.welcome(node)
	}

	#emit({ kinds, ids, addresses }: Touched): void {
		if (ids.size === 0) return
		const gone = kinds.has('account') ? [...ids].filter(id => this.file.claims.isGone(id, this.self)) : []
		this.changed.emit({ kinds, ids, addresses, gone })
	}
}
