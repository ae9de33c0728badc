import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { inbox, type LineClient, submission } from './support/clients.ts'
import { JmapClient } from './support/jmap.ts'
import { endAll, joinTo, TestNode, until } from './support/nodes.ts'
import { type Post, Town } from './support/post.ts'
import { Visitor } from './support/web.ts'

/* Units, as an administrator makes them at one node and people meet them at another. */

const a = new TestNode('127.0.26.1')
const b = new TestNode('127.0.26.2')

before(async () => {
	await Promise.all([a.start(), b.start()])
	await a.say('domain add', { domain: 'test.com' })
	await joinTo(a, b, '成都')
})
after(endAll)

const wrong = (status: number, said: RegExp) => (error: Error & { status?: number }) =>
	error.status === status && said.test(error.message)

async function say(client: LineClient, ...commands: string[]): Promise<string> {
	let last = ''
	for (const command of commands) last = await client.say(command)
	return last
}

test('the tree of units by command line: made, listed, moved, refused with a sentence', async () => {
	await a.panpipe('unit', 'add', '集团', '--kind', 'group', '--accounts', '3', '--storage', '2G')
	await a.panpipe('unit', 'add', '上海', '--kind', 'branch', '--parent', '集团')
	const sales = await a.json('unit', 'add', '销售部', '--parent', '集团/上海', '--recipients', '2')
	assert.deepEqual([sales.path, sales.kind, sales.holds.storage], ['集团/上海/销售部', 'department', 2 ** 31])
	await a.panpipe('unit', 'add', '成都', '--kind', 'branch', '--parent', '集团')
	await a.panpipe('unit', 'move', '销售部', '成都')
	await assert.rejects(a.panpipe('unit', 'move', '集团', '销售部'), wrong(1, /cannot stand below itself/))
	await assert.rejects(a.panpipe('unit', 'edit', '销售部', '--storage', '3G'), wrong(1, /can only have less/))
	await assert.rejects(a.panpipe('unit', 'remove', '财务'), wrong(1, /"unit list" shows them all/))
	await assert.rejects(a.panpipe('unit', 'edit', '销售部', '--storage', 'much'), wrong(2, /not "much"/))
	await until('the other node knows the tree', 5000, async () => (await b.json('unit', 'list')).length === 4)
	const listed: { path: string }[] = await b.json('unit', 'list')
	assert.deepEqual(
		listed.map(({ path }) => path),
		['集团', '集团/上海', '集团/成都', '集团/成都/销售部'],
	)
	assert.match(await b.panpipe('unit', 'list'), /^集团\/成都\/销售部 +department +0 +2 recipients/m)
})

test('no more accounts than a unit above allows, at whichever node they are made', async () => {
	for (const name of ['alice', 'bob', 'carol']) {
		await b.say('account add', { address: `${name}@test.com`, password: 'secret', unit: '销售部' })
	}
	await assert.rejects(
		b.say('account add', { address: 'dave@test.com', unit: '上海' }),
		/集团 may have 3 accounts and has 3/,
	)
	await a.say('account add', { address: 'dave@test.com', password: 'secret' })
	await until('all know all', 5000, async () => (await b.say('account list')).length === 4)
	await assert.rejects(a.panpipe('account', 'move-unit', 'dave@test.com', '集团'), wrong(1, /may have 3/))
	await a.panpipe('account', 'move-unit', 'carol@test.com', '/')
	await a.panpipe('account', 'move-unit', 'dave@test.com', '集团')
	const inside: { address: string }[] = await a.json('account', 'list', '--unit', '成都')
	assert.deepEqual(inside.map(({ address }) => address).sort(), ['alice@test.com', 'bob@test.com'])
})

