import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { after, before, test } from 'node:test'
import { sendMail, smtp, submission } from './support/clients.ts'
import { nameServer, type Records } from './support/dns.ts'
import { type Exchanger, exchanger } from './support/exchanger.ts'
import { JmapClient } from './support/jmap.ts'
import { endAll, joinTo, TestNode, until } from './support/nodes.ts'
import { Visitor } from './support/web.ts'

/* What a domain is to publish, what is there as seen from each node, and what those records point to. */

const records: Records = {
	'world.test': { MX: [[10, 'mx.world.test']] },
	'mx.world.test': { A: ['127.0.26.33'] },
}
const elsewhere: Records = {}
const dns = (ip: string) => `[dns]\nservers = ["${ip}:3053"]\n`
const relay = '[relay]\nport = 3025\n'
const single = new TestNode(
	'127.0.26.30',
	`hostname = "Mail.test.com"\nadvertise = "203.0.113.5"\n${relay}${dns('127.0.26.31')}`,
)
const a = new TestNode('127.0.26.34', `hostname = "a.test.com"\n${dns('127.0.26.31')}`)
const b = new TestNode('127.0.26.35', `hostname = "b.test.com"\n${dns('127.0.26.32')}`)
let servers: { close(): void }[]
let world: Exchanger

before(async () => {
	servers = await Promise.all([
		nameServer('127.0.26.31', 3053, records),
		nameServer('127.0.26.32', 3053, elsewhere),
	])
	world = await exchanger('127.0.26.33', 3025, [])
	await Promise.all([single.start(), a.start(), b.start()])
	await single.say('domain add', { domain: 'test.com' })
	await single.addAccount('alice@test.com')
	await a.say('domain add', { domain: 'test.com' })
	await joinTo(a, b)
})
after(async () => {
	await endAll()
	for (const server of servers) server.close()
	await world.close()
})

type Shown = {
	key: string
	name: string
	type: string
	values: string[]
	state?: string
	seen?: { state: string; found: string[]; node: string }[]
}
async function doctor(
	node: TestNode,
	...flags: string[]
): Promise<{ records: Shown[]; problems: { en: string; zh: string }[] }> {
	return node.json('domain', 'dns', 'test.com', ...flags)
}
const states = (shown: { records: Shown[] }) =>
	Object.fromEntries(shown.records.map(one => [`${one.key} ${one.name}`, one.state]))

/** Puts into the name server what the doctor wants. */
function publish(shown: { records: Shown[] }): void {
	for (const { name, type, values } of shown.records) {
		const known = (records[name] ??= {})
		for (const value of values) {
			const [first, second, third, fourth] = value.split(' ') as [string, string, string, string]
			if (type === 'MX') (known.MX ??= []).push([Number(first), second])
			if (type === 'SRV') (known.SRV ??= []).push([Number(first), Number(second), Number(third), fourth])
			if (type === 'A' || type === 'TXT' || type === 'PTR') (known[type] ??= []).push(value)
		}
	}
}

test('what is to be published names everything, nothing is there yet, and all is well when it is published', async () => {
	const wanted = await doctor(single, '--check')
	const kinds = [
		'mx',
		'host',
		'ptr',
		'spf',
		'dkim',
		'dmarc',
		'mta-sts',
		'mta-sts-host',
		'tls-rpt',
		'autoconfig',
		'autodiscover',
		'srv',
	]
	assert.deepEqual([...new Set(wanted.records.map(({ key }) => key))].sort(), [...kinds].sort())
	assert.deepEqual(new Set(Object.values(states(wanted))), new Set(['missing']))
	const value = (key: string) => wanted.records.find(one => one.key === key)!.values
	assert.deepEqual(value('mx'), ['10 mail.test.com'])
	assert.deepEqual(value('host'), ['203.0.113.5'])
	assert.deepEqual(value('spf'), ['v=spf1 ip4:203.0.113.5 -all'])
	assert.deepEqual(wanted.records.find(({ key }) => key === 'ptr')!.name, '5.113.0.203.in-addr.arpa')
	assert.match(value('dkim')[0]!, /^v=DKIM1; k=rsa; p=[A-Za-z0-9+/]{300,}/)
	assert.match(wanted.problems.map(({ en }) => en).join('\n'), /nobody has that address/)
	publish(wanted)
	assert.deepEqual(new Set(Object.values(states(await doctor(single, '--check')))), new Set(['ok']))
	assert.match(
		await single.panpipe('domain', 'dns', 'test.com', '--check'),
		/test\.com +MX +10 mail\.test\.com +ok/,
	)
})

