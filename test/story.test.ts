import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, test } from 'node:test'
import { inbox, pop3Inbox, sendMail, smtp, submission } from './support/clients.ts'
import { endAll, PORTS, TestNode, until } from './support/nodes.ts'
import { Visitor } from './support/web.ts'

/* Two nodes, one domain: the story the whole thing is for, in its order; every test goes on where the last one ended. */

const a = new TestNode('127.0.0.143')
const b = new TestNode('127.0.0.155')
const c = new TestNode('127.0.0.166')
const d = new TestNode('127.0.0.177')

const message = (from: string, to: string, subject: string, text = 'hello') =>
	`From: <${from}>\r\nTo: <${to}>\r\nSubject: ${subject}\r\nDate: Mon, 23 Nov 2026 10:00:00 +0800\r\nMessage-ID: <${subject}@test>\r\n\r\n${text}\r\n`

const addresses = (list: { address: string }[]) => list.map(one => one.address).sort()

before(async () => {
	await Promise.all([a.start(), b.start()])
})
after(endAll)

test('1. two nodes that do not know each other: each takes mail for its own users only', async () => {
	for (const node of [a, b]) await node.panpipe('domain', 'add', 'test.com')
	for (const local of ['shili', '143']) await a.addAccount(`${local}@test.com`)
	for (const local of ['support', '155', 'list']) await b.addAccount(`${local}@test.com`)
	const client = await submission(a.ip, 'shili@test.com')
	await client.say('MAIL FROM:<shili@test.com>')
	assert.match(await client.say('RCPT TO:<support@test.com>'), /^550 5\.1\.1 /)
	client.close()
	assert.deepEqual(await a.json('forwards'), [])
})

test('2. one code, one command: within three seconds both know both nodes and all users', async () => {
	const { code } = await b.json('node', 'code')
	await a.panpipe('node', 'add', b.ip, String(PORTS.web), code, '--description', '节点155')
	const took = await until('both know all', 3000, async () => {
		const [nodesA, nodesB, forA, forB] = await Promise.all([
			a.say('node list'),
			b.say('node list'),
			a.say('forwards'),
			b.say('forwards'),
		])
		return nodesA.length === 2 && nodesB.length === 2 && forA.length === 3 && forB.length === 2
	})
	assert.ok(took < 3000)
	const [forA, forB] = [await a.json('forwards'), await b.json('forwards')]
	assert.deepEqual(addresses(forA), ['155@test.com', 'list@test.com', 'support@test.com'])
	assert.ok(
		forA.every(
			(one: { node: string; description: string }) => one.node === b.ip && one.description === '节点155',
		),
	)
	assert.deepEqual(addresses(forB), ['143@test.com', 'shili@test.com'])
	assert.ok(forB.every((one: { node: string }) => one.node === a.ip))
	await assert.rejects(a.panpipe('node', 'add', b.ip, String(PORTS.web), code), { status: 1 })
})

test('3. mail between them arrives byte for byte, by IMAP and by POP3, without DNS', async () => {
	for (const [from, at, to, there] of [
		['shili@test.com', a, 'support@test.com', b],
		['support@test.com', b, 'shili@test.com', a],
	] as const) {
		const sent = message(
			from,
			to,
			`story-${from.split('@')[0]}`,
			'你好\r\n.a line that begins with a dot\r\n..two\r\n\ttab \r\n',
		)
		const bytes = Buffer.from(sent).toString('latin1')
		const client = await submission(at.ip, from)
		assert.match(await sendMail(client, from, to, sent), /^250 2\.0\.0 /)
		client.close()
		await until('it is there', 5000, async () => (await inbox(there.ip, to)).length === 1)
		const [read] = await inbox(there.ip, to)
		assert.ok(read!.endsWith(bytes), 'the end of the message is what was sent')
		const trace = read!.slice(0, read!.length - bytes.length)
		assert.match(
			trace,
			new RegExp(`^Return-Path: <${from}>\r\nReceived: from [^]*\r\nReceived: from [^]*with ESMTPA id`),
		)
		assert.deepEqual(await pop3Inbox(there.ip, to), [read])
		// And at the other node: the connection walks to the home.
		assert.deepEqual(await inbox(at.ip, to), [read])
		assert.deepEqual(await pop3Inbox(at.ip, to), [read])
	}
})

