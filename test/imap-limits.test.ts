import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { serveImap } from '../src/servers/imap/index.ts'
import { type Home, PASSWORD, person, startHome } from './imap-house.ts'
import { until } from './support/nodes.ts'

/* What one client asks for, or does not read, takes no more of the node than is left for the others. */

const MESSAGES = 300
const MIB = 1024 * 1024

let home: Home
let server: Server
const inside: Socket[] = []

before(async () => {
	home = await startHome('home', [person('alice', 'home')])
	await home.house.write([{ do: 'account.create', account: 'id-of-alice' }])
	const fields = Array.from({ length: 200 }, (_, i) => `X-Field-${i}: value ${i}\r\n`).join('')
	for (let i = 1; i <= MESSAGES; i++) {
		const letter = `Subject: letter ${i}\r\nFrom: bob@example.com\r\n${fields}\r\ntext\r\n`
		const body = home.store.stageSmall(Buffer.from(letter))
		const results = await home.house.write([
			{
				do: 'message.add',
				account: 'id-of-alice',
				mailbox: 'INBOX',
				flags: 0,
				keywords: [],
				internalDate: i,
				body,
			},
		])
		assert.ok(results[0]!.ok)
	}
	server = createServer(socket => {
		inside.push(socket)
		socket.on('error', () => {})
		serveImap(home.house, { socket, implicitTls: false, node: null })
	})
	await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
})
after(async () => {
	for (const socket of inside) socket.destroy()
	await new Promise(resolve => server.close(resolve))
	await home.close()
})

/** A client that reads only when told to, and the node's end of its connection. */
class Client {
	readonly socket: Socket
	readonly theirs: Socket

	private constructor(socket: Socket, theirs: Socket) {
		this.socket = socket
		this.theirs = theirs
	}

	static async open(): Promise<Client> {
		const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
		await once(socket, 'data')
		return new Client(socket, inside.at(-1)!)
	}

	static async signIn(): Promise<Client> {
		const client = await Client.open()
		await client.say(`LOGIN alice@example.com ${PASSWORD}`)
		await client.say('EXAMINE INBOX')
		return client
	}

	/** All of the answer, the tagged line last. */
	async say(command: string): Promise<string> {
		this.socket.write(`t ${command}\r\n`)
		return this.heard(/^t (OK|NO|BAD) .*\r\n$/m)
	}

	async heard(end: RegExp): Promise<string> {
		const parts: string[] = []
		for (;;) {
			const [chunk] = (await once(this.socket, 'data')) as [Buffer]
			parts.push(chunk.toString('latin1'))
			if (end.test(parts.slice(-2).join('').slice(-2000))) return parts.join('')
		}
	}
}

test('a client that does not read is not read either, and gets every answer when it does', async () => {
	const client = await Client.open()
	const { socket, theirs } = client
	socket.pause()
	const commands = 200_000
	const greeted = theirs.bytesWritten
	socket.write('a CAPABILITY\r\n'.repeat(commands))
	let read = -1
	let most = 0
	await until('the node waits for us', 60_000, () => {
		most = Math.max(most, theirs.writableLength)
		const same = theirs.bytesRead === read
		read = theirs.bytesRead
		return (same && theirs.writableNeedDrain) || theirs.bytesRead >= commands * 14
	})
	assert.ok(most < MIB, `${most} octets wait for a client that does not read them`)
	assert.ok(theirs.bytesRead < commands * 14)
	assert.ok(theirs.bytesWritten > greeted)
	let answered = 0
	let rest = ''
	socket.on('data', chunk => {
		const lines = (rest + chunk.toString('latin1')).split('\r\n')
		rest = lines.pop()!
		answered += lines.filter(line => line.startsWith('a OK')).length
	})
	socket.resume()
	await until('everything is answered', 120_000, () => answered === commands)
	socket.destroy()
})

test('much that is asked of many messages is put together a part at a time', async () => {
	const client = await Client.signIn()
	const { socket, theirs } = client
	const items = Array(250).fill('BODYSTRUCTURE').join(' ')
	socket.pause()
	socket.write(`t FETCH 1:* (${items})\r\n`)
	let most = 0
	await until('the node waits for us', 60_000, () => {
		most = Math.max(most, theirs.writableLength)
		return theirs.writableNeedDrain
	})
	socket.resume()
	const answer = client.heard(/^t OK .*\r\n$/m)
	const watch = setInterval(() => (most = Math.max(most, theirs.writableLength)), 1)
	const text = await answer
	clearInterval(watch)
	assert.equal(text.match(/^\* \d+ FETCH \(/gm)?.length, MESSAGES)
	assert.equal(text.match(/BODYSTRUCTURE \(/g)?.length, MESSAGES * 250)
	assert.ok(text.length > 4 * MIB)
	assert.ok(most < 2 * MIB, `${most} octets at a time`)
	socket.destroy()
})

test('what nobody asks is refused: a thousand items, keys, criteria', async () => {
	const client = await Client.signIn()
	const many = (n: number, of: (i: number) => string) => Array.from({ length: n }, (_, i) => of(i)).join(' ')
	assert.match(await client.say(`FETCH 1 (${many(251, i => `BODY.PEEK[${i + 1}]`)})`), /^t BAD /m)
	assert.match(await client.say(`FETCH 1 (${many(250, i => `BODY.PEEK[${i + 1}]`)})`), /^t OK /m)
	assert.match(await client.say(`SEARCH ${many(1001, i => `NOT HEADER x${i} y`)}`), /^t BAD /m)
	assert.match(await client.say(`SEARCH ${many(501, i => `OR UID ${i + 1} ALL`)}`), /^t BAD /m)
	assert.match(await client.say(`SEARCH ${many(400, i => `NOT HEADER x${i} y`)}`), /^t OK /m)
	assert.match(await client.say(`SORT (${many(21, () => 'SUBJECT')}) UTF-8 ALL`), /^t BAD /m)
	assert.match(await client.say(`LIST "" (${many(51, i => `*a${i}*`)})`), /^t BAD /m)
	assert.match(await client.say(`GETMETADATA INBOX (${many(1001, i => `/private/${i}`)})`), /^t BAD /m)
	assert.match(await client.say('SORT (REVERSE SUBJECT ARRIVAL SIZE) UTF-8 ALL'), /^t OK /m)
	client.socket.destroy()
})

test('while one searches for much the others have their turns', async () => {
	const [one, other] = [await Client.signIn(), await Client.signIn()]
	const keys = Array.from({ length: 450 }, (_, i) => `NOT HEADER y-field-${i} value`).join(' ')
	let searching = true
	const search = one.say(`SEARCH ${keys}`).then(answer => {
		searching = false
		return answer
	})
	let turns = 0
	for (; searching; turns++) await other.say('NOOP')
	assert.equal(/^\* SEARCH (.*)\r$/m.exec(await search)![1]!.split(' ').length, MESSAGES)
	assert.ok(turns > 3, `${turns} turns`)
	for (const { socket } of [one, other]) socket.destroy()
})
