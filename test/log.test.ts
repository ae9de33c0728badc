import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type Cluster, openCluster } from '../src/cluster/index.ts'
import { publishLog, unpackRow } from '../src/home/index.ts'
import { newId, silentLog } from '../src/kit/index.ts'
import { type Op, openStore, type Store } from '../src/store/index.ts'
import { until } from './support/nodes.ts'

/* The log of a node, carried by a real nats-server, replayed at another: the same mailboxes. */

const folder = mkdtempSync(join(tmpdir(), 'panpipe-log-'))
const undo: (() => Promise<void> | void)[] = []
after(async () => {
	for (const step of undo.reverse()) await step()
	rmSync(folder, { recursive: true, force: true })
})

async function node(ip: string): Promise<{ id: string; ip: string; cluster: Cluster; store: Store }> {
	const id = newId()
	const dataDir = join(folder, ip)
	const store = await openStore({ dir: dataDir, node: id })
	const cluster = await openCluster({
		dataDir,
		self: id,
		hostname: `mail-${id.slice(-4)}.test`,
		version: '0.1.0',
		listen: ip,
		webPort: 9443,
		clusterPort: 9422,
		log: silentLog,
	})
	undo.push(
		() => store.close(),
		() => cluster.close(),
	)
	return { id, ip, cluster, store }
}

test('a follower that reads the stream and replays it has the mailboxes of the home; a rebuilt engine is filled again', async () => {
	const home = await node('127.0.0.111')
	const follower = await node('127.0.0.112')
	const { createServer } = await import('node:tls')
	const { createServer: createHttp } = await import('node:http')
	const http = createHttp((req, res) => {
		let text = ''
		req.on('data', chunk => {
			text += chunk
		})
		req.on('end', async () => {
			const { status, body } = await follower.cluster.answerJoin(req.url!, JSON.parse(text), '127.0.0.1')
			res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
		})
	})
	const web = createServer(follower.cluster.webTls.options(), socket =>
		http.emit('connection', socket),
	).listen(9443, follower.ip)
	undo.push(() => void web.close())
	const code = await follower.cluster.joinCode()
	const newcomer = await home.cluster.invite({
		ip: follower.ip,
		webPort: 9443,
		code,
		hostname: 'mail.test',
		address: home.ip,
		ports: { web: 9443, cluster: 9422 },
		members: [],
	})
	await home.cluster.setMembers([newcomer])
	undo.push(publishLog({ store: home.store, stream: home.cluster.logStream, self: home.id, log: silentLog }))
	await until('the stream is there', 15_000, () => home.cluster.logStream.state === 'ready')

	const account = newId()
	const body = home.store.stageSmall(Buffer.from('Subject: 你好\r\n\r\ntext\r\n'))
	const add: Op = {
		do: 'message.add',
		account,
		mailbox: 'INBOX',
		create: true,
		body,
		flags: 0,
		keywords: [],
		internalDate: 1,
	}
	await home.store.write([add, add, add])
	const { key } = home.store.reader.mailbox(account, 'INBOX')!
	await home.store.write([
		{ do: 'message.move', account, mailbox: key, uids: [2], to: 'Archive' },
		{ do: 'message.flags', account, mailbox: key, uids: [1], how: 'add', flags: 1, keywords: ['$work'] },
		{ do: 'message.expunge', account, mailbox: key, uids: [3], any: true },
	])
	const rows = home.store.reader.log(0, 1000).length

	const published = async () =>
		(await follower.cluster.logStream.read(home.id, 1, 1).catch(() => ({ last: 0 }))).last
	await until('all of the log is published', 15_000, async () => (await published()) === rows)
	const { records } = await follower.cluster.logStream.read(home.id, 1, 1000)
	await follower.store.replay(
		records.map(({ data }) => unpackRow(home.id, data)),
		[body],
	)
	const picture = (store: Store) =>
		store.reader.mailboxes(account).map(({ key, ...box }) => ({
			...box,
			messages: store.reader.messages(key, 1, 2 ** 32).map(({ blob: _, ...message }) => message),
		}))
	assert.deepEqual(picture(follower.store), picture(home.store))
	assert.equal(follower.store.reader.mailbox(account, 'Archive')!.messages, 1)

	await home.cluster.rebuild()
	await until('the stream is filled again', 90_000, async () => (await published()) === rows)
})
