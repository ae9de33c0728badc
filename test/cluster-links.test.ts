import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { pino } from 'pino'
import { Unreachable } from '../src/cluster/index.ts'
import { allHear, hears, joinAll, nextIp, startTestNode, type TestNode, tellAll } from './cluster-node.ts'

let a: TestNode
let b: TestNode
let c: TestNode
const others: TestNode[] = []

before(async () => {
	;[a, b, c] = await Promise.all([startTestNode(), startTestNode(), startTestNode()])
	for (const node of [a, b, c]) {
		node.cluster.links.answer('echo', payload => payload)
		node.cluster.links.answer('who', (_, from) => Buffer.from(from))
		node.cluster.links.answer('fail', () => {
			throw new Error('the cupboard is bare')
		})
		node.cluster.links.answer('never', () => new Promise(() => {}))
	}
	await joinAll(a, b, c)
	await allHear([a, b, c])
})
after(async () => {
	await Promise.all([a, b, c, ...others].map(node => node.remove()))
})

/** What `node` hears under the subject next. */
function next(node: TestNode, subject: string): Promise<[string, string]> {
	return new Promise(resolve => {
		const end = node.cluster.links.subscribe(subject, (payload, from) => {
			end()
			resolve([Buffer.from(payload).toString(), from])
		})
	})
}

function enginePid(node: TestNode): number {
	return Number(readFileSync(join(node.dataDir, 'engine', 'nats.pid'), 'utf8'))
}

/** The next beat of `from` that `at` hears. */
function beatOf(from: TestNode, at: TestNode): Promise<void> {
	return new Promise(resolve => {
		const end = at.cluster.links.onBeat(beat => {
			if (beat.node !== from.id) return
			end()
			resolve()
		})
	})
}

/** Waits for what no event tells of. */
async function until(check: () => boolean): Promise<void> {
	while (!check()) await wait(10)
}

test('every other node hears what is published, and the sender does not', async () => {
	a.cluster.links.subscribe('directory.changes', () => assert.fail('the sender heard itself'))
	const heard = Promise.all([next(b, 'directory.changes'), next(c, 'directory.changes')])
	// Interest travels to the sender's server first; a request both ways comes after it.
	await Promise.all([b, c].map(node => node.cluster.links.request(a.id, 'echo', new Uint8Array(0))))
	a.cluster.links.publish('directory.changes', Buffer.from('new'))
	assert.deepEqual(await heard, [
		['new', a.id],
		['new', a.id],
	])
})

test('a request is answered by the node asked, who knows who asks', async () => {
	assert.equal(Buffer.from(await a.cluster.links.request(c.id, 'who', new Uint8Array(0))).toString(), a.id)
	const large = Buffer.alloc(8 * 1024 * 1024, 'x')
	assert.deepEqual(Buffer.from(await a.cluster.links.request(b.id, 'echo', large)), large)
	assert.deepEqual(await a.cluster.links.request(a.id, 'who', new Uint8Array(0)), Buffer.from(a.id))
})

test('an error of the answerer reaches the asker with its message', async () => {
	await assert.rejects(a.cluster.links.request(b.id, 'fail', new Uint8Array(0)), error => {
		assert.ok(!(error instanceof Unreachable))
		assert.equal((error as Error).message, 'the cupboard is bare')
		return true
	})
})

test('nobody there, nobody known and nothing in time are all Unreachable', async () => {
	const nothing = new Uint8Array(0)
	await assert.rejects(a.cluster.links.request(b.id, 'unknown', nothing), Unreachable)
	await assert.rejects(a.cluster.links.request('01stranger', 'echo', nothing), Unreachable)
	await assert.rejects(a.cluster.links.request(b.id, 'never', nothing, 50), Unreachable)
})

test('a beat says what other rooms add to it, and peers tell version, clock and round trip', async () => {
	b.cluster.links.addToBeat(() => ({ digest: 'abc' }))
	const beat = await new Promise<Record<string, unknown>>(resolve => {
		const end = a.cluster.links.onBeat(beat => {
			if (beat.node !== b.id || beat.extra.digest === undefined) return
			end()
			resolve(beat.extra)
		})
		b.cluster.links.beatNow()
	})
	assert.deepEqual(beat, { digest: 'abc' })
	await until(() => a.cluster.links.peers().every(peer => peer.roundTripMs !== null))
	const peer = a.cluster.links.peers().find(one => one.id === b.id)!
	assert.equal(peer.state, 'up')
	assert.equal(peer.version, '0.1.0')
	assert.equal(typeof peer.clockOff, 'number')
	assert.deepEqual(peer.extra, { digest: 'abc' })
})

