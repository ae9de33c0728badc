import { randomBytes } from 'node:crypto'
import { existsSync, renameSync } from 'node:fs'
import type { Links } from '../cluster/index.ts'
import { type Clock, Emitter, type Log } from '../kit/index.ts'
import { normalAddress } from '../message/index.ts'
import { Access } from './access.ts'
import { leaveBehind } from './alone.ts'
import { AppPasswords, type SecretsFile } from './app-passwords.ts'
import { DirectoryFile, type Touched } from './file.ts'
import { GroupWriter } from './group-writer.ts'
import type { KeeperOptions } from './keeper.ts'
import { COST, hashPassword, verifyPassword } from './password.ts'
import type { Patience } from './peer.ts'
import type { ScramLogin } from './scram.ts'
import { scramSaltOf, secretsOf } from './secrets.ts'
import { Sessions } from './sessions.ts'
import { type Candidate, SignIns, type TokenChecker } from './sign-in.ts'
import { isAhead, isTimeSettled, stampAnew } from './stamp-anew.ts'
import { Sync } from './sync.ts'
import { Taker } from './take.ts'
import { SecondFactor } from './totp.ts'
import type { Kind, RefreshResult, Resolved, SignIn } from './types.ts'

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

// The salts that logins nobody has are answered with come from it.
const SCRAM_SECRET = 'scram.secret'

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
	/** The organisation's own sign-in, for OAUTHBEARER; without it bearer tokens are not taken. */
	tokens?: TokenChecker
	/** When differences between nodes are repaired; for tests. */
	patience?: Partial<Patience>
}

/** A file that cannot be read is set aside where other nodes have what was in it. @throws Error */
export function openDirectory(options: DirectoryOptions): Directory {
	const { file, links, log, clock } = options
	try {
		return new Directory(options)
	} catch (error) {
		if (!isDamage(error)) throw error
		if (links.peers().length === 0) {
			throw new Error(`${file} is damaged, and no other node has a copy: put one back from a backup`)
		}
		const aside = `${file}.damaged-${clock.now()}`
		for (const end of ['', '-wal', '-shm']) {
			if (existsSync(file + end)) renameSync(file + end, aside + end)
		}
		log.error(
			{ err: error, aside },
			'directory.sqlite is damaged; it is set aside and fetched from the others',
		)
		return new Directory(options)
	}
}

/** SQLITE_CORRUPT, SQLITE_NOTADB. */
function isDamage(error: unknown): boolean {
	const code = (error as { errcode?: number }).errcode ?? 0
	return (code & 0xff) === 11 || (code & 0xff) === 26
}

/** What every node knows, at this node. */
export class Directory extends GroupWriter {
	readonly changed: Emitter<DirectoryChange>
	/** For mail programs, one each. */
	readonly appPasswords: AppPasswords
	/** TOTP and recovery codes, for people. */
	readonly secondFactor: SecondFactor
	/** Null: no bearer tokens are taken here. */
	readonly tokens: TokenChecker | null
	/** Grants and API tokens. */
	readonly access: Access
	/** Of browsers. */
	readonly sessions: Sessions
	protected readonly clock: Clock
	#log: Log
	#links: Links
	#taker: Taker
	#sync: Sync
	#signIns: SignIns
	#endOfBeats: () => void
	#stamping: Promise<void> | null = null

