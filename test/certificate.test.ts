import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import {
	connect as connectTls,
	getCACertificates,
	type PeerCertificate,
	setDefaultCACertificates,
} from 'node:tls'
import { Acme, PublicCertificate } from '../src/cluster/index.ts'
import { silentLog, systemClock } from '../src/kit/index.ts'
import { openPlain } from '../src/servers/index.ts'
import { Authority } from './support/authority.ts'
import { nameServer } from './support/dns.ts'
import { endAll, joinTo, PORTS, TestNode, until } from './support/nodes.ts'

const HERE = '127.0.30.1'
const THERE = '127.0.30.2'
const IDLE = '127.0.30.3'
const NAMES = ['mail.test.com', 'imap.test.com']
const folder = mkdtempSync(join(tmpdir(), 'panpipe-certificate-'))
const records = {
	...Object.fromEntries(NAMES.map(name => [name, { A: [HERE] }])),
	'other.test.com': { A: [IDLE] },
}
let node: TestNode
let authority: Authority
let dns: { close(): void }

before(async () => {
	dns = await nameServer('127.0.30.9', 3053, records)
	authority = await new Authority('127.0.30.9', '127.0.30.9:3053').start()
	process.env.NODE_EXTRA_CA_CERTS = authority.trust
	node = await new TestNode(HERE, 'hostname = "mail.test.com"').start()
})
after(async () => {
	await endAll()
	await authority.stop()
	dns.close()
	rmSync(folder, { recursive: true, force: true })
})

/** What a program sees that connects to this port. */
function shown(port: number, servername = ''): Promise<PeerCertificate> {
	return new Promise((resolve, reject) => {
		const socket = connectTls({ host: HERE, port, servername, rejectUnauthorized: false }, () => {
			resolve(socket.getPeerCertificate())
			socket.destroy()
		})
		socket.once('error', reject)
	})
}

/** A key and a certificate for it, as an administrator has them in files. */
function filesOf(name: string, days: string[] = ['-days', '30']): [certificate: string, key: string] {
	const [certificate, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)]
	const names = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`]
	const make = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', ...days]
	execFileSync('openssl', [...make, '-keyout', key, '-out', certificate, ...names], { stdio: 'ignore' })
	return [certificate, key]
}

const showsEverywhere = async (name: string) => {
	for (const port of [PORTS.imaps, PORTS.pop3s, PORTS.submissions, PORTS.web]) {
		assert.equal((await shown(port)).subject.CN ?? (await shown(port)).subjectaltname, name, `port ${port}`)
		assert.equal((await shown(port, 'mail.test.com')).subject.CN ?? name, name, `port ${port} with a name`)
	}
}

test('a certificate that an administrator gives is shown on all ports at once, and put back again', async () => {
	const before = await shown(PORTS.imaps)
	const [certificate, key] = filesOf('mail.example.org')
	const about = await node.json('certificate', 'use', certificate, key)
	assert.deepEqual([about.source, about.names, about.renewedFrom], ['uploaded', ['mail.example.org'], null])
	await showsEverywhere('mail.example.org')
	await node.stop()
	await node.start()
	await showsEverywhere('mail.example.org')
	assert.equal((await node.json('certificate', 'reset')).source, 'self-signed')
	assert.equal((await shown(PORTS.imaps)).fingerprint256, before.fingerprint256)
	assert.equal((await shown(PORTS.web)).fingerprint256, before.fingerprint256)
})

test('a pair that cannot serve is refused with the reason, and the one before serves on', async () => {
	const [certificate] = filesOf('one.example.org')
	const [, key] = filesOf('two.example.org')
	await assert.rejects(
		node.json('certificate', 'use', certificate, key),
		/key belongs to another certificate/,
	)
	await assert.rejects(node.json('certificate', 'use', key, key), /no certificate in PEM form/)
	await assert.rejects(node.json('certificate', 'use', certificate, certificate), /no private key/)
	await assert.rejects(node.json('certificate', 'use', '/nowhere.crt', key), /cannot be read/)
	assert.equal((await node.json('certificate', 'show')).source, 'self-signed')
})

for (const challenge of ['tls-alpn-01', 'http-01']) {
	test(`an authority gives a certificate by ${challenge}; it is shown on all ports and can be renewed`, async () => {
		await assert.rejects(node.json('certificate', 'order', ...NAMES), /--agree/)
		const order = ['--directory', authority.directory, '--email', 'admin@test.com', '--challenge', challenge]
		const about = await node.json('certificate', 'order', ...NAMES, ...order, '--agree')
		assert.equal(about.source, 'acme')
		assert.deepEqual(about.names.toSorted(), NAMES.toSorted())
		assert.match(about.issuer, /Pebble/)
		for (const port of [PORTS.imaps, PORTS.submissions, PORTS.web])
			assert.equal((await shown(port, 'mail.test.com')).fingerprint256, about.fingerprint)
		const renewed = await node.json('certificate', 'renew')
		assert.notEqual(renewed.fingerprint, about.fingerprint)
		assert.equal((await shown(PORTS.web)).fingerprint256, renewed.fingerprint)
	})
}

test('a name that is not ours gets no certificate: the reason is told, the one before serves on', async () => {
	const before = await node.json('certificate', 'show')
	const order = ['--directory', authority.directory, '--agree']
	await assert.rejects(node.json('certificate', 'order', 'other.test.com', ...order), /the authority said/)
	await assert.rejects(
		node.json('certificate', 'order', 'mail.test.com', '--directory', `https://${IDLE}:1/dir`, '--agree'),
		/cannot be reached/,
	)
	assert.equal((await node.json('certificate', 'show')).fingerprint, before.fingerprint)
})

