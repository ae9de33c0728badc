import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { formatJoinCode, JoinFailed, type JoinFailure, parseJoinCode } from '../src/cluster/index.ts'
import {
	allHear,
	hears,
	invite,
	joinAll,
	nextIp,
	startTestNode,
	type TestNode,
	tellAll,
} from './cluster-node.ts'

const nodes: TestNode[] = []
after(async () => {
	await Promise.all(nodes.map(node => node.remove()))
})

async function node(start: Parameters<typeof startTestNode>[0] = {}): Promise<TestNode> {
	const made = await startTestNode(start)
	nodes.push(made)
	return made
}

async function failsWith(code: JoinFailure, joining: Promise<unknown>): Promise<JoinFailed> {
	const error = await joining.then(
		() => assert.fail('the join came about'),
		(error: unknown) => error,
	)
	assert.ok(error instanceof JoinFailed, String(error))
	assert.equal(error.code, code, error.message)
	return error
}

test('two nodes join and hear each other; the newcomer hears the member before it has any directory', async () => {
	const [a, b] = [await node(), await node()]
	const joined = new Promise(resolve => b.cluster.onJoined(resolve))
	const invited = await invite(a, b, await b.cluster.joinCode())
	assert.equal(invited.id, b.id)
	assert.equal(invited.hostname, b.hostname)
	assert.equal(invited.ourAddress, a.ip)
	assert.deepEqual(await joined, { members: [a.member], self: b.member })
	await a.cluster.setMembers([a.member, b.member])
	await Promise.all([hears(b, a), hears(a, b)])
	assert.equal(a.cluster.id, b.cluster.id)
	assert.notEqual(a.cluster.id, '')
})

test('a third node let in by the second is heard by all', async () => {
	const [a, b, c] = [await node(), await node(), await node()]
	await joinAll(a, b)
	await invite(b, c, await c.cluster.joinCode())
	await tellAll([a, b, c])
	await allHear([a, b, c])
})

test('keys are readable by nobody else', async () => {
	const a = await node()
	await a.cluster.joinCode()
	const folder = join(a.dataDir, 'keys')
	assert.equal(statSync(folder).mode & 0o777, 0o700)
	for (const name of readdirSync(folder)) assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name)
})

test('a wrong secret, a code of another node, and what is no code are wrong codes', async () => {
	const [a, b, c] = [await node(), await node(), await node()]
	const { fingerprint } = parseJoinCode(await b.cluster.joinCode())!
	await failsWith('wrong-code', invite(a, b, formatJoinCode({ fingerprint, secret: Buffer.alloc(10) })))
	await failsWith('wrong-code', invite(a, b, await c.cluster.joinCode()))
	await failsWith('wrong-code', invite(a, b, 'open sesame'))
	assert.equal(b.cluster.id, '')
})

test('a stranger learns nothing from the join pages', async () => {
	const b = await node()
	await b.cluster.joinCode()
	const hello = { secret: 'AAAA', now: Date.now(), version: '0.1.0', clusterId: '', memberId: 'x' }
	for (const [path, body] of [
		['/cluster/join/hello', hello],
		['/cluster/join/hello', null],
		['/cluster/join/accept', { secret: 'AAAA' }],
		['/cluster/join/other', {}],
	] as const) {
		assert.deepEqual(await b.cluster.answerJoin(path, body, '192.0.2.1'), { status: 404, body: {} })
	}
})

test('a used code is refused, and a half-done join is repeated with a new one', async () => {
	const [a, b] = [await node(), await node()]
	const code = await b.cluster.joinCode()
	await invite(a, b, code) // and the member forgets it: its directory never names the newcomer
	await failsWith('code-used', invite(a, b, code))
	await invite(a, b, await b.cluster.joinCode())
	await tellAll([a, b])
	await allHear([a, b])
})

