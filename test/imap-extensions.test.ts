import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { test } from 'node:test'
import { constants, createDeflateRaw, createInflateRaw } from 'node:zlib'
import { entranceTo, type Home, PASSWORD, person, startHome } from './imap-house.ts'

/** A client that reads up to a tagged answer. */
class Client {
	#socket: Socket
	#in: Duplex | Socket
	#got = ''
	#deflate: ReturnType<typeof createDeflateRaw> | null = null

	constructor(port: number) {
		this.#socket = connect(port, '127.0.0.1')
		this.#in = this.#socket
		this.#in.on('data', this.#hear)
	}

	#hear = (chunk: Buffer) => {
		this.#got += chunk.toString('latin1')
	}

	/** Up to a line that begins so, that line included. */
	async until(start: string): Promise<string> {
		for (;;) {
			const lines = this.#got.split('\r\n')
			const at = lines.findIndex(line => line.startsWith(start))
			if (at >= 0 && at < lines.length - 1) {
				this.#got = lines.slice(at + 1).join('\r\n')
				return lines.slice(0, at + 1).join('\r\n')
			}
			await once(this.#in, 'data')
		}
	}

	send(text: string): void {
		if (!this.#deflate) this.#socket.write(text, 'latin1')
		else {
			this.#deflate.write(text, 'latin1')
			this.#deflate.flush(constants.Z_SYNC_FLUSH)
		}
	}

	ask(command: string): Promise<string> {
		this.send(`${command}\r\n`)
		return this.until(`${command.split(' ')[0]} `)
	}

	compress(): void {
		this.#socket.off('data', this.#hear)
		// The server's stream never ends in a last block.
		const inflate = createInflateRaw({ finishFlush: constants.Z_SYNC_FLUSH })
		this.#socket.pipe(inflate)
		inflate.on('data', this.#hear)
		this.#in = inflate
		this.#deflate = createDeflateRaw()
		this.#deflate.on('data', chunk => this.#socket.write(chunk))
	}

	async login(name: string): Promise<void> {
		assert.match(await this.ask(`login LOGIN ${name}@example.com ${PASSWORD}`), /^login OK/m)
	}

	end(): void {
		this.#socket.destroy()
	}
}

const letter = (text: string) => `Subject: ${text}\r\n\r\n${text}\r\n`

async function compressed(port: number): Promise<void> {
	const client = new Client(port)
	await client.login('alice')
	assert.match(await client.ask('a1 CAPABILITY'), / COMPRESS=DEFLATE /)
	assert.match(await client.ask('a2 COMPRESS LZ4'), /^a2 BAD/m)
	assert.match(await client.ask('a3 COMPRESS DEFLATE'), /^a3 OK/m)
	client.compress()
	assert.match(await client.ask('b1 COMPRESS DEFLATE'), /^b1 NO \[COMPRESSIONACTIVE\]/m)
	assert.doesNotMatch(await client.ask('b2 CAPABILITY'), /COMPRESS/)
	const large = letter('x'.repeat(300_000))
	client.send(`b3 APPEND INBOX {${large.length}+}\r\n${large} {${large.length}}\r\n`)
	await client.until('+ ')
	client.send(`${large}\r\n`)
	assert.match(await client.until('b3 '), /^b3 OK/m)
	await client.ask('b4 SELECT INBOX')
	const fetched = await client.ask('b5 FETCH 1:2 BODY.PEEK[]')
	assert.equal(fetched.split(large).length, 3)
	// Pushed without a command, and the end of it all.
	client.send('b6 IDLE\r\n')
	await client.until('+ ')
	const other = new Client(port)
	await other.login('alice')
	other.send(`a1 APPEND INBOX {${letter('y').length}+}\r\n${letter('y')}\r\n`)
	await client.until('* 3 EXISTS')
	client.send('DONE\r\n')
	await client.until('b6 OK')
	// Compression outlives the person.
	assert.match(await client.ask('c1 UNAUTHENTICATE'), /^c1 OK/m)
	await client.login('bob')
	assert.match(await client.ask('c2 STATUS INBOX (MESSAGES)'), /MESSAGES 0/)
	assert.match(await client.ask('c3 LOGOUT'), /^\* BYE/m)
	other.end()
	client.end()
}

const people = (home: string) => [person('alice', home), person('bob', home)]

test('a connection goes on compressed after COMPRESS, at home', { timeout: 20_000 }, async () => {
	const home = await startHome('b', people('b'))
	try {
		await compressed(home.port)
	} finally {
		await home.close()
	}
})

test('a connection goes on compressed after COMPRESS, through another node', {
	timeout: 20_000,
}, async () => {
	let home: Home | null = null
	const away = await startHome('a', people('b'), { connect: entranceTo(() => home!, 'a') })
	home = await startHome('b', people('b'))
	try {
		await compressed(away.port)
	} finally {
		await away.close()
		await home.close()
	}
})

test('after UNAUTHENTICATE somebody who lives elsewhere is walked there', { timeout: 20_000 }, async () => {
	const people = [person('alice', 'a'), person('bob', 'b')]
	let b: Home | null = null
	const a = await startHome('a', people, { connect: entranceTo(() => b!, 'a') })
	b = await startHome('b', people)
	try {
		for (const compress of [false, true]) {
			const client = new Client(a.port)
			await client.login('alice')
			if (compress) {
				await client.ask('a0 COMPRESS DEFLATE')
				client.compress()
			}
			await client.ask('a1 CREATE only-at-a')
			await client.ask('a2 UNAUTHENTICATE')
			await client.login('bob')
			assert.doesNotMatch(await client.ask('b1 LIST "" *'), /only-at-a/)
			client.end()
		}
	} finally {
		await a.close()
		await b.close()
	}
})

test('what is limited is told by QUOTA and refused with OVERQUOTA', { timeout: 20_000 }, async () => {
	const home = await startHome('b', people('b'), {
		quota: id => (id === 'id-of-alice' ? { octets: 8192, messages: 3 } : null),
	})
	try {
		const alice = new Client(home.port)
		await alice.login('alice')
		const text = letter('x'.repeat(2300))
		const append = async (tag: string, text: string) => {
			alice.send(`${tag} APPEND INBOX {${text.length}+}\r\n${text}\r\n`)
			return alice.until(`${tag} `)
		}
		assert.match(await append('a1', text), /^a1 OK/m)
		assert.equal(
			await alice.ask('a2 GETQUOTAROOT inbox'),
			'* QUOTAROOT INBOX ""\r\n* QUOTA "" (STORAGE 5 8 MESSAGE 1 3)\r\na2 OK GETQUOTAROOT completed',
		)
		assert.match(await append('a3', text), /^a3 NO \[OVERQUOTA\]/m)
		await alice.ask('a4 SELECT INBOX')
		assert.match(await alice.ask('a5 COPY 1 Trash'), /^a5 NO \[OVERQUOTA\]/m)
		assert.match(await append('a6', letter('y')), /^a6 OK/m)
		assert.match(await append('a7', letter('y')), /^a7 OK/m)
		assert.match(await append('a8', letter('y')), /^a8 NO \[OVERQUOTA\]/m)
		assert.match(await alice.ask('a9 MOVE 1 Trash'), /^a9 OK/m)
		assert.match(await alice.ask('b1 GETQUOTA ""'), /^\* QUOTA "" \(STORAGE 5 8 MESSAGE 3 3\)/m)
		assert.match(await alice.ask('b2 GETQUOTA other'), /^b2 NO/m)
		const bob = new Client(home.port)
		await bob.login('bob')
		assert.match(await bob.ask('a1 GETQUOTAROOT INBOX'), /^\* QUOTAROOT INBOX\r\na1 OK/)
		alice.end()
		bob.end()
	} finally {
		await home.close()
	}
})
