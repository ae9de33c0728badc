import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { arrived, inbox, LineClient, sendMail, smtp, submission } from './support/clients.ts'
import { nameServer } from './support/dns.ts'
import { type Exchanger, exchanger } from './support/exchanger.ts'
import { endAll, joinTo, PORTS, TestNode, until } from './support/nodes.ts'
import { type Post, Town } from './support/post.ts'

/* Mail to groups, at real nodes: alice and carol live at a, bob and dave at b, others in the world. */

const DNS = { address: '127.0.26.12', port: 3053 }
const extra = `[relay]\nport = 3025\n[dns]\nservers = ["${DNS.address}:${DNS.port}"]\n`
const a = new TestNode('127.0.26.10', extra)
const b = new TestNode('127.0.26.11', extra)
let world: Exchanger
let names: { close(): void }
const everywhere = [a, b]

before(async () => {
	world = await exchanger('127.0.26.13', 3025, ['DSN'])
	names = await nameServer(DNS.address, DNS.port, {
		'world.test': { MX: [[10, 'mx.world.test']] },
		'mx.world.test': { A: ['127.0.26.13'] },
	})
	await Promise.all([a.start(), b.start()])
	await a.say('domain add', { domain: 'test.com' })
	await joinTo(a, b)
	for (const name of ['alice', 'carol']) await a.addAccount(`${name}@test.com`)
	for (const name of ['bob', 'dave']) await b.addAccount(`${name}@test.com`)
	await until('all know all', 5000, async () => (await a.say('account list')).length === 4)
	await until('all know all', 5000, async () => (await b.say('account list')).length === 4)
})
after(async () => {
	await endAll()
	names.close()
	await world.close()
})

/** Both nodes know of the group what was said of it last. */
async function known(group: string, members: number, senders: string): Promise<void> {
	for (const node of everywhere) {
		await until('the group is known', 5000, async () => {
			const [found] = await node.say('group list', { search: group })
			return found?.members === members && found.senders === senders
		})
	}
}

/** Signed in: says a command and gives the lines of the answer. */
async function imap(node: TestNode, name: string): Promise<(command: string) => Promise<string[]>> {
	const client = await LineClient.open(node.ip, PORTS.imap)
	await client.line()
	const say = async (command: string) => {
		client.send(`x ${command}\r\n`)
		const lines: string[] = []
		while (!lines.at(-1)?.startsWith('x ')) lines.push(await client.line())
		return lines
	}
	assert.match((await say(`LOGIN ${name}@test.com secret`)).at(-1)!, /^x OK/)
	return say
}

async function rcpt(client: LineClient, from: string, to: string): Promise<string> {
	await client.say(`MAIL FROM:<${from}>`)
	const answer = await client.say(`RCPT TO:<${to}>`)
	await client.say('RSET')
	return answer
}
const letter = (subject: string, more = '') => `Subject: ${subject}\r\n${more}\r\nhello\r\n`

test('rights given to a group or a unit in IMAP reach who is in it and lives at the node, by either node', async () => {
	await b.say('group add', { address: 'readers@test.com', members: ['carol@test.com', 'bob@test.com'] })
	await b.say('unit add', { name: '公司', kind: 'company' })
	await b.say('account move-unit', { address: 'carol@test.com', unit: '公司' })
	await known('readers', 2, 'anyone')
	const [alice, carol, bob] = await Promise.all([imap(a, 'alice'), imap(b, 'carol'), imap(b, 'bob')])
	await until('the unit is known', 5000, async () => (await a.say('unit list')).length === 1)
	for (const box of ['plans', 'figures']) assert.match((await alice(`CREATE ${box}`)).at(-1)!, /OK/)
	assert.match((await alice('SETACL plans readers@test.com lr')).at(-1)!, /OK/)
	const name = Buffer.from('unit:公司')
	assert.match((await alice(`SETACL figures {${name.length}+}\r\n${name} lrs`)).at(-1)!, /OK/)
	const mine = async (box: string) => (await carol(`MYRIGHTS "Other Users/alice@test.com/${box}"`))[0]
	assert.equal(await mine('plans'), '* MYRIGHTS "Other Users/alice@test.com/plans" lr')
	assert.equal(await mine('figures'), '* MYRIGHTS "Other Users/alice@test.com/figures" lrs')
	assert.match((await bob('MYRIGHTS "Other Users/alice@test.com/plans"')).at(-1)!, /NO \[CANNOT\]/)
	await b.say('group member', { group: 'readers@test.com', members: ['carol@test.com'], remove: true })
	await known('readers', 1, 'anyone')
	assert.match((await mine('plans'))!, /NO \[NONEXISTENT\]/)
})

