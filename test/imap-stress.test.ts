import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { type Home, PASSWORD, person, startHome } from './imap-house.ts'

/*
 * Several clients in one mailbox, at random: its owner's, and those of somebody it is shared with. Each believes only what it is told: its view is made of untagged responses.
 * In the end every view is what a fresh one is. Some messages are kept: nobody marks them \Deleted, so that all of them
 * and all of their copies must be there, with every mark that was ever set on them. STRESS_SEED repeats a run, as far as
 * the order among the clients allows.
 */

const SEED = Number(process.env.STRESS_SEED ?? Math.floor(Math.random() * 2 ** 31))
const ACTS = 120
const LONGEST_MS = 15_000

/** mulberry32. */
function dice(seed: number): (below: number) => number {
	let state = seed
	return below => {
		state = (state + 0x6d2b79f5) | 0
		let t = Math.imul(state ^ (state >>> 15), 1 | state)
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
		return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below)
	}
}

type Kept = { copies: number; marks: Set<string> }

/** What must be true in the end, and what all clients agree on. */
class Ledger {
	/** By EMAILID. */
	readonly kept = new Map<string, Kept>()
	#acts = 0
	#working: number
	#waiting: { until: number; go: () => void }[] = []

	constructor(working: number) {
		this.#working = working
	}

	act(): void {
		this.#acts++
		this.#release()
	}

	/** Others have done so much more, or wait themselves. */
	acts(more: number): Promise<void> {
		return new Promise(go => {
			this.#waiting.push({ until: this.#acts + more, go })
			this.#release()
		})
	}

	/** One does nothing any more. */
	end(): void {
		this.#working--
		this.#release()
	}

	#release(): void {
		const all = this.#waiting.length >= this.#working
		for (const one of this.#waiting.splice(0)) {
			if (all || one.until <= this.#acts) one.go()
			else this.#waiting.push(one)
		}
	}
}

type Slot = { uid: number | null; flags: Set<string> | null; email: string | null; modseq: number }
type Kind = 'plain' | 'condstore' | 'qresync' | 'uidonly' | 'rev2' | 'notify' | 'shared'

const nothing = (): Slot => ({ uid: null, flags: null, email: null, modseq: 0 })

function members(set: string): number[] {
	return set.split(',').flatMap(range => {
		const [from, to = from] = range.split(':').map(Number) as [number, number]
		return Array.from({ length: to - from + 1 }, (_, index) => from + index)
	})
}

class Client {
	readonly name: string
	readonly kind: Kind
	slots: Slot[] = []
	#port: number
	#roll: (below: number) => number
	#ledger: Ledger
	#socket!: Socket
	#got = ''
	#tag = 0
	/** The command under way: what may not be told during it depends on it. */
	#doing = ''
	#tagged: ((line: string) => void) | null = null
	#continue: (() => void) | null = null
	#fault: (error: unknown) => void = () => {}
	/** Rejects as soon as something was heard that cannot be. */
	broken: Promise<never>
	/** While SELECT is under way. */
	#selecting: { cache: Slot[]; exists: number; fetches: string[] } | null = null
	#uidValidity = 0
	#highest = 0
	#letters = 0
	/** The last lines in both directions. */
	readonly talk: string[] = []

	constructor(name: string, kind: Kind, port: number, roll: (below: number) => number, ledger: Ledger) {
		this.name = name
		this.kind = kind
		this.#port = port
		this.#roll = roll
		this.#ledger = ledger
		this.broken = new Promise((_, reject) => {
			this.#fault = reject
		})
		this.broken.catch(() => {})
	}

