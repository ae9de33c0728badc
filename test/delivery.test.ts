import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { type Cluster, openCluster } from '../src/cluster/index.ts'
import { type Client, makeReceiver, Queue, type Receiver, type Transaction } from '../src/delivery/index.ts'
import { type Directory, openDirectory } from '../src/directory/index.ts'
import { LineReader, newId, silentLog, systemClock } from '../src/kit/index.ts'
import { listen, serveLmtp } from '../src/servers/index.ts'
import { openStore, type Store } from '../src/store/index.ts'
import { house, Recorder } from './support/house.ts'
import { until } from './support/nodes.ts'

/* The way of a message at one node with a real store and directory; the other node is a real LMTP server. */

const MARY = 'mary@test.com' // lives here
const BOB = 'bob@test.com' // lives there
const WORLD = '[127.0.0.94]' // a mail exchanger of others
const WORLD_PORT = 3025
let folder: string
let store: Store
let cluster: Cluster
let directory: Directory
let receiver: Receiver
let queue: Queue
let here: string
let there: string
let peer: Peer
let undo: (() => unknown)[]
let warnings: string[]
/** Milliseconds that have passed without our waiting for them. */
let passed: number

/** The other node: what it takes it keeps in memory. */
class Peer extends Recorder {
	override maxSize = 10_000_000
	override maxRecipients = 1000
	/** Connections that were tried. */
	tried = 0
	reachable = true
	/** Otherwise it announces no REQUIRETLS, as if it were of another version. */
	knowsRequireTls = true
	port = 0

	async connect(): Promise<TLSSocket> {
		this.tried++
		if (!this.reachable) throw new Error('no connection')
		return connect(this.port, '127.0.0.1') as TLSSocket
	}

	get subjects(): string[] {
		return this.arrived.map(({ content }) => /^Subject: (.*)\r$/m.exec(content)![1]!)
	}
}

beforeEach(async () => {
	undo = []
	folder = mkdtempSync(join(tmpdir(), 'panpipe-delivery-'))
	undo.push(() => rmSync(folder, { recursive: true }))
	here = newId()
	there = newId()
	warnings = []
	const log = { ...silentLog, warn: (...said: unknown[]) => void warnings.push(String(said.at(-1))) }
	passed = 0
	const clock = { now: () => systemClock.now() + passed }
	store = await openStore({ dir: folder, node: here })
	undo.push(() => store.close())
	const ports = { webPort: 1, clusterPort: 1, listen: '127.0.0.1' }
	cluster = await openCluster({
		dataDir: folder,
		self: here,
		hostname: 'a.test',
		version: '0',
		log,
		...ports,
	})
	undo.push(() => cluster.close())
	const { links } = cluster
	directory = openDirectory({ file: join(folder, 'directory.sqlite'), self: here, clock, log, links })
	undo.push(() => directory.close())
	directory.addDomain('test.com')
	directory.putNode(there, { hostname: 'b.test', ip: '127.0.0.1', webPort: 1, clusterPort: 1, enabled: true })
	for (const [address, home] of [
		[MARY, here],
		[BOB, there],
	] as const)
		directory.addAccount({ address, name: '', passwordHash: '', home })

	peer = new Peer()
	const doors = await listen(house({ receiver: peer }), [])
	const server = createServer(socket =>
		doors.adopt({ socket, implicitTls: peer.knowsRequireTls, node: here }, serveLmtp),
	)
	await listening(server)
	peer.port = portOf(server)
	undo.push(() => doors.close(0).then(() => server.close()))
	links.connect = () => peer.connect()

	const days = 5 * 24 * 3600_000
	const common = {
		hostname: 'a.test',
		self: here,
		store,
		directory,
		log,
		clock,
		queueLifetimeMs: days,
		count: () => {},
	}
	queue = new Queue({
		...common,
		links,
		dnsServers: ['127.0.0.1:1'],
		relayPort: WORLD_PORT,
		watchEveryMs: 2 ** 30,
		left: null,
	})
	undo.push(() => queue.stop())
	receiver = makeReceiver({
		...common,
		maxSize: 10_000_000,
		maxRecipients: 1000,
		maxHoldSeconds: 86_400,
		delayReportMs: 4 * 3600_000,
		queued: routes => queue.wake(routes),
	})
})
afterEach(async () => {
	for (const step of undo.reverse()) await step()
})

