import { cpus, loadavg } from 'node:os'
import { setImmediate as turn } from 'node:timers/promises'
import { newId } from '../kit/index.ts'
import type { Alert } from '../store/index.ts'
import { Letters } from './letters.ts'
import { diskFree, growth, type Trouble, troublesOf } from './troubles.ts'
import type { Office, Thresholds, Watched } from './verb.ts'

export type WatchOptions = {
	everyMs: number
	/** A trouble that lasts so long becomes an alert. */
	graceMs: number
	/** Are administrators written to? */
	mail: boolean
	thresholds: Thresholds
}

// Growth of the queue is seen over this time.
const LOOK_BACK_MS = 15 * 60_000
// Adding up the mailboxes of a hundred thousand accounts takes a while.
const TOTALS_MS = 5 * 60_000
// Whoever puts a folder together starts the node after that; one that was found is looked for again, to see it end.
const UNOWNED_MS = { none: 60 * 60_000, some: 60_000 }
const AT_ONCE = 500
// What comes again so soon is the same alert: nobody is written to again.
const AGAIN_MS = 3600_000
// Another node may see nothing of these, though it is heard.
const FROM_HERE: ReadonlySet<string> = new Set<Trouble['code']>(['unreachable', 'clock'])

/**
 * Looks at this node, and at what it sees of the others: figures for the journal, and troubles that last become alerts,
 * with a beginning and an end. Of each the administrators hear once: of what all nodes see alike from the one with the
 * smallest id among those that hear each other, of what each sees from its own place as letters.ts says.
 */
export class Watch implements Watched {
	readonly thresholds: Thresholds
	#office: Office
	#options: WatchOptions
	#first: NodeJS.Immediate
	#timer: NodeJS.Timeout
	#samples: { time: number; length: number }[] = []
	#totalsAt = 0
	#unownedAt = 0
	#since = new Map<string, number>()
	/** Those that are, and those that have ended lately, by key. */
	#alerts: Map<string, Alert> | null = null
	#letters: Letters
	#under: Promise<void> | null = null
	growing: Watched['growing'] = null
	unowned: Watched['unowned'] = null

	constructor(office: Office, options: WatchOptions) {
		this.#office = office
		this.#options = options
		this.thresholds = options.thresholds
		const letters = new Letters(office.self)
		this.#letters = letters
		// Whoever writes to nobody has nothing left to him.
		office.cluster.links.addToBeat(() => (options.mail ? { alerts: letters.say() } : {}))
		this.#timer = setInterval(() => this.#look(), options.everyMs)
		this.#timer.unref()
		this.#first = setImmediate(() => this.#look())
	}

	async close(): Promise<void> {
		clearImmediate(this.#first)
		clearInterval(this.#timer)
		await this.#under
	}

	#look(): void {
		const { log } = this.#office
		this.#under ??= this.#round()
			.catch(error => log.error({ err: error }, 'the watch failed'))
			.finally(() => {
				this.#under = null
			})
	}

	async #round(): Promise<void> {
		const { clock, journal } = this.#office
		const now = clock.now()
		const queued = this.#levels(now)
		this.#samples = [
			...this.#samples.filter(({ time }) => now - time <= LOOK_BACK_MS),
			{ time: now, length: queued },
		]
		this.growing = growth(this.#samples, this.thresholds.queueLength)
		if (now - this.#unownedAt >= (this.unowned ? UNOWNED_MS.some : UNOWNED_MS.none)) {
			this.unowned = await this.#lookForUnowned()
			this.#unownedAt = now
		}
		if (!this.#alerts) {
			const known = await journal.alerts(now - AGAIN_MS)
			this.#alerts = new Map(known.map(alert => [alert.key, alert]))
			for (const alert of known) if (isFromHere(alert)) this.#letters.written(alert.key)
		}
		await this.#settle(this.#alerts, troublesOf(this.#office), now)
	}

