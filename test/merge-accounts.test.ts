import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { ImapFlow } from 'imapflow'
import { arrived, inbox, sendMail, smtp, submission } from './support/clients.ts'
import { JmapClient } from './support/jmap.ts'
import { endAll, joinTo, PORTS, TestNode, until } from './support/nodes.ts'

/* An address that was made on both sides of a join, and is one person's: two accounts become one. */

after(endAll)

const a = new TestNode('127.0.47.1')
const b = new TestNode('127.0.47.2')
const LARGE = `Subject: large\r\n\r\n${'x'.repeat(76)}\r\n`.repeat(4000)

async function imap(node: TestNode, login: string, password = 'secret'): Promise<ImapFlow> {
	const client = new ImapFlow({
		host: node.ip,
		port: PORTS.imap,
		secure: false,
		auth: { user: login, pass: password },
		logger: false,
		tls: { rejectUnauthorized: false },
	})
	await client.connect()
	return client
}

const subjects = (mails: string[]) => mails.map(mail => /^Subject: (.*)\r$/m.exec(mail)![1])

async function send(node: TestNode, to: string, ...contents: string[]): Promise<void> {
	const client = await smtp(node.ip)
	for (const content of contents) {
		assert.match(await sendMail(client, 'stranger@elsewhere.test', to, content), /^250/)
	}
	client.close()
}

const letter = (subject: string) => `Subject: ${subject}\r\n\r\n${subject}\r\n`

test('two accounts of one person at two nodes become one, though one node is away and the other dies on the way', async () => {
	await Promise.all([a.start(), b.start()])
	for (const node of [a, b]) {
		await node.say('domain add', { domain: 'test.com' })
		await node.addAccount('wei@test.com')
	}
	await send(a, 'wei@test.com', letter('here first'))
	await send(
		b,
		'wei@test.com',
		letter('there 1'),
		LARGE,
		...Array.from({ length: 250 }, (_, i) => letter(`there ${i + 2}`)),
	)
	const theirs = await imap(b, 'wei@test.com')
	await theirs.mailboxCreate('项目/合同')
	await theirs.append(
		'项目/合同',
		letter('contract'),
		['\\Seen', '\\Flagged', 'important'],
		new Date('2020-02-02T02:02:02Z'),
	)
	await theirs.append('Sent', letter('sent from there'), ['\\Seen'])
	await theirs.logout()
	const [here, there] = [
		await JmapClient.open(a.ip, 'wei@test.com'),
		await JmapClient.open(b.ip, 'wei@test.com'),
	]
	await here.one('Preferences/set', {
		update: { singleton: { theme: 'dark', 'labels/work': { name: '工作', color: 'red' } } },
	})
	await there.one('Preferences/set', {
		update: {
			singleton: { theme: 'light', density: 'compact', 'labels/home': { name: '家', color: 'blue' } },
		},
	})
	const signature = { textSignature: '张伟\n香港' }
	await there.one('Identity/set', {
		update: { [there.accountId]: signature },
		create: { s: { name: '销售部', email: 'wei@test.com', textSignature: 'sales' } },
	})
	// The same signature at both is one.
	await here.one('Identity/set', {
		create: { s: { name: '销售部', email: 'wei@test.com', textSignature: 'sales' } },
	})
	await there.one('VacationResponse/set', { update: { singleton: { isEnabled: true, textBody: '休假中' } } })
	await joinTo(a, b)
	const [conflict] = await a.say('conflict list')
	assert.deepEqual([conflict.claimed, conflict.home, conflict.holder.home], ['wei@test.com', b.ip, a.ip])

	// The holder's home is away: it is said that it waits, nobody signs in any more, nothing is lost meanwhile.
	await a.kill()
	await b.say('account merge', { address: conflict.address, into: 'wei@test.com' })
	await until('it is seen what is waited for', 15_000, async () => {
		const [one] = await b.say('conflict list')
		return one.mergesInto === 'wei@test.com' && one.waitsFor === conflict.holder.node
	})
	const [head, ...rows] = (await b.panpipe('account', 'list')).split('\n')
	assert.match(head!, / mergesInto +waitsFor$/)
	assert.ok(rows.some(row => row.startsWith(conflict.address) && row.endsWith(`  wei@test.com  ${a.ip}`)))
	await assert.rejects(submission(b.ip, conflict.address), /535/)
	await send(b, conflict.address, letter('to the substitute'))
	await b.kill()
	await b.start()
	assert.equal((await b.say('conflict list')).length, 1)
	await a.start()
	for (const node of [a, b]) {
		await until('they are one', 60_000, async () => (await node.say('conflict list')).length === 0)
		assert.deepEqual(
			(await node.say('account list')).map(({ address, home }: Record<string, string>) => [address, home]),
			[['wei@test.com', a.ip]],
		)
	}

	await arrived(a.ip, 'wei@test.com', /Subject: to the substitute/)
	const mails = await inbox(a.ip, 'wei@test.com')
	const found = subjects(mails).filter(subject => subject !== 'to the substitute')
	const rest = Array.from({ length: 250 }, (_, i) => `there ${i + 2}`)
	assert.deepEqual(found, ['here first', 'there 1', 'large', ...rest])
	assert.ok(mails.some(mail => mail.endsWith(LARGE)))
	const mine = await imap(a, 'wei@test.com')
	const folder = await mine.mailboxOpen('项目/合同')
	assert.equal(folder.exists, 1)
	const contract = await mine.fetchOne('1', { flags: true, internalDate: true })
	assert.ok(contract)
	assert.deepEqual([...contract.flags!].filter(flag => flag !== '\\Recent').sort(), [
		'\\Flagged',
		'\\Seen',
		'important',
	])
	assert.equal(new Date(contract.internalDate!).toISOString(), '2020-02-02T02:02:02.000Z')
	assert.equal((await mine.mailboxOpen('Sent')).exists, 1)
	const identities = (await here.one('Identity/get', { ids: null })).list
	assert.deepEqual(identities.map((one: { textSignature: string }) => one.textSignature).sort(), [
		'',
		'sales',
		'张伟\n香港',
	])
	const [vacation] = (await here.one('VacationResponse/get', { ids: null })).list
	assert.deepEqual([vacation.isEnabled, vacation.textBody], [true, '休假中'])
	const [wishes] = (await here.one('Preferences/get', { ids: null })).list
	assert.deepEqual(
		[wishes.theme, wishes.density, Object.keys(wishes.labels).sort()],
		['dark', 'compact', ['home', 'work']],
	)
	await mine.logout()
	// The other name stays his.
	await send(b, conflict.address, letter('once more'))
	await arrived(a.ip, 'wei@test.com', /Subject: once more/)
	assert.deepEqual(await b.say('queue list'), [])
})