function listening(server: Server): Promise<void> {
	return new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
}
const portOf = (server: Server) => (server.address() as { port: number }).port

function client(more: Partial<Client> = {}): Client {
	return {
		id: newId(),
		protocol: 'smtp',
		address: '192.0.2.1',
		helo: 'client.test',
		extended: true,
		tls: false,
		account: null,
		node: null,
		...more,
	}
}

function transaction(from: string, to: string[], more: Partial<Transaction> = {}): Transaction {
	return {
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
		recipients: to.map(address => ({ address, notify: null, originalRecipient: null })),
		...more,
	}
}

/** A message comes in; its id. */
async function mail(
	subject: string,
	to: string[],
	{ from = MARY, octets = 100, ...more }: { from?: string; octets?: number } & Partial<Transaction> = {},
): Promise<string> {
	const incoming = receiver.open(client(), transaction(from, to, more))
	await incoming.write(Buffer.from(`Subject: ${subject}\r\n\r\n${'x'.repeat(octets)}\r\n`))
	const [answer] = await incoming.end()
	assert.equal(answer!.code, 250)
	return answer!.lines[0]!.slice('Ok: '.length)
}

/** The messages in the INBOX of an account that lives here. */
function inbox(address: string): string[] {
	const box = store.reader.mailbox(directory.accountByAddress(address)!.id, 'INBOX')
	if (!box) return []
	return store.reader.messages(box.key, 1, 2 ** 32).map(({ blob }) => store.reader.body(blob).toString())
}

const waiting = () => store.reader.queue.items()

test('mail for a node that cannot be reached waits in its order, without a new try for each message', async () => {
	peer.reachable = false
	const subjects = Array.from({ length: 50 }, (_, index) => `${index}`)
	for (const subject of subjects) await mail(subject, [BOB])
	assert.ok(peer.tried <= 5, `${peer.tried} tries`)
	assert.equal(queue.list()[0]!.reason, 'no connection')
	peer.reachable = true
	await queue.retry(null)
	await queue.settled()
	assert.deepEqual(peer.subjects, subjects)
	assert.deepEqual(waiting(), [])
})

test('a small message does not overtake a large one on its way to another node', async () => {
	peer.reachable = false
	const sizes = [900_000, 10, 1_500_000, 10, 1_500_000, 1_500_000, 900_000, 10]
	for (const [i, octets] of sizes.entries()) await mail(`${i}`, [BOB], { octets })
	peer.reachable = true
	await queue.retry(null)
	await until('all have gone', 30_000, () => waiting().length === 0)
	assert.deepEqual(peer.subjects, ['0', '1', '2', '3', '4', '5', '6', '7'])
})

test('a large message on its way keeps nobody waiting but who comes behind it, from and to the same people', async () => {
	const SLOW = 'slow@example.org'
	let goOn = () => {}
	const gate = new Promise<void>(resolve => (goOn = resolve))
	const open = peer.open.bind(peer)
	peer.open = (client, transaction) => {
		const incoming = open(client, transaction)
		const end = async () => {
			if (transaction.reversePath === SLOW) await gate
			return incoming.end()
		}
		return { ...incoming, end }
	}
	await mail('large', [BOB], { from: SLOW, octets: 1_500_000 })
	await mail('behind', [BOB], { from: SLOW })
	await mail('small', [BOB])
	await until('the small one is there', 10_000, () => peer.subjects.length > 0)
	await queue.retry(null)
	await mail('another', [BOB])
	await until('the other one is there', 10_000, () => peer.subjects.length > 1)
	assert.deepEqual(peer.subjects, ['small', 'another'])
	goOn()
	await until('all have gone', 10_000, () => waiting().length === 0)
	assert.deepEqual(peer.subjects, ['small', 'another', 'large', 'behind'])
})