test('a group is expanded once where its mail is accepted: each person gets one copy, with List-Id, wherever', async () => {
	const members = ['alice@test.com', 'bob@test.com', 'who@world.test', 'inner@test.com']
	await a.panpipe('group', 'add', 'team@test.com', '--name', '销售部', ...members)
	await b.panpipe('group', 'add', 'inner@test.com', 'bob@test.com', 'dave@test.com', 'team@test.com')
	await known('team', 4, 'anyone')
	await known('inner', 3, 'anyone')
	const client = await smtp(b.ip)
	await client.say('MAIL FROM:<x@example.org>')
	for (const to of ['team@test.com', 'dave@test.com', 'team@test.com'])
		assert.match(await client.say(`RCPT TO:<${to}>`), /^250/)
	await client.say('DATA')
	assert.match(await client.say(`${letter('to the team')}.`), /^250/)
	client.close()
	const boxes = [
		[a, 'alice'],
		[b, 'bob'],
		[b, 'dave'],
	] as const
	for (const [node, name] of boxes) {
		await until(`it is with ${name}`, 8000, async () => (await inbox(node.ip, `${name}@test.com`)).length > 0)
	}
	await until('it is in the world', 8000, () => world.taken.length > 0)
	for (const [node, name] of boxes) {
		const [mail, ...more] = await inbox(node.ip, `${name}@test.com`)
		assert.deepEqual(more, [])
		assert.match(mail!, /^Return-Path: <x@example\.org>\r\n/)
		// Dave was named himself: he has it as it was sent.
		const listId = /^List-Id: =\?UTF-8\?\S+\?= <team\.test\.com>\r$/im
		assert.equal(listId.test(mail!), name !== 'dave')
	}
	assert.deepEqual([world.taken.length, world.taken[0]!.recipients.length], [1, 1])
	assert.match(world.taken[0]!.content, /<team\.test\.com>/)
	assert.match(world.taken[0]!.mail, /^MAIL FROM:<x@example\.org>/i)
})

test('who may not send is refused at RCPT, at every node', async () => {
	const ask = async (node: TestNode, who: string | null, from: string) => {
		const client = who ? await submission(node.ip, who) : await smtp(node.ip)
		const answer = await rcpt(client, from, 'team@test.com')
		client.close()
		return answer.slice(0, 9)
	}
	const cases: [senders: string, named: string, allowed: string[], refused: string[]][] = [
		['anyone', '', ['x@example.org', 'carol', 'alice'], []],
		['inside', '', ['carol', 'alice'], ['x@example.org', 'who@world.test', 'alice@test.com']],
		['members', '', ['alice', 'dave', 'who@world.test'], ['carol', 'x@example.org', 'alice@test.com']],
		['named', 'carol@test.com,x@example.org', ['carol', 'x@example.org'], ['alice', 'who@world.test']],
		['named', 'inner@test.com', ['bob', 'alice'], ['carol', 'carol@test.com']],
	]
	for (const [senders, named, allowed, refused] of cases) {
		await a.panpipe('group', 'edit', 'team@test.com', '--senders', senders, '--named', named)
		await until('both know', 5000, async () => {
			const shown = await b.say('group show', { group: 'team@test.com' })
			return shown.senders === senders && shown.named.join() === named
		})
		for (const node of everywhere) {
			for (const who of [...allowed, ...refused]) {
				const answer = allowed.includes(who) ? '250 2.1.5' : '550 5.7.1'
				// A name alone has signed in; a whole address is only what a stranger says.
				const signedIn = who.includes('@') ? null : `${who}@test.com`
				assert.equal(await ask(node, signedIn, signedIn ?? who), answer, `${senders}: ${who} at ${node.ip}`)
			}
		}
	}
	await a.panpipe('group', 'edit', 'team@test.com', '--senders', 'anyone')
	await known('team', 4, 'anyone')
})