	/** Figures that are no sums; returns how many wait. */
	#levels(now: number): number {
		const { store, journal, directory, self, dataDir } = this.#office
		const queued = store.reader.queue.length()
		if (now - this.#totalsAt >= TOTALS_MS) {
			this.#totalsAt = now
			const totals = store.reader.totals()
			journal.level('storage', totals.size)
			journal.level('messages', totals.messages)
		}
		journal.level('queue', queued)
		journal.level('accounts', directory.countAccounts({ node: self }))
		journal.level('load', Math.round((loadavg()[0]! / cpus().length) * 100) / 100)
		journal.level('memory', process.memoryUsage.rss())
		const free = diskFree(dataDir)
		if (free !== null) journal.level('disk free', free)
		return queued
	}

	/**
	 * Mail of accounts that the directory has never heard of. Those that were removed are being erased, and while the
	 * directory is on its way here nobody can tell.
	 */
	async #lookForUnowned(): Promise<Watched['unowned']> {
		const { store, directory } = this.#office
		if (directory.isIncomplete) return null
		const unknown: string[] = []
		for (const [index, id] of store.reader.accounts().entries()) {
			if (!directory.account(id)) unknown.push(id)
			if (index % AT_ONCE === AT_ONCE - 1) await turn()
		}
		const removed = new Set(unknown.length > 0 ? directory.deletedAccounts() : [])
		let messages = 0
		const accounts = unknown.filter(id => {
			const has = removed.has(id) ? 0 : store.reader.usage(id).messages
			messages += has
			return has > 0
		})
		return messages > 0 ? { accounts, messages } : null
	}

	async #settle(alerts: Map<string, Alert>, troubles: Trouble[], now: number): Promise<void> {
		const { journal, log, self, cluster } = this.#office
		const present = new Set(troubles.map(({ key }) => key))
		for (const key of this.#since.keys()) if (!present.has(key)) this.#since.delete(key)
		for (const alert of [...alerts.values()]) {
			if (alert.ended !== null && now - alert.ended > AGAIN_MS) {
				alerts.delete(alert.key)
				this.#letters.forget(alert.key)
			}
			if (alert.ended !== null || present.has(alert.key)) continue
			alert.ended = now
			journal.saveAlert(alert)
			log.info({ alert: alert.key }, 'an alert has ended')
		}
		// Those of the round before: the others have said by now whether they see the same.
		const due = this.#letters.due(cluster.links.peers())
		const news = [...due]
		let begun = false
		for (const { key, code, scope, en, zh } of troubles) {
			const began = this.#since.get(key) ?? now
			this.#since.set(key, began)
			const known = alerts.get(key)
			if (known) {
				const again = known.ended !== null
				if (again || known.en !== en) journal.saveAlert(Object.assign(known, { en, zh, ended: null }))
				continue
			}
			if (now - began < this.#options.graceMs) continue
			const alert: Alert = { id: newId(now), node: self, key, code, scope, en, zh, began, ended: null }
			alerts.set(key, alert)
			journal.saveAlert(alert)
			log.warn({ alert: key }, en)
			if (isFromHere(alert)) {
				this.#letters.add(alert)
				begun = true
			} else if (scope === 'node' || this.#tells()) news.push(alert)
		}
		if (news.length > 0 && this.#options.mail) await this.#write(news)
		for (const { key } of due) this.#letters.written(key)
		if (begun || due.length > 0) cluster.links.beatNow()
	}

	/** Is it for us to tell of what all see alike? */
	#tells(): boolean {
		const { self, cluster } = this.#office
		return cluster.links.peers().every(({ id, state }) => state !== 'up' || self < id)
	}

	/** One letter for all that is new, to each administrator. */
	async #write(alerts: Alert[]): Promise<void> {
		const { directory, queue, hostname } = this.#office
		const to = directory.access.administrators().map(({ address }) => address)
		if (to.length === 0) return
		const more = alerts.length > 1 ? ` (+${alerts.length - 1})` : ''
		const subject = `Panpipe ${hostname}: ${SUBJECTS[alerts[0]!.code] ?? alerts[0]!.code}${more}`
		const text = [...alerts.map(({ en }) => en), '', ...alerts.map(({ zh }) => zh), ''].join('\n')
		await queue.post({ to, subject, text })
	}
}

function isFromHere({ code, scope }: Pick<Alert, 'code' | 'scope'>): boolean {
	return scope === 'cluster' && FROM_HERE.has(code)
}

const SUBJECTS: Record<string, string> = {
	engine: 'the engine between nodes fails 集群引擎故障',
	unreachable: 'a node cannot be reached 节点无法连接',
	clock: 'a clock is wrong 时钟不准',
	certificate: 'the certificate ends 证书即将到期',
	conflict: 'an address was made twice 地址冲突',
	disk: 'the disk fills 磁盘将满',
	mail: 'mail belongs to nobody 有邮件不属于任何账号',
	queue: 'the queue grows 队列增长',
	left: 'mail for its former cluster waits 有发往原集群的邮件在等待',
}