test('a node that shows a certificate of its own joins a cluster and is reached by the others', async () => {
	const there = await new TestNode(THERE).start()
	await there.json('certificate', 'use', ...filesOf('there.example.org'))
	await joinTo(node, there)
	await until('both see each other', 10_000, async () =>
		(await there.json('node', 'list')).every(
			(each: { self: boolean; state: string }) => each.self || each.state === 'up',
		),
	)
	await there.say('domain add', { domain: 'test.com' })
	await there.addAccount('bob@test.com')
	await until('bob is known', 5000, async () => (await node.json('forwards')).length === 1)
})

test('without TLS there is only the answer for authorities, and the way to the web port', async () => {
	const ask = (path: string, host: string) =>
		new Promise<[number, string | undefined]>((resolve, reject) => {
			request({ host: HERE, port: PORTS.http, path, headers: { host } }, response => {
				response.resume()
				resolve([response.statusCode!, response.headers.location])
			})
				.on('error', reject)
				.end()
		})
	assert.deepEqual(await ask('/.well-known/acme-challenge/strange', 'mail.test.com'), [404, undefined])
	assert.deepEqual(await ask('/mail/?x=1', 'mail.test.com:80'), [
		308,
		`https://mail.test.com:${PORTS.web}/mail/?x=1`,
	])
	assert.deepEqual(await ask('/', 'mail.test.com/\\evil'), [404, undefined])
})

test('a certificate is renewed by itself when a third of its time is left', async () => {
	await node.stop()
	setDefaultCACertificates([...getCACertificates(), readFileSync(authority.trust, 'utf8')])
	const keys = join(node.data, 'keys')
	const selfSigned = { certificate: '', key: '' }
	const certificate = new PublicCertificate({ folder: keys, files: null, selfSigned, log: silentLog })
	const before = certificate.about()
	const late = before.validTo - (before.validTo - before.validFrom) / 4
	const acme = new Acme(keys, certificate, { ...systemClock, now: () => late }, silentLog)
	const plain = await openPlain({
		address: HERE,
		port: PORTS.http,
		webPort: 443,
		answer: token => acme.answer(token),
	})
	try {
		await until('a new one is there', 30_000, () => certificate.about().fingerprint !== before.fingerprint)
	} finally {
		acme.close()
		await plain.close()
	}
	assert.deepEqual(certificate.about().names.toSorted(), NAMES.toSorted())
})