test('what is under way to a node that lost its power comes again when the node is back', async () => {
	let isBack = (_node: string, _anew: boolean) => {}
	cluster.links.onPeerUp = hear => {
		isBack = hear
		return () => {}
	}
	queue.start()
	let heard = ''
	const dead = createServer((socket: Socket) => {
		undo.push(() => socket.destroy())
		socket.on('error', () => {}).write('220 b.test LMTP\r\n')
		socket.on('data', chunk => {
			if (heard === '') socket.write('250 b.test\r\n')
			heard += chunk.toString('latin1')
		})
	})
	await listening(dead)
	undo.push(() => void dead.close())
	const { port } = peer
	peer.port = portOf(dead)
	await mail('twice', [BOB])
	await until('it is under way', 10_000, () => heard.includes('Subject: twice'))
	peer.port = port
	isBack(there, true)
	await until('it has gone', 30_000, () => waiting().length === 0)
	assert.deepEqual(peer.subjects, ['twice'])
})

test('what is under way when the line is cut goes when the node is heard again, and is not begun again for less', async () => {
	const { links } = cluster
	let isBack = (_node: string, _anew: boolean) => {}
	let isSilent = (_node: string) => {}
	links.onPeerUp = hear => {
		isBack = hear
		return () => {}
	}
	links.onPeerDown = hear => {
		isSilent = hear
		return () => {}
	}
	queue.start()
	// It hears what we say, and its answers never come: so it looks from here while TCP waits to try again.
	let heard = ''
	const stuck: Socket[] = []
	const line = createServer((socket: Socket) => {
		stuck.push(socket)
		socket.on('error', () => {}).write('220 b.test LMTP\r\n')
		socket.on('data', chunk => {
			if (heard === '') socket.write('250-b.test\r\n250-PIPELINING\r\n250-CHUNKING\r\n250 XPANPIPE\r\n')
			heard += chunk.toString('latin1')
		})
	})
	await listening(line)
	undo.push(() => {
		for (const socket of stuck) socket.destroy()
		line.close()
	})
	const { port } = peer
	peer.port = portOf(line)
	await mail('first', [BOB])
	await until('it is under way', 10_000, () => heard.includes('Subject: first'))

	isSilent(there)
	const state = (state: 'up' | 'unreachable') => {
		const rest = { heard: 1, clockOff: 0, roundTripMs: null, version: '0', webPort: null, extra: {} }
		links.peers = () => [{ id: there, state, ...rest }]
	}
	state('unreachable')
	const [waits] = queue.list({ route: `node:${there}` })
	assert.equal(waits!.why, 'node-unreachable')
	assert.match(waits!.reason, /not heard/)
	passed += 4_000
	isBack(there, false)
	assert.equal(stuck[0]!.destroyed, false)

	// Something moved while it was silent.
	isSilent(there)
	const id = await mail('second', [BOB])
	stuck[0]!.write('250 Ok\r\n250 Ok\r\n250 Ok\r\n')
	await until('it has moved', 10_000, () => heard.includes('Subject: second'))
	passed += 30_000
	isBack(there, false)
	assert.equal(stuck[0]!.destroyed, false)

	isSilent(there)
	passed += 30_000
	assert.equal(peer.tried, 1)
	peer.port = port
	state('up')
	isBack(there, false)
	await until('it has gone', 30_000, () => waiting().length === 0)
	assert.equal(peer.tried, 2)
	assert.deepEqual(peer.subjects, ['second'])
	// By this the node knows what it has filed already.
	assert.match(heard, new RegExp(`XPANPIPE=${id}\\b`))
	assert.equal(peer.arrived[0]!.transaction.handOver, id)
})

