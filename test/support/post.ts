import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
	type Client,
	makeReceiver,
	Queue,
	type Receiver,
	type Transaction,
} from '../../src/delivery/index.ts'
import type { Directory } from '../../src/directory/index.ts'
import { newId, silentLog } from '../../src/kit/index.ts'
import { type Listening, listen, serveLmtp } from '../../src/servers/index.ts'
import { openStore, type Store } from '../../src/store/index.ts'
import type { Reply } from '../../src/wire/index.ts'
import { Nodes } from '../directory-nodes.ts'
import { house } from './house.ts'

export const HOUR = 3600_000
const LIFETIME = 120 * HOUR

/** Nodes that know test.com, in one process with one clock that stands still: receivers, queues, stores and LMTP are real. */
export class Town {
	readonly nodes: Nodes
	readonly posts = new Map<string, Post>()
	readonly dns: { address: string; port: number; relayPort: number }
	#t: { after(fn: () => void | Promise<void>): void }

	constructor(t: { after(fn: () => void | Promise<void>): void }, dns: Town['dns']) {
		this.#t = t
		this.dns = dns
		this.nodes = new Nodes(t)
		this.nodes.now = Date.now()
	}

	async open(...names: string[]): Promise<Post[]> {
		const opened = await Promise.all(names.map(name => Post.open(this, name)))
		for (const post of opened) {
			this.posts.set(post.name, post)
			this.#t.after(() => post.close())
			post.directory.putNode(post.name, { ip: '127.0.0.130', enabled: true })
		}
		await this.nodes.settled()
		opened[0]!.directory.addDomain('test.com')
		await this.nodes.settled()
		return opened
	}

	/** Milliseconds pass; whoever waits for a time looks again. */
	async pass(ms: number): Promise<void> {
		this.nodes.now += ms
		for (const post of this.posts.values()) await post.look()
		await this.settled()
	}

	/** Nothing is under way any more. */
	async settled(): Promise<void> {
		for (let turn = 0; turn < 5; turn++) {
			for (const post of this.posts.values()) await post.queue.settled()
			await new Promise(setImmediate)
		}
	}
}

export type Envelope = Partial<Transaction> & { client?: Partial<Client> }

export class Post {
	readonly name: string
	readonly folder = mkdtempSync(join(tmpdir(), 'panpipe-post-'))
	readonly directory: Directory
	store!: Store
	queue!: Queue
	receiver!: Receiver
	/** Answers of this node that its peers do not hear any more. */
	deaf = false
	reachable = true
	#town: Town
	#listening!: Listening
	#server!: Server
	#accounts = new Map<string, string>()

	private constructor(town: Town, name: string) {
		this.#town = town
		this.name = name
		this.directory = town.nodes.start(name)
	}

	static async open(town: Town, name: string): Promise<Post> {
		const post = new Post(town, name)
		await post.begin()
		return post
	}

	async begin(): Promise<void> {
		const { directory, name } = this
		const clock = { now: () => this.#town.nodes.now }
		const hostname = `${name}.test.com`
		this.store = await openStore({ dir: this.folder, node: name })
		const common = {
			hostname,
			self: name,
			store: this.store,
			directory,
			log: silentLog,
			clock,
			queueLifetimeMs: LIFETIME,
			count: () => {},
		}
		const links = Object.assign(Object.create(this.#town.nodes.net.nodes.get(name)!), {
			onPeerUp: () => () => {},
			onPeerDown: () => () => {},
			connect: (node: string) => this.#connect(node),
		})
		const { address, port, relayPort } = this.#town.dns
		this.queue = new Queue({
			...common,
			links,
			dnsServers: [`${address}:${port}`],
			relayPort,
			watchEveryMs: 2 ** 30,
			left: null,
		})
		this.receiver = makeReceiver({
			...common,
			maxSize: 1 << 24,
			maxRecipients: 100,
			maxHoldSeconds: 30 * 86_400,
			delayReportMs: 4 * HOUR,
			queued: routes => this.queue.wake(routes),
		})
		const home = house({ hostname, self: name, receiver: this.receiver })
		this.#listening = await listen(home, [])
		this.#server = createServer(socket => {
			// A line that breaks when the answer to the message is on its way.
			const write = socket.write.bind(socket)
			let seen = 0
			socket.write = ((text: string, ...rest: []) => {
				seen += String(text).match(/^250 2\.0\.0 Ok: /gm)?.length ?? 0
				if (this.deaf && seen > 0) return void socket.destroy()
				return write(text, ...rest)
			}) as never
			this.#listening.adopt({ socket, implicitTls: true, node: 'peer' }, serveLmtp)
		})
		await once(this.#server.listen(0, '127.0.0.131'), 'listening')
		this.queue.start()
	}