test('a connection to a node knows both ends and carries bytes', async () => {
	b.onProtocol = (socket, node) => {
		socket.end(`${socket.alpnProtocol} ${node}`)
	}
	const socket = await a.cluster.links.connect(b.id, 'imap')
	let heard = ''
	for await (const chunk of socket) heard += chunk
	assert.equal(heard, `imap ${a.id}`)
})

test('a member that is heard while its web port cannot be reached says why, until it can', async () => {
	const seen = () => a.cluster.links.peers().find(one => one.id === b.id)!
	assert.equal(seen().webPort, null)
	await a.cluster.setMembers([a.member, { ...b.member, webPort: 1 }, c.member])
	// Nobody goes there, and it is found all the same.
	await until(() => seen().webPort !== null)
	assert.deepEqual([seen().webPort, seen().state], ['nothing listens there (connection refused)', 'up'])
	await tellAll([a, b, c])
	await until(() => seen().webPort === null)
})

test('a connection to another node than the one wanted is refused', async () => {
	await b.cluster.setMembers([
		a.member,
		b.member,
		{ ...c.member, webPort: a.member.webPort, ip: a.member.ip },
	])
	await assert.rejects(b.cluster.links.connect(c.id, 'lmtp'), Unreachable)
	await tellAll([a, b, c])
	await assert.rejects(b.cluster.links.connect('01stranger', 'lmtp'), Unreachable)
})

test('a member of another cluster is a stranger on the web port', async () => {
	const [x, y] = [await startTestNode(), await startTestNode()]
	others.push(x, y)
	await joinAll(x, y)
	const seen = new Promise(resolve => {
		b.onProtocol = (socket, node) => {
			socket.destroy()
			resolve(node)
		}
	})
	// x is told that b is a node of its own: b's certificate is not of x's CA.
	await x.cluster.setMembers([x.member, y.member, b.member])
	await assert.rejects(x.cluster.links.connect(b.id, 'lmtp'), Unreachable)
	// And whoever does not check b is still nobody to b.
	const { connect } = await import('node:tls')
	const keys = JSON.parse(readFileSync(join(x.dataDir, 'keys', 'cluster.json'), 'utf8'))
	const socket = connect({
		host: b.ip,
		port: b.member.webPort,
		servername: `${b.id}.node.panpipe`,
		rejectUnauthorized: false,
		cert: keys.certificate,
		key: readFileSync(join(x.dataDir, 'keys', 'node.key')),
		ALPNProtocols: ['lmtp'],
	})
	socket.on('error', () => {})
	assert.equal(await seen, null)
	socket.destroy()
})

test('nats-server that is killed comes back and its routes with it', async () => {
	const killed = enginePid(b)
	process.kill(killed, 'SIGKILL')
	await until(() => existsSync(join(b.dataDir, 'engine', 'nats.pid')) && enginePid(b) !== killed)
	await until(() => b.cluster.links.engineRunning)
	await beatOf(a, b)
	const payload = Buffer.from('back')
	assert.deepEqual(Buffer.from(await b.cluster.links.request(a.id, 'echo', payload)), payload)
	assert.deepEqual(Buffer.from(await a.cluster.links.request(b.id, 'echo', payload)), payload)
	assert.equal(b.cluster.problem, null)
})

test('nats-server finds its settings again though its folder was emptied before it died', async () => {
	const killed = enginePid(b)
	rmSync(join(b.dataDir, 'engine'), { recursive: true })
	process.kill(killed, 'SIGKILL')
	await until(() => existsSync(join(b.dataDir, 'engine', 'nats.pid')) && enginePid(b) !== killed)
	await until(() => b.cluster.links.engineRunning && b.cluster.problem === null)
	await beatOf(a, b)
})

test('nats-server that hangs is ended and started anew', async () => {
	const hanging = enginePid(b)
	process.kill(hanging, 'SIGSTOP')
	await until(() => enginePid(b) !== hanging)
	await until(() => b.cluster.links.engineRunning && b.cluster.problem === null)
	await beatOf(a, b)
})

test('a node that stops says good-bye, and a nats-server that an earlier run left behind is ended', async () => {
	const dataDir = mkdtempSync(join(tmpdir(), 'panpipe-cluster-'))
	const said: string[] = []
	const x = await startTestNode({ log: pino({ level: 'info' }, { write: line => void said.push(line) }) })
	others.push(x)
	const y = await startTestNode({ dataDir })
	await joinAll(x, y)
	await allHear([x, y])
	const gone = new Promise<string>(resolve => x.cluster.links.onPeerDown(resolve))
	await y.stop()
	assert.equal(await gone, y.id)
	assert.ok(said.some(line => line.includes('says good-bye')))
	const orphan = spawn('/usr/sbin/nats-server', ['-c', join(dataDir, 'engine', 'nats.conf')])
	const ended = new Promise(resolve => orphan.once('exit', (_, signal) => resolve(signal)))
	for await (const line of createInterface({ input: orphan.stderr }))
		if (line.includes('Server is ready')) break
	const again = await startTestNode({ id: y.id, ip: y.ip, dataDir, clusterPort: y.member.clusterPort })
	try {
		await tellAll([x, again])
		assert.equal(await ended, 'SIGKILL')
		await hears(again, x)
	} finally {
		await again.stop()
		rmSync(dataDir, { recursive: true })
	}
})