test('a small message does not overtake a large one on its way in', async () => {
	const doors = await listen(house({ receiver }), [])
	const server = createServer(socket => doors.adopt({ socket, implicitTls: true, node: there }, serveLmtp))
	await listening(server)
	const socket = connect(portOf(server), '127.0.0.1')
	undo.push(() => socket.destroy() && doors.close(0).then(() => server.close()))
	let heard = ''
	socket.setEncoding('latin1').on('data', text => (heard += text))
	socket.write('LHLO b.test\r\n')
	for (let i = 0; i < 6; i++) {
		const body = Buffer.concat([
			Buffer.from(`Subject: ${i}\r\n\r\n`),
			randomBytes(i % 2 === 0 ? 2_000_000 : 10),
		])
		socket.write(`MAIL FROM:<>\r\nRCPT TO:<${MARY}>\r\nBDAT ${body.length} LAST\r\n`)
		socket.write(body)
	}
	await until('all are taken', 10_000, () => heard.match(/Ok: /g)?.length === 6)
	assert.deepEqual(
		inbox(MARY).map(message => /^Subject: (.*)\r$/m.exec(message)![1]),
		['0', '1', '2', '3', '4', '5'],
	)
})

test('mail for users of a node that was taken out goes back to its sender', async () => {
	peer.reachable = false
	queue.start()
	await mail('waits', [BOB])
	await until('it waits', 10_000, () => queue.list()[0]!.why === 'told')
	directory.removeNode(there)
	queue.directoryChanged(true)
	await until('it is returned', 10_000, () => waiting().length === 0)
	assert.match(inbox(MARY)[0]!, /^Status: 5\.1\.1\r$/m)
	assert.deepEqual(warnings, [])
})

test('a report that can be given to nobody leaves a line in the log', async () => {
	peer.reachable = false
	queue.start()
	await mail('waits', [BOB])
	await until('it waits', 10_000, () => queue.list()[0]!.why === 'told')
	directory.removeAccount(directory.accountByAddress(MARY)!.id)
	directory.removeNode(there)
	queue.directoryChanged(true)
	await until('it is gone', 10_000, () => waiting().length === 0)
	assert.deepEqual(warnings, ['a report can be given to nobody'])
})

test('mail waits at a node whose directory is not complete yet, also for whom it does not know', async () => {
	peer.reachable = false
	queue.start()
	await mail('waits', [BOB])
	await until('it waits', 10_000, () => queue.list()[0]!.why === 'told')
	const { peers } = cluster.links
	cluster.links.peers = () => [
		{
			id: there,
			state: 'up',
			heard: 1,
			clockOff: 0,
			roundTripMs: null,
			version: '0',
			webPort: null,
			extra: {},
		},
	]
	assert.ok(directory.isIncomplete)
	directory.removeAccount(directory.accountByAddress(BOB)!.id)
	queue.directoryChanged(true)
	await queue.settled()
	assert.deepEqual(
		waiting().map(({ recipient }) => recipient),
		[BOB],
	)
	cluster.links.peers = peers
	queue.directoryChanged(true)
	await until('it is returned', 10_000, () => waiting().length === 0)
})

test('a disabled node gets its mail when it is enabled again', async () => {
	directory.putNode(there, { enabled: false })
	await mail('later', [BOB])
	assert.match(queue.list()[0]!.reason, /disabled/)
	assert.equal(peer.tried, 0)
	directory.putNode(there, { enabled: true })
	queue.directoryChanged(true)
	await queue.settled()
	assert.deepEqual(peer.subjects, ['later'])
})

test('a node that is being stopped answers 421: what it has not taken comes again at once, in its order', async () => {
	peer.reachable = false
	for (let i = 0; i < 5; i++) await mail(`${i}`, [BOB])
	const stopping = createServer((socket: Socket) => {
		socket.on('error', () => {})
		socket.write('220 b.test LMTP\r\n')
		socket.on('data', chunk => {
			if (/^LHLO/.test(chunk.toString())) socket.write('250 b.test\r\n')
			else socket.end('250 ok\r\n250 ok\r\n250 ok\r\n250 ok\r\n421 4.3.2 being stopped\r\n')
		})
	})
	await listening(stopping)
	const { port } = peer
	peer.port = portOf(stopping)
	peer.reachable = true
	await queue.retry(null)
	await queue.settled()
	stopping.close()
	peer.port = port
	assert.ok(waiting().every(({ attempts }) => attempts === 0))
	await queue.retry(null)
	await queue.settled()
	assert.deepEqual(peer.subjects, ['1', '2', '3', '4'])
})

