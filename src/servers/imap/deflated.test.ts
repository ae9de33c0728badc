import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { setTimeout as later } from 'node:timers/promises'
import { constants, createDeflateRaw, createInflateRaw } from 'node:zlib'
import { Deflated } from './deflated.ts'

type Pair = {
	server: Deflated
	client: Socket
	/** Compressed like zlib's users do: one compressor for the connection, flushed after each text. */
	say(text: string): void
	close(): void
}

async function pair(restMs: number): Promise<Pair> {
	const listening = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
	await once(listening, 'listening')
	const { port } = listening.address() as { port: number }
	const client = connect(port, '127.0.0.1')
	const [socket] = (await once(listening, 'connection')) as [Socket]
	listening.close()
	client.on('error', () => {})
	const server = new Deflated(socket, Buffer.alloc(0), restMs)
	const deflate = createDeflateRaw()
	deflate.on('data', chunk => client.write(chunk))
	return {
		server,
		client,
		say(text) {
			deflate.write(text, 'latin1')
			deflate.flush(constants.Z_SYNC_FLUSH)
		},
		close() {
			server.destroy()
			client.destroy()
		},
	}
}

async function heard(server: Deflated, octets: number): Promise<string> {
	let text = ''
	while (text.length < octets) {
		const chunk: Buffer | null = server.read()
		if (chunk) text += chunk.toString('latin1')
		else await once(server, 'readable')
	}
	return text
}

async function asleep(server: Deflated): Promise<void> {
	while (server.awake) await later(1)
}

test('what the client says comes out, also after its inflater was put away in between', async () => {
	const { server, say, close } = await pair(1)
	// Some larger than the window, and twice the same: it lies in the past.
	const noise = Buffer.from(Array.from({ length: 50_000 }, (_, i) => (i * i * 31) % 251)).toString('latin1')
	const texts = [
		'a1 NOOP\r\n',
		'a2 NOOP\r\n',
		`a3 LOGIN x ${'abc'.repeat(20_000)}\r\n`,
		'a4 NOOP\r\n',
		noise,
		noise,
	]
	for (const text of texts) {
		say(text)
		assert.equal(await heard(server, text.length), text)
		await asleep(server)
	}
	close()
})

test('what we say comes out at the client, whole and in order', async () => {
	const { server, client, close } = await pair(60_000)
	const inflate = createInflateRaw()
	client.pipe(inflate)
	let got = ''
	inflate.on('data', chunk => {
		got += chunk.toString('latin1')
	})
	const said = ['* OK hello\r\n', `* 1 FETCH (${'BODYSTRUCTURE '.repeat(20_000)})\r\n`, 'a1 OK done\r\n']
	for (const text of said) server.write(text, 'latin1')
	while (got.length < said.join('').length) await once(inflate, 'data')
	assert.equal(got, said.join(''))
	close()
})

test('a client that reads slowly, and one that sends much at once, lose nothing', async () => {
	const { server, say, close } = await pair(60_000)
	const text = 'x'.repeat(3_000_000)
	say(text)
	// Nobody reads for a while: what is inflated waits, and does not pile up.
	while (server.readableLength === 0) await once(server, 'readable')
	assert.ok(server.readableLength < 1_000_000)
	assert.equal((await heard(server, text.length)).length, text.length)
	close()
})

test('octets that are no deflate end the connection', async () => {
	const { server, client, close } = await pair(60_000)
	server.resume()
	client.write(Buffer.from('ffffffff', 'hex'))
	await new Promise<void>(resolve => server.once('close', resolve))
	close()
})

test('the end of the client is the end of what it says', async () => {
	const { server, client, say, close } = await pair(60_000)
	say('a1 LOGOUT\r\n')
	assert.equal(await heard(server, 11), 'a1 LOGOUT\r\n')
	client.end()
	server.resume()
	await once(server, 'end')
	server.end('* BYE\r\n')
	client.resume()
	await once(client, 'end')
	close()
})