const setpriv = spawnSync('setpriv', ['--version']).error ? 'there is no setpriv here' : false
test('nats-server does not outlive a node that is killed', { skip: setpriv }, async () => {
	const script = `
		const { joinAll, startTestNode } = await import(${JSON.stringify(import.meta.resolve('./cluster-node.ts'))})
		const nodes = [await startTestNode(), await startTestNode()]
		await joinAll(...nodes)
		console.log(JSON.stringify(nodes.map(node => node.dataDir)))`
	const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
		stdio: ['ignore', 'pipe', 'inherit'],
	})
	for await (const line of createInterface({ input: child.stdout })) {
		const folders = JSON.parse(line) as string[]
		const pids = folders.map(folder => Number(readFileSync(join(folder, 'engine', 'nats.pid'), 'utf8')))
		for (const pid of pids) assert.ok(runs(pid))
		child.kill('SIGKILL')
		await until(() => !pids.some(runs))
		for (const folder of folders) rmSync(folder, { recursive: true })
	}
})

/** A process that ended but was not waited for has an empty command line. */
function runs(pid: number): boolean {
	try {
		return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== ''
	} catch {
		return false
	}
}

test('the log stream takes each record once, in order, and others read it', async () => {
	await until(() => a.cluster.logStream.state === 'ready')
	const record = (id: string) => ({ id, data: Buffer.from(`record ${id}`) })
	await a.cluster.logStream.append([record('1'), record('2'), record('3')])
	await a.cluster.logStream.append([record('3'), record('4')])
	const { records, next, last } = await c.cluster.logStream.read(a.id, 2, 2)
	assert.deepEqual(
		records.map(({ seq, id, data }) => [seq, id, Buffer.from(data).toString()]),
		[
			[2, '2', 'record 2'],
			[3, '3', 'record 3'],
		],
	)
	assert.equal(next, 4)
	assert.equal(last, 4)
	assert.deepEqual((await c.cluster.logStream.read(a.id, 5, 10)).records, [])
})

test('one that goes is told to be down within seconds, the others go on; removed, it is a stranger', async () => {
	const down = Promise.all(
		[a, b].map(
			node =>
				new Promise<string>(resolve => {
					const end = node.cluster.links.onPeerDown(gone => {
						end()
						resolve(gone)
					})
				}),
		),
	)
	await c.cluster.close()
	assert.deepEqual(await down, [c.id, c.id])
	assert.equal(a.cluster.links.peers().find(peer => peer.id === c.id)!.state, 'unreachable')
	await assert.rejects(a.cluster.links.request(c.id, 'echo', new Uint8Array(0)), Unreachable)
	const payload = Buffer.from('still here')
	assert.deepEqual(Buffer.from(await a.cluster.links.request(b.id, 'echo', payload)), payload)

	const seen = new Promise(resolve => {
		b.onProtocol = (socket, node) => {
			socket.destroy()
			resolve(node)
		}
	})
	await tellAll([a, b])
	assert.deepEqual(
		a.cluster.links.peers().map(peer => peer.id),
		[b.id],
	)
	assert.deepEqual(Buffer.from(await a.cluster.links.request(b.id, 'echo', payload)), payload)
	// c still believes; its certificate is good, but it is no member any more.
	const socket = await c.cluster.links.connect(b.id, 'lmtp')
	socket.on('error', () => {})
	assert.equal(await seen, null)
})

test('one node alone is silent and has no engine', async () => {
	const lone = await startTestNode({ ip: nextIp() })
	others.push(lone)
	lone.cluster.links.publish('directory.changes', Buffer.from('x'))
	assert.equal(lone.cluster.links.engineRunning, false)
	assert.equal(lone.cluster.problem, null)
	assert.deepEqual(lone.cluster.links.peers(), [])
	assert.equal(lone.cluster.logStream.state, 'absent')
	await assert.rejects(lone.cluster.links.request(a.id, 'echo', new Uint8Array(0)), Unreachable)
	await assert.rejects(lone.cluster.links.connect(a.id, 'lmtp'), Unreachable)
	assert.ok(!existsSync(join(lone.dataDir, 'engine')))
})
