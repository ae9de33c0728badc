import { mkdtempSync, rmSync } from 'node:fs'
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createNet, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTls, type TLSSocket } from 'node:tls'
import { type Cluster, type Invited, type Member, openCluster } from '../src/cluster/index.ts'
import { type Log, makeLog, newId, silentLog } from '../src/kit/index.ts'

/** A node with nothing but its cluster side and a web port, on a loopback address of its own. */
export type TestNode = {
	id: string
	ip: string
	hostname: string
	cluster: Cluster
	member: Member
	/** Connections that came with another protocol than HTTP, as (socket, node id or null). */
	onProtocol: (socket: TLSSocket, node: string | null) => void
	dataDir: string
	/** Added to the clock of this node, milliseconds. */
	clock: { off: number }
	/** Stops cluster and web port; the data directory stays. */
	stop(): Promise<void>
	/** stop() and removes the data directory. */
	remove(): Promise<void>
}

let lastOctet = 10

/** A loopback address that no other node of this process has. */
export function nextIp(): string {
	return `127.0.88.${lastOctet++}`
}

async function freePort(ip: string): Promise<number> {
	const server = createNet()
	await new Promise<void>(resolve => server.listen(0, ip, resolve))
	const { port } = server.address() as AddressInfo
	await new Promise(resolve => server.close(resolve))
	return port
}

type Start = {
	id?: string
	ip?: string
	dataDir?: string
	version?: string
	hostname?: string
	clusterPort?: number
	log?: Log
}

export async function startTestNode(start: Start = {}): Promise<TestNode> {
	const id = start.id ?? newId()
	const ip = start.ip ?? nextIp()
	const dataDir = start.dataDir ?? mkdtempSync(join(tmpdir(), 'panpipe-cluster-'))
	const hostname = start.hostname ?? `mail-${ip.split('.').at(-1)}.example.com`
	const clusterPort = start.clusterPort ?? (await freePort(ip))
	const webPort = await freePort(ip)
	const clock = { off: 0 }
	const cluster = await openCluster({
		dataDir,
		self: id,
		hostname,
		version: start.version ?? '0.1.0',
		listen: ip,
		webPort,
		clusterPort,
		log: start.log ?? (process.env.TEST_LOG ? makeLog({ level: process.env.TEST_LOG, node: ip }) : silentLog),
		clock: { now: () => Date.now() + clock.off },
	})
	const http = createHttp((request, response) => void answer(cluster, request, response))
	const node: TestNode = {
		id,
		ip,
		hostname,
		cluster,
		member: { id, ip, webPort, clusterPort },
		onProtocol: socket => socket.destroy(),
		dataDir,
		clock,
		async stop() {
			await cluster.close()
			for (const socket of open) socket.destroy()
			await new Promise(resolve => web.close(resolve))
		},
		async remove() {
			await node.stop()
			rmSync(dataDir, { recursive: true, force: true })
		},
	}
	/** Those too that have said nothing yet. */
	const open = new Set<Socket>()
	const web = createTls(cluster.webTls.options(), socket => {
		socket.on('error', () => {})
		const protocol = socket.alpnProtocol || 'http/1.1'
		if (protocol === 'http/1.1') http.emit('connection', socket)
		else node.onProtocol(socket, cluster.webTls.nodeOf(socket))
	})
	web.on('connection', (socket: Socket) => {
		open.add(socket)
		socket.on('close', () => open.delete(socket))
	})
	await new Promise<void>(resolve => web.listen(webPort, ip, resolve))
	await cluster.setMembers([node.member])
	return node
}

async function answer(cluster: Cluster, request: IncomingMessage, response: ServerResponse): Promise<void> {
	let body = ''
	for await (const chunk of request) body += chunk
	const reply = await cluster.answerJoin(
		request.url ?? '',
		JSON.parse(body),
		request.socket.remoteAddress ?? '',
	)
	response.writeHead(reply.status, { 'content-type': 'application/json' }).end(JSON.stringify(reply.body))
}

/** What a member's admin does: types address and code. */
export async function invite(member: TestNode, newcomer: TestNode, code: string): Promise<Invited> {
	return await member.cluster.invite({
		ip: newcomer.ip,
		webPort: newcomer.member.webPort,
		code,
		hostname: member.hostname,
		address: member.ip,
		ports: { web: member.member.webPort, cluster: member.member.clusterPort },
		members: [],
	})
}

/** Lets `newcomer` in at `nodes[0]` and tells all of them who is there, as the directory would. */
export async function joinAll(...nodes: TestNode[]): Promise<void> {
	const [first, ...rest] = nodes
	for (const [index, newcomer] of rest.entries()) {
		await invite(first!, newcomer, await newcomer.cluster.joinCode())
		await tellAll(nodes.slice(0, index + 2))
	}
}

export async function tellAll(nodes: TestNode[]): Promise<void> {
	const members = nodes.map(node => node.member)
	await Promise.all(nodes.map(node => node.cluster.setMembers(members)))
}

/** Resolves when `node` hears `peer` (at once if it does already). */
export async function hears(node: TestNode, peer: TestNode | string): Promise<void> {
	const id = typeof peer === 'string' ? peer : peer.id
	const up = () => node.cluster.links.peers().some(one => one.id === id && one.state === 'up')
	if (up()) return
	await new Promise<void>(resolve => {
		const end = node.cluster.links.onPeerUp(came => {
			if (came !== id) return
			end()
			resolve()
		})
	})
}

/** All of them hear each other. */
export async function allHear(nodes: TestNode[]): Promise<void> {
	await Promise.all(nodes.flatMap(node => nodes.filter(peer => peer !== node).map(peer => hears(node, peer))))
}