test('4. a stranger reaches everybody at every node; nobody is 550 5.1.1 at all of them', async () => {
	const client = await smtp(a.ip)
	assert.match(
		await sendMail(
			client,
			'stranger@example.org',
			'list@test.com',
			message('s@example.org', 'list@test.com', 'in'),
		),
		/^250 /,
	)
	await until('it is at its home', 5000, async () => (await inbox(b.ip, 'list@test.com')).length === 1)
	client.close()
	for (const node of [a, b]) {
		const client = await smtp(node.ip)
		await client.say('MAIL FROM:<stranger@example.org>')
		assert.match(await client.say('RCPT TO:<nobody@test.com>'), /^550 5\.1\.1 /)
		assert.match(await client.say('RCPT TO:<other@example.net>'), /^550 5\.7\.1 /)
		client.close()
	}
})

test('5. a third node, added at the second; a user made anywhere is known everywhere within a second', async () => {
	await c.start()
	await c.panpipe('domain', 'add', 'test.com')
	await c.addAccount('carol@test.com')
	const { code } = await c.json('node', 'code')
	await b.panpipe('node', 'add', c.ip, String(PORTS.web), code, '--description', '节点166')
	await until('all know all', 3000, async () => {
		const lists = await Promise.all(
			[a, b, c].map(node => Promise.all([node.say('node list'), node.say('account list')])),
		)
		return lists.every(([nodes, accounts]) => nodes.length === 3 && accounts.length === 6)
	})
	for (const [index, node] of [a, b, c].entries()) {
		await node.addAccount(`new${index}@test.com`)
		await until('known everywhere', 1000, async () => {
			const lists = await Promise.all([a, b, c].map(other => other.say('account list')))
			return lists.every(list => addresses(list).includes(`new${index}@test.com`))
		})
	}
})

test('5b. node refresh repairs a copy that was damaged while the node was stopped', async () => {
	await c.stop()
	const file = new DatabaseSync(join(c.data, 'directory.sqlite'))
	const before = file.prepare(`SELECT count(*) AS n FROM record WHERE kind = 'account'`).get() as {
		n: number
	}
	file.exec(`DELETE FROM record WHERE kind = 'account'`)
	file.close()
	assert.equal(before.n, 9)
	await c.start()
	await until('the others are heard', 5000, async () =>
		(await c.say('node list')).every((node: { state: string }) => node.state === 'up'),
	)
	const results = await c.json('node', 'refresh')
	assert.deepEqual(
		results.map((one: { state: string }) => one.state),
		['done', 'done'],
	)
	assert.equal((await c.say('account list')).length, 9)
	assert.equal((await inbox(c.ip, 'carol@test.com')).length, 0)
})

test('5c. a node whose directory was lost, or cannot be read, has it from the others', async () => {
	const file = join(c.data, 'directory.sqlite')
	const whole = async () =>
		(await c.say('account list')).length === 9 && (await c.say('node list')).length === 3
	await c.stop()
	for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true })
	await c.start()
	// Who comes in that moment is told to come again, not that the password is wrong.
	const basic = `Basic ${Buffer.from('carol@test.com:secret').toString('base64')}`
	const program = new Visitor(c, { authorization: basic })
	await until('carol can sign in', 20_000, async () => {
		const { status } = await program.get('//jmap/session').catch(() => ({ status: 503 }))
		assert.ok(status === 200 || status === 503, `${status}`)
		return inbox(c.ip, 'carol@test.com').then(
			() => true,
			error => {
				assert.match(
					String(error.serverResponseCode ?? error.code),
					/^(?:UNAVAILABLE|EConnectionClosed|NoConnection)$/,
				)
				return false
			},
		)
	})
	await until('it knows everybody again', 20_000, whole)
	assert.equal((await inbox(c.ip, 'carol@test.com')).length, 0)
	await c.stop()
	writeFileSync(file, 'x'.repeat(20_000))
	await c.start()
	assert.match(c.log, /set aside/)
	await until('it knows everybody again', 20_000, whole)
	assert.equal((await inbox(c.ip, 'carol@test.com')).length, 0)
})