test('what is there and is not right is shown; what does the same in other words is right', async () => {
	const saved = structuredClone(records['test.com']!)
	records['test.com']!.TXT = [
		'google-site-verification=x',
		'v=spf1 ip4:203.0.113.0/24 include:other.test ~all',
	]
	records['test.com']!.MX = [
		[10, 'mail.test.com'],
		[20, 'backup.test.com'],
	]
	delete records['_dmarc.test.com']
	const shown = await doctor(single, '--check')
	const found = states(shown)
	assert.equal(found['spf test.com'], 'ok')
	assert.equal(found['mx test.com'], 'different')
	assert.equal(found['dmarc _dmarc.test.com'], 'missing')
	assert.deepEqual(shown.records.find(({ key }) => key === 'mx')!.seen![0]!.found, [
		'10 mail.test.com',
		'20 backup.test.com',
	])
	records['test.com']!.TXT = ['v=spf1 ip4:198.51.100.1 -all']
	assert.equal(states(await doctor(single, '--check'))['spf test.com'], 'different')
	records['test.com'] = saved
})

test('every node says what it sees; the answer of each is named', async () => {
	publish(await doctor(a))
	await until('they hear each other', 10_000, async () => (await a.say('status')).peers[0]?.state === 'up')
	const shown = await doctor(a, '--check')
	const mx = shown.records.find(({ key }) => key === 'mx')!
	assert.deepEqual(mx.values, ['10 a.test.com', '10 b.test.com'])
	const seen = Object.fromEntries(mx.seen!.map(({ node, state }) => [node, state]))
	assert.deepEqual(seen, { 'a.test.com': 'different', 'b.test.com': 'missing' })
	const dkim = (node: TestNode) => node.json('domain', 'dkim', 'list', 'test.com')
	await until('the key is at both nodes', 5000, async () => (await dkim(b)).length === 1)
	assert.deepEqual((await dkim(b))[0].selector, (await dkim(a))[0].selector)
	assert.match(
		shown.problems.map(({ en }) => en).join('\n'),
		/address of an inner network \(127\.0\.26\.34\)/,
	)
	await b.stop()
	await until('b is missed', 10_000, async () => (await a.say('status')).peers[0]?.state !== 'up')
	const alone = (await doctor(a, '--check')).records.find(({ key }) => key === 'mx')!
	assert.deepEqual(alone.seen!.map(({ state }) => state).sort(), ['different', 'unknown'])
	assert.equal(alone.state, 'different')
})

/** Another implementation of DKIM says whether the signature is good, with the key that is published. */
function verifies(message: string): boolean {
	const script = `
import sys, json, dkim
names = json.loads(sys.argv[1])
def txt(name, timeout=5):
    return names.get(name.decode().rstrip('.'), '').encode()
sys.exit(0 if dkim.verify(sys.stdin.buffer.read(), dnsfunc=txt) else 1)`
	const names = Object.fromEntries(Object.entries(records).map(([name, { TXT }]) => [name, TXT?.[0] ?? '']))
	try {
		// Debian's own, whatever else comes first in the PATH: its packages are there.
		execFileSync('/usr/bin/python3', ['-c', script, JSON.stringify(names)], {
			input: Buffer.from(message, 'latin1'),
		})
		return true
	} catch {
		return false
	}
}

test('mail of our users goes out signed, and another program finds the signature good; what strangers say is not signed', async () => {
	const client = await submission(single.ip, 'alice@test.com')
	const body = '你好  \r\n\r\n.a dot\r\n\ttab \t x\r\n\r\n\r\n'
	const header =
		'From: =?UTF-8?B?54ix5Li95Lid?=\r\n <alice@test.com>\r\nTo: who@world.test\r\nSubject:  folded\r\n\tsubject\r\n'
	await sendMail(
		client,
		'alice@test.com',
		'who@world.test',
		`${header}\r\n${Buffer.from(body).toString('latin1')}`,
	)
	await sendMail(
		client,
		'alice@test.com',
		'who@world.test',
		`From: alice@test.com\r\nSubject: large\r\n\r\n${'0123456789 \r\n'.repeat(30_000)}`,
	)
	client.close()
	await until('it is out', 10_000, () => world.taken.length === 2)
	const [first, large] = world.taken.map(({ content }) => content) as [string, string]
	assert.match(first, /^DKIM-Signature: v=1; a=rsa-sha256; c=relaxed\/relaxed; d=test\.com;/)
	assert.ok(verifies(first))
	assert.ok(!verifies(first.replace('a dot', 'a cat')))
	assert.ok(verifies(large))
	// An address that leads outside: whoever writes to it may call himself what he likes.
	await single.say('alias add', { address: 'out@test.com', targets: ['who@world.test'] })
	const stranger = await smtp(single.ip)
	await sendMail(
		stranger,
		'x@example.org',
		'out@test.com',
		'From: alice@test.com\r\nSubject: false\r\n\r\nx\r\n',
	)
	stranger.close()
	await until('it is out too', 10_000, () => world.taken.length === 3)
	assert.doesNotMatch(world.taken[2]!.content, /DKIM-Signature/)
})