	constructor(options: DirectoryOptions) {
		const { clock, log, links, self } = options
		super(new DirectoryFile(options.file, { clock, self }), self)
		const { file } = this
		this.clock = clock
		this.#log = log
		this.#links = links
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
			isMember: node => this.#isOther(node),
			...(options.patience ? { patience: options.patience } : {}),
		})
		this.#endOfBeats = links.onBeat(() => this.#stampAnew())
		const secrets = this.#secretsFile()
		this.appPasswords = new AppPasswords(secrets, clock)
		this.secondFactor = new SecondFactor(secrets, clock)
		this.tokens = options.tokens ?? null
		this.#signIns = new SignIns({
			clock,
			candidates: login => this.#candidates(login),
			appPasswords: this.appPasswords,
			secondFactor: this.secondFactor,
			tokens: this.tokens,
			isIncomplete: () => this.isIncomplete,
			scramSecret: () => this.#scramSecret(),
			onOldHash: ({ id, passwordHash }, password) => this.#completeHash(id, passwordHash, password),
		})
		const keeping: KeeperOptions = {
			file,
			clock,
			self: () => this.self,
			write: work => void this.write(work),
			account: id => this.account(id),
		}
		this.access = new Access(keeping)
		this.sessions = new Sessions(keeping)
	}

	/**
	 * A mail program signs in (IMAP, POP3, SMTP, JMAP): with an app password, or with the account's own while TOTP is
	 * off. Argon2id, some 30 ms of another thread. `login` is an address, the substitute of a conflict, or the address
	 * lost in one; its local part alone will do where there is exactly one domain.
	 */
	authenticate(login: string, password: string): Promise<SignIn> {
		return this.#signIns.program(login, password)
	}

	/**
	 * A person signs in at a page: with the account's own password, and with the code of the app (or a recovery code)
	 * while TOTP is on; ask for it when the answer is `code`, and call again with both.
	 */
	signIn(login: string, password: string, code = ''): Promise<SignIn> {
		return this.#signIns.person(login, password, code)
	}

	/** The same as `authenticate` where the password is proved, not told (SCRAM). The answer for a login nobody has looks alike. */
	scram(login: string): ScramLogin {
		return this.#signIns.scram(this.#full(login))
	}

	/** The same by a bearer token of the organisation's own sign-in. */
	authenticateToken(login: string, token: string): Promise<SignIn> {
		return this.#signIns.token(login, token)
	}

	/** Takes some 50 ms of another thread. App passwords stay as they are. @throws DirectoryError */
	async changePassword(account: string, password: string): Promise<void> {
		const hash = await hashPassword(password, COST, scramSaltOf(secretsOf(this.livingAccount(account))))
		this.setPassword(account, hash)
	}

	/** Is this the password the account has? Takes as long as changing it. */
	async isPassword(account: string, password: string): Promise<boolean> {
		const { passwordHash } = secretsOf(this.livingAccount(account))
		return passwordHash !== '' && (await verifyPassword(passwordHash, password))
	}

	#isOther(node: string): boolean {
		return node !== this.self && !this.file.places.isRemoved(node)
	}

	/** What was written while a clock ran ahead, when all clocks are right. Where it failed the next start tries again. */
	#stampAnew(): void {
		const { file, clock, self } = this
		if (this.#stamping || !isAhead(file, clock)) return
		if (!isTimeSettled(this.#links.peers().filter(({ id }) => this.#isOther(id)))) return
		const stamping = stampAnew(file, { clock, self }, work => void this.write(work))
		this.#stamping = stamping.then(
			records => {
				this.#stamping = null
				this.#log.warn({ records }, 'directory: written while a clock ran ahead, stamped anew')
			},
			error => this.#log.error({ err: error }, 'directory: what a clock ahead has written stays so'),
		)
	}

	#full(login: string): string {
		const domains = this.domains()
		return normalAddress(login.includes('@') || domains.length !== 1 ? login : `${login}@${domains[0]}`)
	}

	#candidates(login: string): Candidate[] {
		return this.file.claims.mayBe(this.#full(login)).map(account => {
			return { account, secrets: secretsOf(this.file.get('account', account.id) ?? {}) }
		})
	}

	#secretsFile(): SecretsFile {
		return {
			secretsOf: account => secretsOf(this.livingAccount(account)),
			change: (account, values) => this.changeAccount(account, values),
			usesOf: account => this.file.usesOf(account),
			saveUse: (account, id, at) => this.file.saveUse(account, id, at),
		}
	}

	/** Made once, by whoever needs it first; if two did, all soon agree on one. */
	#scramSecret(): string {
		const known = this.getPolicy(SCRAM_SECRET)
		if (typeof known === 'string') return known
		const secret = randomBytes(32).toString('base64')
		this.setPolicy(SCRAM_SECRET, secret)
		return secret
	}

	/** A hash from elsewhere gets what SCRAM needs, now that the password is known. No reason to keep anybody out. */
	async #completeHash(account: string, hash: string, password: string): Promise<void> {
		try {
			const salt = scramSaltOf(secretsOf(this.livingAccount(account)))
			this.completeHash(account, hash, await hashPassword(password, COST, salt))
		} catch (error) {
			this.#log.warn({ err: error, account }, 'directory: a password hash could not be completed')
		}
	}

	/** 分布式用户刷新: every member's full list to us, ours to every member. Those that cannot be reached are named; `each` hears of a node when it is done. */
	refresh(each: (result: RefreshResult) => void = () => {}): Promise<RefreshResult[]> {
		const members = this.nodes().flatMap(({ id }) => (id === this.self ? [] : [id]))
		return this.#sync.refresh(members, each)
	}

	/** True as soon as the node's records and ours are the same; false when that did not come to be in time. */
	mergedWith(node: string, timeoutMs: number): Promise<boolean> {
		return this.#sync.mergedWith(node, timeoutMs)
	}

	/** Milliseconds since our copy of what the node has was known to be complete; null = never. */
	copyAge(node: string): number | null {
		return node === this.self ? 0 : this.#sync.copyAge(node)
	}

	/** One of several nodes that has never yet had all of another's list: whom it does not know may well exist. */
	get isIncomplete(): boolean {
		const peers = this.#links.peers()
		return peers.length > 0 && peers.every(({ id }) => this.#sync.copyAge(id) === null)
	}

	/** The sum of all records, alike on two nodes that know the same. */
	get digest(): string {
		return `${this.file.count}:${this.file.digest.toString(16)}`
	}

	/**
	 * This node, there called `oldSelf`, is no longer of a cluster. It goes on as `newSelf` with the domains, the policies,
	 * its own accounts and the aliases that still lead somewhere; all else is erased, and former peers are not heard.
	 * No change is emitted: nothing that listens is still right, the caller starts it anew.
	 */
	becomeAlone(newSelf: string, oldSelf = this.self): void {
		const former = this.nodeRecords().map(({ id }) => id)
		this.#sync.leave(former)
		this.file.stamps.becomes(newSelf)
		this.file.change('own', () =>
			leaveBehind(this.file, {
				oldSelf,
				newSelf,
				leadsSomewhere: address => leadsSomewhere(this.lookup(address)),
			}),
		)
		this.self = newSelf
		this.#log.info({ former: former.length }, 'directory: this node is alone now')
	}

	/** Resolves when nothing is under way. */
	async settled(): Promise<void> {
		await this.#stamping
		await this.#sync.settled()
	}

	close(): void {
		this.#endOfBeats()
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

function leadsSomewhere(resolved: Resolved): boolean {
	if (resolved.is !== 'group') return resolved.is !== 'unknown'
	return resolved.members.accounts.length + resolved.members.foreign.length > 0
}