test('an expired code says so', async () => {
	const [a, b] = [await node(), await node()]
	const code = await b.cluster.joinCode()
	b.clock.off = 25 * 3_600_000
	const { message } = await failsWith('code-ended', invite(a, b, code))
	assert.match(message, /older than a day/)
})

test('a clock that is off is refused and the difference told', async () => {
	const [a, b] = [await node(), await node()]
	b.clock.off = -17 * 60_000
	const { message } = await failsWith('clock', invite(a, b, await b.cluster.joinCode()))
	assert.match(message, /17 minutes behind/)
	b.clock.off = 9 * 60_000
	await invite(a, b, await b.cluster.joinCode())
})

test('a member of another cluster, another version, a namesake and ourselves are refused', async () => {
	const [a, b, c, other] = [await node(), await node(), await node(), await node({ version: '0.2.0' })]
	await joinAll(b, c)
	await failsWith('already-member', invite(a, c, await c.cluster.joinCode()))
	await failsWith('version', invite(a, other, await other.cluster.joinCode()))
	await failsWith('same-node', invite(a, a, await a.cluster.joinCode()))
	await failsWith('same-node', invite(a, a, await b.cluster.joinCode()))
	const namesake = await node({ hostname: a.hostname.toUpperCase() })
	await failsWith('same-name', invite(a, namesake, await namesake.cluster.joinCode()))
})

test('a node that is alone may have founded a cluster that came to nothing', async () => {
	const [a, b, c] = [await node(), await node(), await node()]
	await invite(a, c, await c.cluster.joinCode()) // a has a CA now
	await c.cluster.leave('01elsewhere')
	await joinAll(b, a)
	await allHear([a, b])
})

test('where nothing listens the port is closed', async () => {
	const a = await node()
	const joining = a.cluster.invite({
		ip: nextIp(),
		webPort: 9,
		code: formatJoinCode({ fingerprint: Buffer.alloc(16), secret: Buffer.alloc(10) }),
		hostname: a.hostname,
		address: a.ip,
		ports: { web: 1, cluster: 1 },
		members: [],
	})
	const { message } = await failsWith('closed', joining)
	assert.match(message, /nothing listens there/)
})

test('a broken answer of what is no Panpipe node is told as such, not as a fault of ours', async () => {
	const a = await node()
	const b = await node()
	const code = await b.cluster.joinCode()
	b.cluster.answerJoin = async () => ({ status: 200, body: { hello: 'world' } })
	await failsWith('not-panpipe', invite(a, b, code))
})

test('a membership outlives a restart, also when the directory had not come yet', async () => {
	const a = await node()
	const dataDir = mkdtempSync(join(tmpdir(), 'panpipe-cluster-'))
	const b = await startTestNode({ dataDir })
	await invite(a, b, await b.cluster.joinCode())
	await b.stop()
	const again = await startTestNode({ id: b.id, ip: b.ip, dataDir, clusterPort: b.member.clusterPort })
	try {
		await a.cluster.setMembers([a.member, again.member])
		await Promise.all([hears(again, a), hears(a, again)])
	} finally {
		await again.stop()
		rmSync(dataDir, { recursive: true })
	}
})

test('who leaves forgets the cluster and can be let in again under its new id', async () => {
	const [a, b] = [await node(), await node()]
	await joinAll(a, b)
	await allHear([a, b])
	await b.cluster.leave('01newid')
	assert.equal(b.cluster.id, '')
	assert.equal(b.cluster.links.self, '01newid')
	assert.equal(b.cluster.links.engineRunning, false)
	assert.deepEqual(readdirSync(b.dataDir), ['keys'])
	// A directory that names nobody may have been lost: only one that says who was removed is believed.
	await a.cluster.setMembers([a.member])
	assert.equal(a.cluster.links.engineRunning, true)
	await a.cluster.setMembers([a.member], [b.id])
	assert.equal(a.cluster.links.engineRunning, false)
	b.id = '01newid'
	b.member = { ...b.member, id: b.id }
	await joinAll(a, b)
	await allHear([a, b])
})