	#hear(line: string): void {
		this.#note(`S: ${line}`)
		const tagged = /^t\d+ /.test(line)
		if (tagged || line.startsWith('+')) {
			if (tagged) this.#tagged!(line)
			else this.#continue?.()
			return
		}
		const highest = /^\* OK \[HIGHESTMODSEQ (\d+)\]/.exec(line)
		if (highest && this.#selecting) this.#highest = Number(highest[1])
		const validity = /^\* OK \[UIDVALIDITY (\d+)\]/.exec(line)
		if (validity) this.#uidValidity = Number(validity[1])
		const [, number, what] = /^\* (\d+) (EXISTS|EXPUNGE|FETCH|UIDFETCH)/.exec(line) ?? []
		const earlier = /^\* VANISHED \(EARLIER\) (\S+)$/.exec(line)
		const vanished = /^\* VANISHED (\d\S*)$/.exec(line)
		if (this.#selecting) {
			if (what === 'EXISTS') this.#selecting.exists = Number(number)
			if (what === 'FETCH' || what === 'UIDFETCH') this.#selecting.fetches.push(line)
			if (earlier) {
				const gone = new Set(members(earlier[1]!))
				this.#selecting.cache = this.#selecting.cache.filter(({ uid }) => !gone.has(uid!))
			}
			return
		}
		if (what === 'EXISTS') this.#exists(Number(number))
		else if (what === 'EXPUNGE') this.#expunged(Number(number))
		else if (what) this.#fetched(line, Number(number), what === 'UIDFETCH')
		else if (vanished) for (const uid of members(vanished[1]!)) this.#vanished(uid)
	}