	async end(): Promise<void> {
		await this.queue.stop()
		this.#server.close()
		await this.#listening.close(0)
		await this.store.close()
	}

	async close(): Promise<void> {
		await this.end()
		rmSync(this.folder, { recursive: true })
	}

	async #connect(node: string) {
		const other = this.#town.posts.get(node)
		if (!other?.reachable) throw new Error(`${node} cannot be reached`)
		const socket = connect((other.#server.address() as { port: number }).port, '127.0.0.131')
		await once(socket, 'connect')
		return socket
	}

	account(address: string): void {
		this.#accounts.set(address, this.directory.addAccount({ address, home: this.name }).id)
	}

	async look(): Promise<void> {
		await this.queue.tellDelays()
		this.queue.wake(
			this.store.reader.queue.routes().map(({ route }) => route),
			true,
		)
	}

	/** One message, as a server hands it to the way of mail. */
	async send(
		from: string,
		to: string | Transaction['recipients'],
		how: Envelope = {},
		content = LETTER,
	): Promise<Reply> {
		const { client, ...rest } = how
		const recipients = typeof to === 'string' ? [{ address: to, notify: null, originalRecipient: null }] : to
		const transaction: Transaction = {
			reversePath: from,
			size: null,
			body: '7BIT',
			smtputf8: false,
			ret: null,
			envelopeId: null,
			holdFor: null,
			holdUntil: null,
			by: null,
			priority: 0,
			requireTls: false,
			handOver: null,
			recipients,
			...rest,
		}
		const who: Client = {
			id: newId(),
			protocol: 'submission',
			address: '192.0.2.7',
			helo: 'laptop',
			extended: true,
			tls: true,
			account: { id: this.#accounts.get(from) ?? '', address: from },
			node: null,
			...client,
		}
		const refused =
			this.receiver.judgeSender(who, transaction) ??
			recipients.map(one => this.receiver.judgeRecipient(who, transaction, one)).find(Boolean)
		if (refused) return refused
		const incoming = this.receiver.open(who, transaction)
		await incoming.write(Buffer.from(content))
		const [reply] = await incoming.end()
		await this.#town.settled()
		return reply!
	}

	/** The INBOX of an account of this node. */
	inbox(address: string): string[] {
		const { reader } = this.store
		const box = reader.mailbox(this.#accounts.get(address)!, 'INBOX')
		if (!box) return []
		return reader.messages(box.key, 1, 2 ** 32 - 1).map(({ blob }) => reader.body(blob).toString())
	}

	/** The reports in an INBOX, each as its fields about the recipient. */
	reports(address: string): Record<string, string>[] {
		return this.inbox(address)
			.filter(mail => mail.includes('multipart/report'))
			.map(mail => {
				const fields: Record<string, string> = { whole: mail }
				for (const [, name, value] of mail.matchAll(
					/^(Original-Envelope-Id|Original-Recipient|Final-Recipient|Action|Status|Remote-MTA|Diagnostic-Code|Will-Retry-Until|Deliver-By-Date|Future-Release-Request): ?(.*)\r$/gm,
				)) {
					fields[name!] = value!
				}
				return fields
			})
	}
}

export const LETTER =
	'From: alice@test.com\r\nTo: you\r\nSubject: hello\r\nDate: Mon, 23 Nov 2026 10:00:00 +0800\r\nMessage-ID: <1@test.com>\r\n\r\nbody\r\n'