test('a message whose body cannot be read waits alone and keeps no other', async () => {
	peer.reachable = false
	await mail('broken', [BOB], { octets: 900_000 })
	rmSync(join(folder, 'blobs'), { recursive: true })
	await mail('whole', [BOB])
	await queue.settled() // an attempt that is still under way and fails would put the retry off again
	peer.reachable = true
	await queue.retry(null)
	await until('the whole one is there', 60_000, () => peer.subjects.length > 0)
	await queue.settled()
	assert.deepEqual(peer.subjects, ['whole'])
	assert.match(waiting()[0]!.lastReply, /^451 4\.3\.0 /)
	assert.equal(await queue.drop([waiting()[0]!.id], true), true)
	assert.match(inbox(MARY)[0]!, /administrator removed/)
})

test('what the other node has taken is not given to it again when the result cannot be written', async () => {
	const { write } = store
	let full = true
	store.write = ops => {
		if (full && ops.at(-1)!.do === 'queue.result') {
			full = false
			return Promise.reject(new Error('the disk is full'))
		}
		return write(ops)
	}
	await mail('once', [BOB])
	await queue.settled()
	assert.equal(full, false)
	assert.deepEqual(peer.subjects, ['once'])
	assert.deepEqual(waiting(), [])
})

test('an address that became an alias while its mail was waiting: everybody gets a copy, large ones too', async () => {
	peer.reachable = false
	await mail('large', [BOB], { octets: 900_000 })
	await mail('small', [BOB])
	const bob = directory.accountByAddress(BOB)!
	directory.renameAccount(bob.id, 'robert@test.com')
	directory.addAlias(BOB, [MARY, 'robert@test.com'])
	peer.reachable = true
	await queue.retry(null)
	await queue.settled()
	await queue.settled()
	assert.deepEqual(peer.subjects, ['large', 'small'])
	assert.deepEqual(
		peer.arrived.map(({ transaction }) => transaction.recipients.map(({ address }) => address)),
		[['robert@test.com'], ['robert@test.com']],
	)
	assert.equal(inbox(MARY).length, 2)
	assert.ok(inbox(MARY)[0]!.length > 900_000)
	assert.match(inbox(MARY)[0]!, /^Return-Path: <mary@test\.com>\r\nReceived: /)
})

test('what must stay protected is not given to a node that does not know REQUIRETLS, and holds up nothing', async () => {
	peer.knowsRequireTls = false
	await mail('secret', [BOB], { requireTls: true })
	await mail('open', [BOB])
	await queue.settled()
	assert.deepEqual(peer.subjects, ['open'])
	assert.deepEqual(waiting(), [])
	assert.match(inbox(MARY)[0]!, /\r\nStatus: 5\.7\.30\r\n/)
	peer.knowsRequireTls = true
	await queue.settled()
})

test('mail for <postmaster> reaches the postmaster at another node', async () => {
	directory.addAccount({ address: 'postmaster@test.com', name: '', passwordHash: '', home: there })
	await mail('help', ['postmaster'])
	await queue.settled()
	assert.deepEqual(peer.subjects, ['help'])
	assert.deepEqual(inbox(MARY), [])
})

test('mail for a postmaster nobody has made comes to the administrators, wherever they live', async () => {
	const [mary, bob] = [MARY, BOB].map(address => directory.accountByAddress(address)!)
	const asked = transaction('x@example.org', ['postmaster@test.com'])
	const judged = () => receiver.judgeRecipient(client(), asked, asked.recipients[0]!)
	assert.equal(judged()?.code, 550)
	for (const { id } of [mary!, bob!])
		directory.access.grant({ account: id, role: 'admin', domain: null, unit: null, by: 'root' })
	assert.equal(judged(), null)
	for (const address of ['postmaster', 'Postmaster@test.com', 'postmaster@a.test'])
		await mail(address, [address])
	await queue.settled()
	assert.deepEqual(peer.subjects, ['postmaster', 'Postmaster@test.com', 'postmaster@a.test'])
	assert.equal(inbox(MARY).length, 3)
})