test('6. the same address made twice: the earlier one keeps it, the later one keeps its mail and can sign in', async () => {
	await d.start()
	await d.panpipe('domain', 'add', 'test.com')
	await d.addAccount('support@test.com', 'other')
	const client = await smtp(d.ip)
	await sendMail(
		client,
		'x@example.org',
		'support@test.com',
		message('x@example.org', 'support@test.com', 'before'),
	)
	client.close()
	assert.equal((await inbox(d.ip, 'support@test.com', 'other')).length, 1)
	const { code } = await d.json('node', 'code')
	await a.panpipe('node', 'add', d.ip, String(PORTS.web), code)
	const all = [a, b, c, d]
	const supports = async (node: TestNode) =>
		(await node.say('account list')).filter(
			(one: { address: string; claimed?: string }) => (one.claimed ?? one.address) === 'support@test.com',
		)
	await until('all decide alike', 3000, async () => {
		const lists = await Promise.all(all.map(supports))
		return lists.every(list => list.length === 2 && JSON.stringify(list) === JSON.stringify(lists[0]))
	})
	const [winner, loser] = (await supports(a)).sort(
		(x: { conflict: boolean }, y: { conflict: boolean }) => Number(x.conflict) - Number(y.conflict),
	)
	assert.deepEqual([winner.home, winner.address, winner.conflict], [b.ip, 'support@test.com', false])
	assert.deepEqual([loser.home, loser.conflict], [d.ip, true])
	assert.notEqual(loser.address, 'support@test.com')
	for (const login of ['support@test.com', loser.address]) {
		assert.equal((await inbox(d.ip, login, 'other')).length, 1, `${login} signs in and finds the mail`)
		assert.equal((await inbox(a.ip, login, 'other')).length, 1)
	}
	const again = await smtp(c.ip)
	await sendMail(
		again,
		'x@example.org',
		loser.address,
		message('x@example.org', loser.address, 'to the substitute'),
	)
	again.close()
	await until(
		'mail to the substitute arrives',
		5000,
		async () => (await inbox(d.ip, loser.address, 'other')).length === 2,
	)
	assert.equal((await inbox(b.ip, 'support@test.com')).length, 1)
})

test('7. a node is cut off: the others go on, and when it is back everything is there, once, in order', async () => {
	await b.kill()
	const client = await smtp(a.ip)
	for (let i = 0; i < 200; i++) {
		const to = i % 2 === 0 ? '155@test.com' : 'list@test.com'
		assert.match(
			await sendMail(client, 'x@example.org', to, message('x@example.org', to, `cut-${i}`)),
			/^250 /,
		)
	}
	client.close()
	assert.equal((await a.json('queue', 'list')).length, 200)
	await a.addAccount('during@test.com')
	await a.say('account passwd', { address: 'list@test.com', password: 'changed' })
	const local = await submission(a.ip, 'during@test.com')
	assert.match(
		await sendMail(
			local,
			'during@test.com',
			'shili@test.com',
			message('during@test.com', 'shili@test.com', 'local'),
		),
		/^250 /,
	)
	local.close()

	await b.start()
	const took = await until('all 200 are there', 5000, async () => (await a.say('queue list')).length === 0)
	assert.ok(took < 5000)
	const order = (mails: string[]) =>
		mails.map(mail => /Subject: cut-(\d+)/.exec(mail)?.[1]).filter(found => found !== undefined)
	const even = Array.from({ length: 100 }, (_, i) => String(2 * i))
	const odd = Array.from({ length: 100 }, (_, i) => String(2 * i + 1))
	assert.deepEqual(order(await inbox(b.ip, '155@test.com')), even)
	await until('the new password is known there', 2000, () =>
		inbox(b.ip, 'list@test.com', 'changed').then(
			() => true,
			() => false,
		),
	)
	assert.deepEqual(order(await inbox(b.ip, 'list@test.com', 'changed')), odd)
	assert.ok(addresses(await b.json('account', 'list')).includes('during@test.com'))
})