test('a key is followed by another without a gap', async () => {
	const before = (await single.json('domain', 'dkim', 'list', 'test.com'))[0].selector
	const two = await single.json('domain', 'dkim', 'add', 'test.com')
	assert.deepEqual(
		two.map(({ signs }: { signs: boolean }) => signs),
		[true, false],
	)
	assert.equal((await doctor(single)).records.filter(({ key }) => key === 'dkim').length, 2)
	const one = await single.json('domain', 'dkim', 'retire', 'test.com', before)
	assert.deepEqual([one.length, one[0].selector, one[0].signs], [1, two[1].selector, true])
	await assert.rejects(
		single.panpipe('domain', 'dkim', 'retire', 'test.com', two[1].selector),
		/only key of test\.com/,
	)
	publish(await doctor(single))
	const client = await submission(single.ip, 'alice@test.com')
	await sendMail(
		client,
		'alice@test.com',
		'who@world.test',
		'From: alice@test.com\r\nSubject: new key\r\n\r\nx\r\n',
	)
	client.close()
	await until('it is out', 10_000, () => world.taken.length === 4)
	assert.match(world.taken[3]!.content, new RegExp(`s=${two[1].selector};`))
	assert.ok(verifies(world.taken[3]!.content))
})

test('the policy of MTA-STS and the settings of mail programs are served, for our domains only', async () => {
	const visitor = new Visitor(single, {})
	const host = (name: string) => ({ host: `${name}.test.com` })
	const policy = await visitor.get('///.well-known/mta-sts.txt'.slice(1), host('mta-sts'))
	assert.equal(policy.text, 'version: STSv1\r\nmode: testing\r\nmx: mail.test.com\r\nmax_age: 604800\r\n')
	const id = async () => (await doctor(single)).records.find(({ key }) => key === 'mta-sts')!.values[0]
	const before = await id()
	await single.panpipe('domain', 'mta-sts', 'test.com', 'enforce')
	assert.match((await visitor.get('//.well-known/mta-sts.txt', host('mta-sts'))).text, /^mode: enforce\r$/m)
	assert.notEqual(await id(), before)
	assert.equal((await visitor.get('//.well-known/mta-sts.txt', { host: 'mta-sts.other.test' })).status, 404)
	for (const [path, headers] of [
		['//mail/config-v1.1.xml', host('autoconfig')],
		['//.well-known/autoconfig/mail/config-v1.1.xml?emailaddress=nobody%40test.com', {}],
	] as const) {
		const { text, headers: said } = await visitor.get(path, headers)
		assert.match(said['content-type'], /^text\/xml/)
		assert.match(
			text,
			/<incomingServer type="imap">\s*<hostname>Mail\.test\.com<\/hostname>\s*<port>3993<\/port>\s*<socketType>SSL/,
		)
		assert.match(text, /<outgoingServer type="smtp">[\s\S]*<port>3465</)
	}
	assert.equal((await visitor.get('//mail/config-v1.1.xml?emailaddress=a%40other.test')).status, 404)
	const ask = (address: string) =>
		visitor.ask(
			'POST',
			'//autodiscover/autodiscover.xml',
			`<?xml version="1.0"?><Autodiscover><Request><EMailAddress>${address}</EMailAddress></Request></Autodiscover>`,
			{ 'content-type': 'text/xml' },
		)
	const found = await ask('a&amp;&lt;b@test.com')
	assert.match(
		found.text,
		/<Type>IMAP<\/Type>\s*<Server>Mail\.test\.com<\/Server>\s*<Port>3993<\/Port>\s*<LoginName>a&amp;&lt;b@test\.com</,
	)
	assert.equal((await ask('a@other.test')).status, 404)
})

test('a letter whose lines end in LF alone, sent by JMAP, goes out with CRLF and signed', async () => {
	const before = world.taken.length
	const alice = await JmapClient.open(single.ip, 'alice@test.com')
	const letter =
		'From: alice@test.com\nTo: who@world.test\nSubject: of a file\nDate: Sat, 28 Nov 2026 10:00:00 +0000\nMessage-ID: <file@test.com>\n\none\n.\ntwo\n'
	const { blobId } = await alice.upload(letter)
	const { list: boxes } = await alice.one('Mailbox/get', { properties: ['role'] })
	const drafts = boxes.find(({ role }: { role: string }) => role === 'drafts').id
	const imported = await alice.one('Email/import', {
		emails: { a: { blobId, mailboxIds: { [drafts]: true } } },
	})
	const { list: identities } = await alice.one('Identity/get', {})
	const { created } = await alice.one('EmailSubmission/set', {
		create: { s: { emailId: imported.created.a.id, identityId: identities[0].id } },
	})
	assert.ok(created?.s)
	await until('it is out', 10_000, () => world.taken.length > before)
	const { content } = world.taken.at(-1)!
	assert.ok(content.endsWith(letter.replaceAll('\n', '\r\n')), content)
	assert.match(content, /^DKIM-Signature: /)
	assert.ok(verifies(content))
})