test('a report is sent to every member of an alias, wherever it lives', async () => {
	directory.addAlias('team@test.com', [MARY, BOB, 'carol@example.net'])
	directory.addAccount({ address: 'carl@test.com', name: '', passwordHash: '', home: there })
	const carl = directory.accountByAddress('carl@test.com')!
	peer.reachable = false
	await mail('lost', ['carl@test.com'], { from: 'team@test.com' })
	directory.removeAccount(carl.id)
	peer.reachable = true
	await queue.retry(null)
	await until('both reports are under way', 5000, () => peer.arrived.length === 1 && waiting().length === 1)
	assert.equal(inbox(MARY).length, 1)
	assert.deepEqual(
		waiting().map(({ recipient, reversePath }) => [recipient, reversePath]),
		[['carol@example.net', '']],
	)
})

test('a report does not send a large message back as a whole', async () => {
	peer.reachable = false
	await mail('large', [BOB], { octets: 900_000, ret: 'FULL', envelopeId: 'a+2Bb+0D+0Ac' })
	await mail('small', [BOB], { ret: 'FULL' })
	await queue.drop(
		waiting().map(({ id }) => id),
		true,
	)
	const [large, small] = inbox(MARY) as [string, string]
	assert.ok(large.length < 10_000)
	assert.match(large, /Content-Type: text\/rfc822-headers\r\n/)
	assert.match(large, /\r\nOriginal-Envelope-Id: a\+b c\r\nArrival-Date: /)
	assert.match(small, /Content-Type: message\/rfc822\r\n[\s\S]*\r\nxxx/)
})

test('who is signed in sends as nobody else, on port 25 either', () => {
	const mary = directory.accountByAddress(MARY)!
	for (const protocol of ['smtp', 'submission'] as const) {
		const signedIn = client({ protocol, account: { id: mary.id, address: MARY } })
		assert.equal(receiver.judgeSender(signedIn, transaction(MARY, [])), null)
		assert.equal(receiver.judgeSender(signedIn, transaction(BOB, []))!.code, 553)
	}
	assert.equal(receiver.judgeSender(client(), transaction('who@example.org', [])), null)
})

test('an account the directory does not know yet: our other node keeps its mail, a stranger is refused', () => {
	const to = transaction('who@example.org', ['new@test.com'])
	const judge = (from: Client) => receiver.judgeRecipient(from, to, to.recipients[0]!)!.code
	assert.equal(judge(client({ protocol: 'lmtp', node: there })), 450)
	assert.equal(judge(client()), 550)
})

test('mail does not go to and fro between two nodes each of which takes the other for the home', () => {
	const to = transaction('who@example.org', [BOB])
	const judge = (node: string) =>
		receiver.judgeRecipient(client({ protocol: 'lmtp', node }), to, to.recipients[0]!)
	assert.equal(judge(there)!.code, 450)
	assert.equal(judge(newId()), null)
})

test('an alias may lead to addresses with and without characters beyond ASCII', async () => {
	directory.addAccount({ address: '张伟@test.com', name: '', passwordHash: '', home: there })
	directory.addAlias('team@test.com', [BOB, '张伟@test.com'])
	await mail('hello', ['team@test.com'])
	await queue.settled()
	assert.deepEqual(
		peer.arrived.flatMap(({ transaction }) => transaction.recipients.map(({ address }) => address)).sort(),
		[BOB, '张伟@test.com'],
	)
	assert.deepEqual(inbox(MARY), [])
})