test('recipients, size and the way outside are limited where the mail is submitted, at any node', async () => {
	await a.panpipe('unit', 'edit', '集团', '--message-size', '2K', '--no-outside')
	await until('the limit is here', 5000, async () => {
		const [unit] = await b.say('unit list', { below: '销售部' })
		return unit.holds.messageSize === 2048 && unit.holds.outside === false
	})
	for (const node of [a, b]) {
		const client = await submission(node.ip, 'alice@test.com')
		assert.match(await say(client, 'MAIL FROM:<alice@test.com> SIZE=3000'), /^552 5\.3\.4 .*2048 octets/)
		assert.match(
			await say(client, 'MAIL FROM:<alice@test.com>', 'RCPT TO:<x@elsewhere.test>'),
			/^550 5\.7\.1 .*this organisation only/,
		)
		for (const name of ['bob', 'carol']) assert.match(await say(client, `RCPT TO:<${name}@test.com>`), /^250/)
		assert.match(await say(client, 'RCPT TO:<dave@test.com>'), /^550 5\.5\.3 .*2 recipients/)
		await client.say('DATA')
		assert.match(await client.say(`Subject: large\r\n\r\n${'0123456789\r\n'.repeat(200)}.`), /^552 5\.3\.4/)
		await say(client, 'MAIL FROM:<alice@test.com>', 'RCPT TO:<bob@test.com>', 'DATA')
		assert.match(await client.say('Subject: small\r\n\r\nhello\r\n.'), /^250/)
		client.close()
	}
	await until('what is small is there', 5000, async () => (await inbox(b.ip, 'bob@test.com')).length === 2)
	// Whoever belongs to no unit has none of these limits.
	const client = await submission(a.ip, 'carol@test.com')
	assert.match(await say(client, 'MAIL FROM:<carol@test.com>', 'RCPT TO:<x@elsewhere.test>'), /^250/)
	client.close()
})

test('a JMAP client hears which limit stops a message, and for whom', async () => {
	await a.say('group add', { address: 'board@test.com', senders: 'members', members: ['carol@test.com'] })
	await until('the group is known', 5000, async () => (await b.say('group list')).length === 1)
	for (const node of [a, b]) {
		const client = await JmapClient.open(node.ip, 'alice@test.com')
		const [drafts] = (await client.one('Mailbox/query', { filter: { role: 'drafts' } })).ids
		const identityId = (await client.one('Identity/get', {})).list[0].id
		const refused = async (to: string[], size = 10, parameters: Record<string, string> = {}) => {
			const [, [, { notCreated }]] = await client.call(
				[
					'Email/set',
					{
						create: {
							draft: {
								mailboxIds: { [drafts]: true },
								from: [{ email: 'alice@test.com' }],
								bodyValues: { text: { value: '0123456789'.repeat(size / 10) } },
								textBody: [{ partId: 'text', type: 'text/plain' }],
							},
						},
					},
				],
				[
					'EmailSubmission/set',
					{
						create: {
							sent: {
								emailId: '#draft',
								identityId,
								envelope: {
									mailFrom: { email: 'alice@test.com', parameters },
									rcptTo: to.map(email => ({ email })),
								},
							},
						},
					},
				],
			)
			const { description, ...why } = notCreated.sent
			assert.equal(typeof description, 'string')
			return why
		}
		const colleagues = ['bob@test.com', 'carol@test.com', 'dave@test.com']
		assert.deepEqual(await refused(colleagues), { type: 'tooManyRecipients', maxRecipients: 2 })
		assert.deepEqual(await refused(['bob@test.com', 'x@elsewhere.test']), {
			type: 'forbiddenToSend',
			forbiddenRecipients: ['x@elsewhere.test'],
		})
		assert.deepEqual(await refused(['board@test.com']), {
			type: 'forbiddenToSend',
			forbiddenRecipients: ['board@test.com'],
		})
		assert.deepEqual(await refused(['nobody@test.com', 'x@elsewhere.test', 'dave@test.com']), {
			type: 'invalidRecipients',
			invalidRecipients: ['nobody@test.com'],
		})
		assert.deepEqual(await refused(['bob@test.com'], 3000), { type: 'tooLarge', maxSize: 2048 })
		assert.deepEqual(await refused(['bob@test.com'], 10, { HOLDFOR: '99999999' }), {
			type: 'invalidProperties',
			properties: ['envelope/mailFrom'],
		})
	}
	await a.say('group remove', { group: 'board@test.com' })
	await until('the group is gone', 5000, async () => (await b.say('group list')).length === 0)
})