test('9a. a disabled node gets no new mail handed over; enabled again it drains', async () => {
	await a.panpipe('node', 'edit', b.ip, '--description', '香港 155')
	await c.panpipe('node', 'disable', b.ip)
	await until('all know', 2000, async () => {
		const lists = await Promise.all([a, b, d].map(node => node.say('node list')))
		return lists.every(list =>
			list.some(
				(one: { ip: string; enabled: boolean; description: string }) =>
					one.ip === b.ip && !one.enabled && one.description === '香港 155',
			),
		)
	})
	const before = (await inbox(b.ip, '155@test.com')).length
	const client = await smtp(a.ip)
	assert.match(
		await sendMail(
			client,
			'x@example.org',
			'155@test.com',
			message('x@example.org', '155@test.com', 'waits'),
		),
		/^250 /,
	)
	client.close()
	const [waiting] = await a.json('queue', 'list')
	assert.equal(waiting.to, '155@test.com')
	assert.match(waiting.reason, /disabled/)
	await a.panpipe('node', 'enable', b.ip)
	await until('it drains', 5000, async () => (await a.say('queue list')).length === 0)
	assert.equal((await inbox(b.ip, '155@test.com')).length, before + 1)
})

test('9b. a node taken out goes on alone; the others take no more mail for its users', async () => {
	const mails = await inbox(b.ip, '155@test.com')
	await a.panpipe('node', 'remove', b.ip)
	await until('the others forget', 3000, async () => {
		const lists = await Promise.all([a, c, d].map(node => node.say('node list')))
		return lists.every(list => list.length === 3)
	})
	for (const node of [a, c, d]) {
		const client = await smtp(node.ip)
		await client.say('MAIL FROM:<x@example.org>')
		assert.match(await client.say('RCPT TO:<155@test.com>'), /^550 5\.1\.1 /)
		client.close()
	}
	await until('it is alone', 5000, async () => (await b.say('status').catch(() => null))?.role === 'alone')
	await until('its users find their mail', 5000, () =>
		inbox(b.ip, '155@test.com').then(
			found => JSON.stringify(found) === JSON.stringify(mails),
			() => false,
		),
	)
	assert.deepEqual(addresses(await b.json('account', 'list')).length, 4)
	const client = await smtp(b.ip)
	assert.match(
		await sendMail(
			client,
			'x@example.org',
			'155@test.com',
			message('x@example.org', '155@test.com', 'alone'),
		),
		/^250 /,
	)
	assert.match(await client.say('MAIL FROM:<x@example.org>'), /^250/)
	assert.match(await client.say('RCPT TO:<shili@test.com>'), /^550 5\.1\.1 /)
	client.close()
	assert.equal((await b.json('status')).engine, 'not needed')
})

test('9c. a node that is dead for good is removed, and a new one takes its place', async () => {
	await d.kill()
	await a.panpipe('node', 'remove', d.ip)
	await until('it is gone', 3000, async () => (await c.say('node list')).length === 2)
	const e = await new TestNode('127.0.0.188').start()
	await e.panpipe('domain', 'add', 'test.com')
	await e.addAccount('erika@test.com')
	const { code } = await e.json('node', 'code')
	await c.panpipe('node', 'add', e.ip, String(PORTS.web), code)
	await until('all know it', 3000, async () =>
		addresses(await a.say('account list')).includes('erika@test.com'),
	)
	const client = await smtp(a.ip)
	assert.match(
		await sendMail(
			client,
			'x@example.org',
			'erika@test.com',
			message('x@example.org', 'erika@test.com', 'new'),
		),
		/^250 /,
	)
	client.close()
	await until('mail reaches it', 5000, async () => (await inbox(e.ip, 'erika@test.com')).length === 1)
	await a.panpipe('node', 'remove', e.ip)
	await a.panpipe('node', 'remove', c.ip)
	await until('143 is alone and runs without NATS', 5000, async () => {
		const status = await a.say('status')
		return status.role === 'alone' && status.engine === 'not needed'
	})
	await until(
		'the removed node is alone too',
		5000,
		async () => (await c.say('status').catch(() => null))?.role === 'alone',
	)
})

test('9d. a node that was removed while it was away learns it when it comes back', async () => {
	await d.start()
	await until('it is alone', 15_000, async () => (await d.say('status').catch(() => null))?.role === 'alone')
	await until('its users find their mail', 5000, () =>
		inbox(d.ip, 'support@test.com', 'other').then(
			mails => mails.length === 2,
			() => false,
		),
	)
})