	/** Numbers mean nothing to it, or may change at any time. */
	get #byUid(): boolean {
		return this.kind === 'uidonly' || this.kind === 'notify'
	}

	/** bob works in what alice shares. */
	#mailbox(name: string): string {
		return this.kind === 'shared' ? `"Other Users/alice@example.com/${name}"` : name
	}

	#note(line: string): void {
		this.talk.push(line)
		if (this.talk.length > 60) this.talk.shift()
	}

	#exists(number: number): void {
		assert.ok(number >= this.slots.length, `EXISTS ${number} after ${this.slots.length}`)
		while (this.slots.length < number) this.slots.push(nothing())
	}

	#mayGo(): void {
		assert.ok(!/^(FETCH|STORE|SEARCH)/.test(this.#doing), `a message goes during ${this.#doing}`)
	}

	#expunged(number: number): void {
		this.#mayGo()
		assert.ok(this.kind !== 'qresync' && this.kind !== 'uidonly', 'EXPUNGE where VANISHED was asked for')
		assert.ok(number >= 1 && number <= this.slots.length, `EXPUNGE ${number} of ${this.slots.length}`)
		this.slots.splice(number - 1, 1)
	}

	/** One whose uid was never told lies where its uid would be. */
	#vanished(uid: number): void {
		this.#mayGo()
		let place = this.slots.findIndex(slot => slot.uid === uid)
		if (place < 0) {
			const above = this.slots.findIndex(slot => slot.uid !== null && slot.uid > uid)
			const end = this.kind === 'uidonly' || above < 0 ? this.slots.length : above
			place = this.slots.findLastIndex((slot, index) => index < end && slot.uid === null)
		}
		assert.ok(place >= 0, `VANISHED ${uid}, which was never there`)
		this.slots.splice(place, 1)
	}

	#fetched(line: string, number: number, byUid: boolean): void {
		assert.equal(byUid, this.kind === 'uidonly', line)
		const uid = byUid ? number : Number(/\bUID (\d+)/.exec(line)?.[1])
		let slot: Slot | undefined
		if (byUid) {
			slot = this.slots.find(one => one.uid === uid) ?? this.slots.find(one => one.uid === null)
		} else slot = this.slots[number - 1]
		assert.ok(slot, `${line}, of ${this.slots.length}`)
		// This is how a sequence number that moved would show itself.
		if (slot.uid !== null) assert.equal(uid, slot.uid, line)
		else slot.uid = uid
		const flags = /FLAGS \(([^)]*)\)/.exec(line)
		if (flags) slot.flags = new Set(flags[1] ? flags[1].split(' ') : [])
		const modseq = /MODSEQ \((\d+)\)/.exec(line)
		if (modseq) {
			assert.ok(Number(modseq[1]) >= slot.modseq, `${line} after ${slot.modseq}`)
			slot.modseq = Number(modseq[1])
		}
		const email = /EMAILID \(([^)]+)\)/.exec(line)
		if (email) slot.email = email[1]!
	}

	async #connect(): Promise<void> {
		this.#socket = connect(this.#port, '127.0.0.1')
		this.#got = ''
		this.#socket.on('data', chunk => {
			this.#got += chunk.toString('latin1')
			const lines = this.#got.split('\r\n')
			this.#got = lines.pop()!
			try {
				for (const line of lines) this.#hear(line)
			} catch (error) {
				this.#fault(error)
			}
		})
		await once(this.#socket, 'connect')
		await this.ask(`LOGIN ${this.kind === 'shared' ? 'bob' : 'alice'}@example.com ${PASSWORD}`)
		if (this.kind === 'condstore') await this.ask('ENABLE CONDSTORE')
		if (this.kind === 'qresync') await this.ask('ENABLE QRESYNC')
		if (this.kind === 'uidonly') await this.ask('ENABLE UIDONLY')
		if (this.kind === 'rev2') await this.ask('ENABLE IMAP4rev2')
	}

	/** The tagged answer; it must be OK. */
	async ask(command: string, octets = ''): Promise<string> {
		const tag = `t${++this.#tag}`
		this.#doing = command
		const answered = new Promise<string>(resolve => {
			this.#tagged = resolve
		})
		this.#note(`C: ${tag} ${command}`)
		this.#socket.write(`${tag} ${command}\r\n${octets}`, 'latin1')
		const line = await Promise.race([answered, this.broken])
		this.#doing = ''
		assert.match(line, /^t\d+ OK/, `${this.name}: ${command}`)
		return line
	}

	async come(): Promise<void> {
		await this.#connect()
		const again = this.kind === 'qresync' && this.#uidValidity > 0
		this.#selecting = { cache: again ? this.slots : [], exists: 0, fetches: [] }
		await this.ask(again ? `SELECT INBOX (QRESYNC (${this.#uidValidity} ${this.#highest}))` : 'SELECT INBOX')
		const { cache, exists, fetches } = this.#selecting
		this.#selecting = null
		this.slots = cache
		this.#exists(exists)
		for (const line of fetches) this.#hear(line)
		// From now on it is told of everything at any time.
		if (this.kind === 'notify') await this.ask('NOTIFY SET (selected (MessageNew MessageExpunge FlagChange))')
	}

	async go(): Promise<void> {
		// What it has never heard of it cannot keep.
		if (this.kind === 'qresync') await this.learn()
		if (this.#roll(2) === 0) await this.ask('LOGOUT')
		this.#socket.destroy()
	}

	/** Asks for what it does not know of the messages that it knows of. */
	async learn(): Promise<void> {
		const items = '(UID FLAGS EMAILID)'
		for (;;) {
			const first = this.slots.findIndex(({ uid, flags, email }) => uid === null || !flags || !email)
			if (first < 0) return
			if (this.#byUid) await this.ask(`UID FETCH 1:* ${items}`)
			// What was expunged meanwhile has no answer and goes with the next command.
			else await this.ask(`FETCH ${first + 1}:${this.slots.length} ${items}`)
			await this.ask('NOOP')
		}
	}

	async append(kept = this.#roll(3) > 0): Promise<void> {
		const count = 1 + this.#roll(3)
		const letters = Array.from({ length: count }, () => {
			const id = `${this.name}-${++this.#letters}`
			return `Subject: ${id}\r\nMessage-ID: <${id}@example.com>\r\n\r\n${kept ? 'kept' : 'not kept'}\r\n`
		})
		// Before others can see it.
		for (const letter of kept ? letters : []) {
			const email = `M${createHash('sha256').update(letter, 'latin1').digest('hex')}`
			this.#ledger.kept.set(email, { copies: 1, marks: new Set() })
		}
		const [first, ...rest] = letters.map(letter => `(\\Seen) {${letter.length}+}\r\n${letter}`)
		const end = first!.indexOf('\r\n')
		const more = rest.map(one => ` ${one}`).join('')
		await this.ask(
			`APPEND ${this.#mailbox('INBOX')} ${first!.slice(0, end)}`,
			`${first!.slice(end + 2)}${more}\r\n`,
		)
	}

	/** Some of the messages it knows all about. */
	#some(most: number, wanted: (slot: Slot) => boolean = () => true): { slot: Slot; number: number }[] {
		const all = this.slots
			.map((slot, index) => ({ slot, number: index + 1 }))
			.filter(({ slot }) => slot.uid !== null && slot.flags && slot.email && wanted(slot))
		const some: typeof all = []
		for (let i = 0; i < 1 + this.#roll(most) && all.length > 0; i++)
			some.push(...all.splice(this.#roll(all.length), 1))
		return some
	}

	#isKept = ({ email }: Slot) => this.#ledger.kept.has(email!)

	/** `UID X 7,9` or `X 3,5`. */
	#named(command: string, some: { slot: Slot; number: number }[]): string {
		const byUid = this.#byUid || this.#roll(2) === 0
		const list = some.map(({ slot, number }) => (byUid ? slot.uid : number)).join(',')
		return `${byUid ? 'UID ' : ''}${command} ${list}`
	}

	async #store(): Promise<void> {
		const kept = this.#roll(2) === 0
		const some = this.#some(8, slot => this.#isKept(slot) === kept)
		if (some.length === 0) return
		const mark = `mark-${this.name}`
		const choices: [string, string[]][] = [
			['+', ['\\Flagged']],
			['-', ['\\Flagged']],
			['+', ['\\Answered', '\\Seen']],
			['-', ['\\Seen']],
			...(kept
				? [['+', [mark]] as [string, string[]]]
				: ([
						['+', ['\\Deleted']],
						['', ['\\Draft']],
						['-', ['\\Deleted']],
					] as [string, string[]][])),
		]
		const [sign, flags] = choices[this.#roll(choices.length)]!
		// Who is told at any time cannot know what came before its own change, and what after.
		const silent = this.kind !== 'notify' && this.#roll(3) === 0
		const modified = this.kind === 'condstore' && !silent && this.#roll(2) === 0
		const since = modified ? `(UNCHANGEDSINCE ${Math.max(...some.map(({ slot }) => slot.modseq))}) ` : ''
		// What it does in silence it knows by itself.
		if (silent) for (const { slot } of some) turn(slot, sign, flags)
		const command = this.#named('STORE', some)
		await this.ask(`${command} ${since}${sign}FLAGS${silent ? '.SILENT' : ''} (${flags.join(' ')})`)
		if (sign === '+' && flags[0] === mark && !modified)
			for (const { slot } of some) {
				// One that somebody moved away in the meantime has it not.
				if (!silent && slot.flags!.has(mark)) this.#ledger.kept.get(slot.email!)!.marks.add(mark)
			}
	}

	async #copy(): Promise<void> {
		const some = this.#some(5)
		if (some.length === 0) return
		const target = this.#roll(2) === 0 ? 'INBOX' : 'Archive'
		const emails = new Map(some.map(({ slot }) => [slot.uid!, slot.email!]))
		const answer = await this.ask(`${this.#named('COPY', some)} ${this.#mailbox(target)}`)
		const taken = /COPYUID \d+ (\S+) /.exec(answer)
		for (const uid of taken ? members(taken[1]!) : []) {
			const kept = this.#ledger.kept.get(emails.get(uid)!)
			if (kept) kept.copies++
		}
	}

	async #expunge(): Promise<void> {
		const some = this.#some(5, ({ flags }) => flags!.has('\\Deleted'))
		const list = some.map(({ slot }) => slot.uid).join(',')
		await this.ask(list && this.#roll(2) === 0 ? `UID EXPUNGE ${list}` : 'EXPUNGE')
	}

	async #idle(): Promise<void> {
		const tag = `t${++this.#tag}`
		const ready = new Promise<void>(resolve => {
			this.#continue = resolve
		})
		const answered = new Promise<string>(resolve => {
			this.#tagged = resolve
		})
		this.#socket.write(`${tag} IDLE\r\n`)
		await Promise.race([ready, this.broken])
		await Promise.race([this.#ledger.acts(1 + this.#roll(12)), this.broken])
		this.#socket.write('DONE\r\n')
		assert.match(await Promise.race([answered, this.broken]), /^t\d+ OK/)
	}

	async act(): Promise<void> {
		switch (this.#roll(15)) {
			case 0:
			case 1:
				return this.append()
			case 2:
			case 3:
			case 4:
			case 5:
				return this.#store()
			case 6:
				return this.#copy()
			case 7: {
				const some = this.#some(4)
				if (some.length === 0) return
				const target = this.#mailbox(this.#roll(3) === 0 ? 'INBOX' : 'Archive')
				await this.ask(`${this.#named('MOVE', some)} ${target}`)
				return
			}
			case 8:
				return this.#expunge()
			case 9:
			case 10:
				return this.learn()
			case 11:
				return this.#idle()
			case 13: {
				// Marks them \Seen.
				const some = this.#some(4)
				if (some.length > 0) await this.ask(`${this.#named('FETCH', some)} (UID BODY[5])`)
				return
			}
			case 12: {
				const command = this.#byUid || this.#roll(2) === 0 ? 'UID SEARCH' : 'SEARCH'
				await this.ask(`${command} ${this.#roll(2) === 0 ? 'FLAGGED' : 'NOT SEEN'}`)
				return
			}
			default:
				await this.go()
				return this.come()
		}
	}

	/** uid → flags, as this client believes. */
	view(): string[] {
		const slots = this.kind === 'uidonly' ? this.slots.toSorted((a, b) => a.uid! - b.uid!) : this.slots
		return slots.map(({ uid, flags }) => `${uid} ${[...flags!].sort().join(' ')}`)
	}
}

function turn(slot: Slot, sign: string, flags: string[]): void {
	if (sign === '') slot.flags = new Set(flags)
	for (const flag of flags) {
		if (sign === '-') slot.flags!.delete(flag)
		else slot.flags!.add(flag)
	}
}

/** EMAILIDs of a mailbox with the flags of each copy. */
function contents({ store }: Home, name: string): [email: string, keywords: string[]][] {
	const box = store.reader.mailbox('id-of-alice', name)!
	return store.reader
		.messages(box.key, 1, 2 ** 32)
		.map(({ blob, keywords }) => [`M${store.reader.head(blob).hash}`, keywords])
}

const KINDS: Kind[] = [
	'plain',
	'condstore',
	'qresync',
	'uidonly',
	'rev2',
	'notify',
	'plain',
	'qresync',
	'shared',
	'shared',
]

test(`clients at random in one mailbox all see the same in the end, and lose nothing (STRESS_SEED=${SEED})`, {
	timeout: 60_000,
}, async () => {
	const home = await startHome('b', [person('alice', 'b'), person('bob', 'b')])
	const ledger = new Ledger(KINDS.length)
	const until = performance.now() + LONGEST_MS
	try {
		const clients = KINDS.map(
			(kind, index) => new Client(`c${index}`, kind, home.port, dice(SEED + index), ledger),
		)
		await clients[0]!.come()
		for (let i = 0; i < 10; i++) await clients[0]!.append(i % 2 === 0)
		for (const mailbox of ['INBOX', 'Archive'])
			await clients[0]!.ask(`SETACL ${mailbox} bob@example.com lrswite`)
		await Promise.all(clients.slice(1).map(client => client.come()))
		await Promise.all(
			clients.map(async client => {
				try {
					for (let act = 0; act < ACTS && performance.now() < until; act++) {
						await client.act()
						ledger.act()
					}
				} catch (error) {
					throw new Error(`${client.name} (${client.kind}):\n${client.talk.join('\n')}`, { cause: error })
				}
				ledger.end()
			}),
		)
		for (const client of clients) {
			await client.ask('NOOP')
			await client.learn()
		}
		const truths = new Map<boolean, string[]>()
		for (const kind of ['plain', 'shared'] as const) {
			const fresh = new Client('fresh', kind, home.port, dice(SEED), ledger)
			await fresh.come()
			await fresh.learn()
			truths.set(kind === 'shared', fresh.view())
			await fresh.go()
		}
		assert.ok(truths.get(false)!.length > 10)
		for (const client of clients) {
			await client.ask('NOOP')
			// \Seen is everybody's own.
			const truth = truths.get(client.kind === 'shared')
			assert.deepEqual(client.view(), truth, `${client.name} (${client.kind})`)
		}
		const all = [...contents(home, 'INBOX'), ...contents(home, 'Archive')]
		assert.ok(ledger.kept.size > 20)
		for (const [email, { copies, marks }] of ledger.kept) {
			const found = all.filter(([one]) => one === email)
			assert.equal(found.length, copies, `copies of ${email}`)
			for (const mark of marks)
				assert.ok(
					found.some(([, keywords]) => keywords.includes(mark)),
					`${mark} on ${email}`,
				)
		}
		for (const client of clients) await client.go()
	} finally {
		await home.close()
	}
})