test('the same by the API: units and groups, seen and changed only where one may', async () => {
	await a.say('admin grant', { address: 'carol@test.com', role: 'admin' })
	const admin = await new Visitor(a).signIn('carol@test.com')
	const made = await admin.post('/units', { name: '财务部', parent: '集团/上海', storage: 1000 })
	assert.deepEqual([made.status, made.body.path, made.body.holds.storage], [201, '集团/上海/财务部', 1000])
	const { id } = made.body
	const moved = await admin.patch(`/units/${id}`, { parent: '集团/成都', storage: null, name: '财务' })
	assert.deepEqual([moved.body.path, moved.body.limits.storage], ['集团/成都/财务', null])
	const wide = await admin.patch(`/units/${id}`, { messageSize: 4096 })
	assert.deepEqual([wide.status, wide.body.code], [409, 'limit'])
	assert.equal((await admin.patch('/accounts/bob@test.com', { unit: id })).body.unit, '集团/成都/财务')
	assert.deepEqual(
		(await admin.get(`/accounts?unit=${id}`)).body.items.map(({ address }: { address: string }) => address),
		['bob@test.com'],
	)
	assert.equal((await admin.delete(`/units/${id}`)).body.code, 'in-use')
	const group = await admin.post('/groups', {
		address: 'all@test.com',
		members: ['alice@test.com'],
		name: '全体',
	})
	assert.deepEqual([group.status, group.body.members, group.body.senders], [201, 1, 'anyone'])
	const changed = await admin.post('/groups/all@test.com/members', {
		add: ['bob@test.com', 'x@elsewhere.test'],
		remove: ['alice@test.com'],
	})
	assert.deepEqual(changed.body, { members: 2 })
	const listed = await admin.get('/groups/all@test.com/members?q=else')
	assert.deepEqual(listed.body.items, [{ address: 'x@elsewhere.test' }])
	assert.equal((await admin.patch('/groups/all@test.com', { senders: 'inside' })).body.senders, 'inside')
	assert.equal((await admin.get(`/groups?q=${encodeURIComponent('全')}`)).body.items.length, 1)
	// Whoever administers a unit sees what stands below it.
	await a.say('admin grant', { address: 'alice@test.com', role: 'unit', unit: id })
	const alice = await new Visitor(a).signIn('alice@test.com')
	assert.deepEqual((await alice.get('/units')).body.items.length, 1)
	assert.equal((await alice.patch(`/units/${id}`, { parent: null })).status, 403)
	assert.equal((await alice.post('/groups/all@test.com/members', { add: ['alice@test.com'] })).status, 403)
	assert.equal((await admin.delete('/groups/all@test.com')).status, 204)
})

test('the limit of recipients is the same where all are named before any is judged, as by JMAP', async t => {
	const town = new Town(t, { address: '127.0.26.3', port: 3053, relayPort: 3025 })
	const [post] = (await town.open('a')) as [Post]
	for (const name of ['alice', 'bob', 'carol', 'dave']) post.account(`${name}@test.com`)
	const { id } = post.directory.addUnit({ name: 'few', kind: 'department', limits: { recipients: 2 } })
	post.directory.setUnit(post.directory.accountByAddress('alice@test.com')!.id, id)
	const to = (...names: string[]) =>
		names.map(name => ({ address: `${name}@test.com`, notify: null, originalRecipient: null }))
	assert.equal((await post.send('alice@test.com', to('bob', 'carol'))).code, 250)
	const { code, enhanced } = await post.send('alice@test.com', to('bob', 'carol', 'dave'))
	assert.deepEqual([code, enhanced], [550, '5.5.3'])
	const letter = 'From: bob@test.com\r\nSubject: to more than two\r\n\r\nhello\r\n'
	assert.equal((await post.send('bob@test.com', to('bob', 'carol', 'dave'), {}, letter)).code, 250)
})