test('two accounts of one node become one; one in which others are being merged cannot be merged itself', async () => {
	await a.addAccount('wei.zhang@test.com')
	const old = await JmapClient.open(a.ip, 'wei.zhang@test.com')
	await old.one('VacationResponse/set', { update: { singleton: { isEnabled: false, textBody: 'long ago' } } })
	await send(b, 'wei.zhang@test.com', letter('old address'))
	await arrived(a.ip, 'wei.zhang@test.com', /old address/)
	await assert.rejects(
		b.say('account merge', { address: 'wei@test.com', into: 'wei@test.com' }),
		/cannot become part of itself/,
	)
	await assert.rejects(b.say('account merge', { address: 'wei@test.com', into: 'x@test.com' }), /no account/)
	await b.panpipe('account', 'merge', 'wei.zhang@test.com', 'wei@test.com')
	await until('they are one', 15_000, async () => (await b.say('account list')).length === 1)
	await arrived(a.ip, 'wei@test.com', /Subject: old address/)
	await send(b, 'wei.zhang@test.com', letter('by the old name'))
	await arrived(a.ip, 'wei@test.com', /Subject: by the old name/)
	const one = await JmapClient.open(a.ip, 'wei@test.com')
	assert.equal((await one.one('VacationResponse/get', { ids: null })).list[0].textBody, '休假中')
	const entries = await b.say('audit list', { search: 'wei.zhang' })
	const merged = entries.find(({ verb }: { verb: string }) => verb === 'account merge')
	assert.deepEqual([merged.outcome, merged.object], ['done', 'wei.zhang@test.com → wei@test.com'])
})

test('two or three that never had mail, sent into each other while the nodes do not hear each other: one stays, with its password', async () => {
	const c = await new TestNode('127.0.47.3').start()
	await joinTo(a, c)
	const nodes = [a, b, c]
	const homes = new Map([
		['li@test.com', a],
		['li.wei@test.com', b],
		['x@test.com', a],
		['y@test.com', b],
		['z@test.com', c],
	])
	for (const [address, home] of homes) await home.addAccount(address, address)
	const list = async (node: TestNode): Promise<Record<string, string>[]> => node.say('account list')
	await until('all know all', 15_000, async () => {
		const lists = await Promise.all(nodes.map(list))
		return lists.every(accounts => accounts.length === 6)
	})
	const told = new Map([
		[a, { li: 'li.wei', x: 'y' }],
		[b, { 'li.wei': 'li', y: 'z' }],
		[c, { z: 'x' }],
	] as [TestNode, Record<string, string>][])
	const ids = new Map((await list(a)).map(({ address, id }) => [address, id]))
	await Promise.all(nodes.map(node => node.kill()))
	for (const [node, merges] of told) {
		await node.start()
		for (const [from, into] of Object.entries(merges))
			await node.say('account merge', { address: `${from}@test.com`, into: `${into}@test.com` })
		// It is asked for, and not answered: nothing is decided by one side alone.
		await until('it waits', 15_000, () => /it is tried again/.test(node.log))
		assert.equal((await list(node)).length, 6)
		await node.kill()
	}
	await Promise.all(nodes.map(node => node.start()))
	const kept = [
		['li@test.com', 'li.wei@test.com'],
		['x@test.com', 'y@test.com', 'z@test.com'],
	].map(ring => ring.reduce((one, other) => (ids.get(one)! < ids.get(other)! ? one : other)))
	for (const node of nodes) {
		await until('one of each ring is left', 60_000, async () => (await list(node)).length === 3)
		assert.deepEqual(
			(await list(node)).map(({ address }) => address),
			[...kept, 'wei@test.com'].sort(),
		)
	}
	for (const name of homes.keys()) await send(c, name, letter(`to ${name}`))
	for (const address of kept) {
		const ring = [...homes.keys()].filter(name => name.startsWith('li') === address.startsWith('li'))
		const home = homes.get(address)!
		await until(`all is at ${address}`, 15_000, async () => {
			const found = subjects(await inbox(home.ip, address, address))
			return ring.every(name => found.includes(`to ${name}`))
		})
	}
})