/** A mail exchanger of others: `begin` makes what answers the lines of a connection; '' hangs up. Ends with the test. */
async function world(begin: () => (line: string) => string): Promise<{ heard: string[] }> {
	const heard: string[] = []
	const server = createServer(socket => {
		const reader = new LineReader(10_000_000)
		const perform = begin()
		let content = false
		let tls = false
		socket.on('error', () => {})
		socket.write('220 mx.example.net\r\n')
		socket.on('data', chunk => {
			if (tls) return void socket.destroy()
			reader.push(chunk as Buffer)
			for (let bytes = reader.line(); bytes; bytes = reader.line()) {
				const line = bytes.toString()
				if (content && line !== '.') continue
				heard.push(line)
				const answer = perform(line)
				content = answer.startsWith('354')
				tls = line === 'STARTTLS'
				if (answer === '') return void socket.destroy()
				socket.write(`${answer}\r\n`)
			}
		})
	})
	await new Promise<void>(resolve => server.listen(WORLD_PORT, WORLD.slice(1, -1), resolve))
	undo.push(() => server.close())
	return { heard }
}

const allow = { account: { id: 'mary', address: MARY } }

async function mailOut(subject: string, to: string, octets = 10): Promise<void> {
	const incoming = receiver.open(client(allow), transaction(MARY, [`${to}@${WORLD}`]))
	await incoming.write(Buffer.from(`Subject: ${subject}\r\n\r\n${'x'.repeat(octets)}\r\n`))
	assert.equal((await incoming.end())[0]!.code, 250)
}

test('an exchanger that hangs up after each message gets all of them without a pause', async () => {
	const { heard } = await world(() => {
		let last = ''
		return line => {
			if (last === '.') return ''
			last = line
			return line === 'DATA' ? '354 go on' : '250 ok'
		}
	})
	for (let i = 0; i < 5; i++) await mailOut(`${i}`, `user${i}`)
	const delivered = () => heard.filter(line => line.startsWith('RCPT'))
	await until('all are gone', 5000, () => waiting().length === 0)
	assert.deepEqual(
		delivered(),
		[0, 1, 2, 3, 4].map(i => `RCPT TO:<user${i}@${WORLD}>`),
	)
})

test('what DATA refuses is no harm to the message behind it', async () => {
	let under = false
	let who = ''
	await world(() => line => {
		if (line.startsWith('MAIL')) {
			if (under) return '503 5.5.1 nested MAIL'
			under = true
		}
		if (line.startsWith('RCPT')) who = line
		if (line === 'RSET' || line === '.') under = false
		if (line === 'DATA') return who.includes('bad') ? '554 5.7.1 no' : '354 go on'
		return '250 ok'
	})
	await mailOut('1', 'bad')
	await mailOut('2', 'good')
	await until('both are settled', 5000, () => waiting().length === 0)
	assert.equal(inbox(MARY).length, 1)
	assert.match(inbox(MARY)[0]!, /Diagnostic-Code: smtp; 554 5\.7\.1 no/)
})

test('a message at which an exchanger hangs up waits by itself', async () => {
	let who = ''
	await world(() => line => {
		if (line.startsWith('RCPT')) who = line
		if (line === '.' && who.includes('bad')) return ''
		return line === 'DATA' ? '354 go on' : '250 ok'
	})
	await mailOut('1', 'bad')
	await until('it waits', 5000, () => waiting()[0]?.lastReply !== '')
	assert.match(waiting()[0]!.lastReply, /^451 4\.4\.2 The connection was lost/)
	await mailOut('2', 'good')
	await until('the other one is gone', 5000, () => waiting().length === 1)
	assert.deepEqual(waiting()[0]!.recipient, `bad@${WORLD}`)
})

test('an exchanger that offers TLS and cannot do it gets the mail without', async () => {
	await world(() => line => {
		if (line.startsWith('EHLO')) return '250-mx.example.net\r\n250 STARTTLS'
		if (line === 'STARTTLS') return '220 go on'
		return line === 'DATA' ? '354 go on' : '250 ok'
	})
	await mailOut('1', 'user')
	await until('it is gone', 5000, () => waiting().length === 0)
	assert.deepEqual(inbox(MARY), [])
})
