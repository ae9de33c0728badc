import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, readdirSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { inbox, sendMail, smtp } from './support/clients.ts'
import { endAll, joinTo, PORTS, TestNode } from './support/nodes.ts'

/* What people meet: each a sentence that says what to do, and nothing is lost. */

const a = new TestNode('127.0.0.51')
const b = new TestNode('127.0.0.52')
after(endAll)

test('a port that is taken is named', async () => {
	const other = createServer().listen(PORTS.imap, '127.0.0.53')
	await assert.rejects(
		new TestNode('127.0.0.53').start(),
		/port 3143 on 127\.0\.0\.53 \(imap\) is taken by another program/,
	)
	other.close()
})

test('a node that does not run, a wrong command and an unknown setting are told apart', async () => {
	await assert.rejects(a.panpipe('status'), (error: Error & { status: number }) => {
		assert.equal(error.status, 1)
		return /no node runs with the data directory/.test(error.message)
	})
	await assert.rejects(a.panpipe('account', 'ad', 'x@test.com'), { status: 2 })
	await assert.rejects(a.panpipe('node', 'add', b.ip), { status: 2 })
	const said = await a.panpipe('account', 'enable', '--help')
	assert.match(said, /account enable ADDRESS\n +its owner can sign in again\n/)
	assert.doesNotMatch(said, /account disable/)
	await assert.rejects(a.panpipe('help', 'acount'), { status: 2 })
	await assert.rejects(new TestNode('127.0.0.53', 'hostnmae = "x"').start(), /hostnmae/)
})

test('two processes do not serve one data directory, and the second leaves the first alone', async () => {
	const e = await new TestNode('127.0.0.57').start()
	const { child } = e
	await assert.rejects(e.start(), /another process serves .* already/)
	e.child = child
	await e.say('domain add', { domain: 'test.com' })
	await e.addAccount('alice@test.com')
	await e.kill()
	await e.start()
	assert.equal((await e.say('account list')).length, 1)
	await e.stop()
})

test('what is stored is for its owner alone, also in a directory that others may enter', async () => {
	const e = new TestNode('127.0.0.57')
	chmodSync(e.data, 0o755)
	await e.start()
	for (const name of readdirSync(e.data)) {
		if (name === 'panpipe.toml') continue
		assert.equal(statSync(join(e.data, name)).mode & 0o077, 0, name)
	}
	await e.stop()
})

test('wrong code, unreachable node, itself, a code used twice: each says what to do', async () => {
	await Promise.all([a.start(), b.start()])
	const { code } = await b.say('node code')
	const add = (ip: string, port: number, code: string) => a.panpipe('node', 'add', ip, String(port), code)
	await assert.rejects(add(b.ip, PORTS.web, 'NOT-A-CODE'), /not a join code/)
	await assert.rejects(add(b.ip, 3999, code), /Cannot reach the new node at 127\.0\.0\.52 port 3999/)
	await assert.rejects(add(b.ip, PORTS.smtp, code), /does not speak TLS \(is it the web port\?\)\. Check/)
	await assert.rejects(add(a.ip, PORTS.web, (await a.say('node code')).code), /the node you are working at/)
	const swapped = code.replace(/.$/, (last: string) => (last === 'A' ? 'E' : 'A'))
	await assert.rejects(add(b.ip, PORTS.web, swapped), /does not know this code|not the one/)
	await add(b.ip, PORTS.web, code)
	await assert.rejects(add(b.ip, PORTS.web, code), /used already|member of this cluster already/)
	await assert.rejects(b.say('node code'), /member of a cluster already/)
})

test('two nodes with one name are not joined', async () => {
	const c = await new TestNode('127.0.0.54', 'hostname = "mail.example.org"').start()
	const d = await new TestNode('127.0.0.55', 'hostname = "mail.example.org"').start()
	await assert.rejects(joinTo(c, d), /named mail\.example\.org already/)
	await Promise.all([c.stop(), d.stop()])
})

test('accounts: a bad address, a domain nobody serves, an address taken, each a sentence', async () => {
	await a.say('domain add', { domain: 'test.com' })
	await a.addAccount('alice@test.com')
	await assert.rejects(a.addAccount('alice@test.com'), /alice@test\.com/)
	await assert.rejects(a.addAccount('ALICE@Test.COM'), /alice@test\.com/)
	await assert.rejects(a.addAccount('alice'), /address/)
	await assert.rejects(a.addAccount('alice@example.net'), /example\.net/)
	await assert.rejects(
		a.say('account passwd', { address: 'bob@test.com', password: 'x' }),
		/no account bob@test\.com/,
	)
	await assert.rejects(a.say('domain remove', { domain: 'test.com' }))
})

test('a full disk is 452 to the client, loses nothing, and passes when there is room again', async t => {
	const c = new TestNode('127.0.0.56')
	if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', c.data]).status !== 0)
		return t.skip('needs to mount a small file system')
	try {
		await c.start()
		await c.say('domain add', { domain: 'test.com' })
		await c.addAccount('alice@test.com')
		const client = await smtp(c.ip)
		let taken = 0
		let answer = ''
		for (let i = 0; i < 400; i++) {
			const noise = Array.from({ length: 600 }, () => Math.random().toString(36).repeat(5)).join('\r\n')
			answer = await sendMail(client, 'x@example.org', 'alice@test.com', `Subject: ${i}\r\n\r\n${noise}\r\n`)
			if (!answer.startsWith('250')) break
			taken++
		}
		assert.match(answer, /^452 4\.3\.1 /)
		assert.ok(taken > 10)
		assert.equal((await inbox(c.ip, 'alice@test.com')).length, taken)
		assert.equal(spawnSync('mount', ['-o', 'remount,size=64m', c.data]).status, 0)
		assert.match(
			await sendMail(client, 'x@example.org', 'alice@test.com', 'Subject: again\r\n\r\nok\r\n'),
			/^250 /,
		)
		assert.equal((await inbox(c.ip, 'alice@test.com')).length, taken + 1)
		client.close()
	} finally {
		await c.stop()
		spawnSync('umount', [c.data])
	}
})