test('reports of what cannot be delivered go to the owner where there is one', async () => {
	await a.panpipe(
		'group',
		'add',
		'news@test.com',
		'--owner',
		'carol@test.com',
		'lost@lost.test',
		'alice@test.com',
	)
	await known('news', 2, 'anyone')
	const client = await smtp(b.ip)
	assert.match(await sendMail(client, 'x@world.test', 'news@test.com', letter('news')), /^250/)
	client.close()
	await arrived(a.ip, 'carol@test.com', /^Final-Recipient: rfc822; ?lost@lost\.test/im)
	const mail = await arrived(a.ip, 'alice@test.com', /^Subject: news\r$/m)
	assert.match(mail, /^Return-Path: <carol@test\.com>/)
})

test('a message that comes back to the group it came from goes no further; a group of nobody is refused', async () => {
	const client = await smtp(a.ip)
	const mark = 'List-Id: =?utf-8?q?Team?= <team.test.com>\r\n'
	assert.match(
		await sendMail(client, 'who@world.test', 'team@test.com', letter('again', mark)),
		/^554 5\.4\.6/,
	)
	await a.panpipe('group', 'add', 'empty@test.com', 'gone@test.com')
	assert.match(await rcpt(client, 'x@example.org', 'empty@test.com'), /^550 5\.2\.4/)
	client.close()
})

test('a group made at a node that is cut off works there at once, and everywhere when the others are back', async () => {
	await b.stop()
	await a.panpipe('group', 'add', 'solo@test.com', 'carol@test.com')
	await a.panpipe('group', 'member', 'solo@test.com', 'dave@test.com', 'alice@test.com')
	await a.panpipe('group', 'member', 'solo@test.com', 'alice@test.com', '--remove')
	const client = await smtp(a.ip)
	assert.match(await sendMail(client, 'x@example.org', 'solo@test.com', letter('while alone')), /^250/)
	client.close()
	await arrived(a.ip, 'carol@test.com', /^Subject: while alone\r$/m)
	await b.start()
	await arrived(b.ip, 'dave@test.com', /^Subject: while alone\r$/m)
	await known('solo', 2, 'anyone')
	const other = await smtp(b.ip, PORTS.smtp)
	assert.match(await rcpt(other, 'x@example.org', 'solo@test.com'), /^250/)
	other.close()
})

test('ten thousand members in one message: accepted once, and everybody has it once', async t => {
	const town = new Town(t, { ...DNS, relayPort: 3025 })
	const [a, b] = (await town.open('a', 'b')) as [Post, Post]
	const addresses = Array.from({ length: 10_000 }, (_, index) => `m${index}@test.com`)
	await a.directory.addAccounts(addresses.map((address, index) => ({ address, home: index % 2 ? 'a' : 'b' })))
	const { id } = a.directory.addGroup({ address: 'all@test.com' })
	await a.directory.addMembers(id, addresses)
	await town.nodes.settled()
	assert.equal(b.directory.countMembers(id), 10_000)
	const stranger = { client: { protocol: 'smtp' as const, account: null } }
	assert.equal((await b.send('x@world.test', 'all@test.com', stranger)).code, 250)
	await town.settled()
	for (const { store, queue } of [a, b]) {
		assert.deepEqual(queue.list(), [])
		assert.deepEqual([store.reader.totals().accounts, store.reader.totals().messages], [5000, 5000])
	}
})
