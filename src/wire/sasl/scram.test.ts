import assert from 'node:assert/strict'
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatBearer, parseBearer } from './bearer.ts'
import { type ChannelBindings, SaslServer } from './sasl.ts'
import { formatClientFinal, formatClientFirst, parseClientFinal, parseClientFirst } from './scram.ts'

// RFC 7677 section 3.
const NONCE = '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0'
const FIRST = 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO'
const SERVER_FIRST = `r=rOprNGfwEbeRWgbNEkqO${NONCE},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`
const FINAL = `c=biws,r=rOprNGfwEbeRWgbNEkqO${NONCE},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`
const SERVER_FINAL = 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='

function keysOf(
	password: string,
	salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'),
	iterations = 4096,
) {
	const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256')
	const clientKey = createHmac('sha256', salted).update('Client Key').digest()
	return {
		storedKey: createHash('sha256').update(clientKey).digest(),
		serverKey: createHmac('sha256', salted).update('Server Key').digest(),
	}
}
const SALT = { salt: Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'), iterations: 4096 }
const keys = { ...SALT, keys: [keysOf('another'), keysOf('pencil')] }

const server = (bindings?: ChannelBindings, plusAnnounced = true) =>
	new SaslServer(
		bindings ? ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256', 'OAUTHBEARER'] : ['SCRAM-SHA-256', 'OAUTHBEARER'],
		{ ...(bindings ? { bindings } : {}), plusAnnounced, nonce: () => NONCE },
	)

test('the example of RFC 7677 goes as it is written there', () => {
	const sasl = server()
	assert.deepEqual(sasl.start('scram-sha-256', Buffer.from(FIRST)), {
		is: 'scram',
		login: 'user',
		authzid: '',
	})
	assert.deepEqual(sasl.keys(keys), { is: 'challenge', challenge: Buffer.from(SERVER_FIRST) })
	assert.deepEqual(sasl.next(Buffer.from(FINAL)), { is: 'challenge', challenge: Buffer.from(SERVER_FINAL) })
	assert.deepEqual(sasl.next(Buffer.alloc(0)), { is: 'proved', key: 1 })
	assert.equal(sasl.next(Buffer.alloc(0)).is, 'refused')
	assert.equal(sasl.keys(keys).is, 'refused')
})

test('without an initial response it is asked for', () => {
	const sasl = server()
	assert.deepEqual(sasl.start('SCRAM-SHA-256', null), { is: 'challenge', challenge: Buffer.alloc(0) })
	assert.equal(sasl.next(Buffer.from(FIRST)).is, 'scram')
})

test('who does not know the password proves nothing', () => {
	const sasl = server()
	sasl.start('SCRAM-SHA-256', Buffer.from(FIRST))
	sasl.keys({ ...SALT, keys: [keysOf('pencils')] })
	assert.deepEqual(sasl.next(Buffer.from(FINAL)), { is: 'proved', key: null })
})

const finals: [what: string, final: string][] = [
	['another nonce', FINAL.replace('k0,', 'k1,')],
	['another header than the one it began with', FINAL.replace('c=biws', 'c=eSws')],
	['no proof', FINAL.slice(0, FINAL.indexOf(',p='))],
	['a short proof', FINAL.replace(/p=.*/, 'p=AAAA')],
	['nothing', ''],
]
for (const [what, final] of finals) {
	test(`a last message with ${what} is refused`, () => {
		const sasl = server()
		sasl.start('SCRAM-SHA-256', Buffer.from(FIRST))
		sasl.keys(keys)
		assert.equal(sasl.next(Buffer.from(final)).is, 'refused')
	})
}

for (const first of [
	'',
	'n,,',
	'n,,n=,r=abc',
	'n,,n=user',
	'n,,n=user,r=',
	'n,,m=x,n=user,r=abc',
	'n,,n=us=er,r=abc',
	'n,a=x=y,n=user,r=abc',
	'p=,,n=user,r=abc',
	'x,,n=user,r=abc',
	'n,,n=us\ter,r=abc',
	'n,,n=\u00ad,r=abc',
	// Bound to the channel, but not by the mechanism that says so.
	'p=tls-exporter,,n=user,r=abc',
]) {
	test(`a first message ${JSON.stringify(first)} is refused`, () => {
		assert.equal(server().start('SCRAM-SHA-256', Buffer.from(first)).is, 'refused')
	})
}

const bindings = new Map([['tls-exporter', Buffer.from('channel')]])

test('PLUS binds to the channel by a type we know, and to this channel', () => {
	const begin = (first: string, mechanism = 'SCRAM-SHA-256-PLUS') =>
		server(bindings).start(mechanism, Buffer.from(first)).is
	assert.equal(begin('p=tls-exporter,,n=user,r=abc'), 'scram')
	assert.equal(begin('p=tls-unique,,n=user,r=abc'), 'refused')
	assert.equal(begin('n,,n=user,r=abc'), 'refused')
	assert.equal(begin('n,,n=user,r=abc', 'SCRAM-SHA-256'), 'scram')
	// It could have, and did not see it offered: somebody took it out.
	assert.equal(begin('y,,n=user,r=abc', 'SCRAM-SHA-256'), 'refused')
	assert.equal(server().start('SCRAM-SHA-256', Buffer.from('y,,n=user,r=abc')).is, 'scram')
	const quiet = server(bindings, false)
	assert.equal(quiet.start('SCRAM-SHA-256', Buffer.from('y,,n=user,r=abc')).is, 'scram')
	assert.equal(
		server().start('SCRAM-SHA-256-PLUS', Buffer.from('p=tls-exporter,,n=user,r=abc')).is,
		'refused',
	)
	for (const [channel, then] of [
		['channel', 'proved'],
		['another', 'refused'],
	]) {
		const sasl = server(bindings)
		sasl.start('SCRAM-SHA-256-PLUS', Buffer.from('p=tls-exporter,,n=user,r=abc'))
		sasl.keys(keys)
		const binding = Buffer.from(`p=tls-exporter,,${channel}`)
		const final = formatClientFinal({ binding, nonce: `abc${NONCE}`, proof: Buffer.alloc(32) })
		assert.equal(sasl.next(Buffer.from(final)).is, then)
	}
})

const PLAIN = { noNullPrototype: true }
const name = fc
	.string({ unit: 'grapheme', minLength: 1, maxLength: 50 })
	.filter(text => !text.includes('\0') && text.isWellFormed())
const nonce = fc.stringMatching(/^[\x21-\x2b\x2d-\x7e]{1,40}$/)

test('SCRAM messages parse to what was formatted', () => {
	const flag = fc.oneof(
		fc.constantFrom({ is: 'n' as const }, { is: 'y' as const }),
		fc.record({ is: fc.constant('p' as const), type: fc.stringMatching(/^[a-z-]{1,20}$/) }, PLAIN),
	)
	const first = fc.record({ flag, authzid: fc.oneof(fc.constant(''), name), login: name, nonce }, PLAIN)
	fc.assert(
		fc.property(first, one => {
			const { gs2, bare, ...parsed } = parseClientFirst(formatClientFirst(one))!
			assert.deepEqual(parsed, one)
			assert.equal(gs2 + bare, formatClientFirst(one))
		}),
	)
	const octets = (min: number, max: number) =>
		fc.uint8Array({ minLength: min, maxLength: max }).map(bytes => Buffer.from(bytes))
	const final = fc.record({ binding: octets(3, 200), nonce, proof: octets(32, 32) }, PLAIN)
	fc.assert(
		fc.property(final, one => {
			const { withoutProof, ...parsed } = parseClientFinal(formatClientFinal(one))!
			assert.deepEqual(parsed, one)
			assert.ok(formatClientFinal(one).startsWith(`${withoutProof},p=`))
		}),
	)
})

test('OAUTHBEARER: what was formatted is parsed, the example of RFC 7628 too', () => {
	const example =
		'n,a=user@example.com,\x01host=server.example.com\x01port=143\x01auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01'
	assert.deepEqual(server().start('OAUTHBEARER', Buffer.from(example)), {
		is: 'bearer',
		authzid: 'user@example.com',
		token: 'vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==',
	})
	const bearer = fc.record({
		authzid: fc.oneof(fc.constant(''), name),
		token: fc.stringMatching(/^[A-Za-z0-9._~+/-]{1,60}={0,2}$/),
		host: fc.option(fc.constantFrom('mail.example.com')),
		port: fc.option(fc.nat(65535)),
	})
	fc.assert(fc.property(bearer, one => assert.deepEqual(parseBearer(formatBearer(one)), { ...one })))
})

test('a token that is not good is told why, and then not let in', () => {
	const sasl = server()
	sasl.start('OAUTHBEARER', formatBearer({ authzid: '', token: 'abc', host: null, port: null }))
	const step = sasl.notGood({ status: 'invalid_token', scope: 'mail' })
	assert.deepEqual(step, {
		is: 'challenge',
		challenge: Buffer.from('{"status":"invalid_token","scope":"mail"}'),
	})
	assert.deepEqual(sasl.next(Buffer.from('\x01')), { is: 'not-good' })
})

for (const said of [
	'',
	'n,,',
	'n,,\x01',
	'n,,\x01auth=Bearer a\x01',
	'p=x,,\x01\x01',
	'n,a==,\x01\x01',
	'n,,\x01auth\x01\x01',
]) {
	test(`a bearer message ${JSON.stringify(said)} is none`, () => {
		assert.equal(parseBearer(Buffer.from(said)), null)
	})
}

test('a message without a bearer token has an empty one, which is nobody’s', () => {
	assert.equal(parseBearer(Buffer.from('n,,\x01host=x\x01\x01'))?.token, '')
	assert.equal(parseBearer(Buffer.from('n,,\x01auth=Basic abc\x01\x01'))?.token, '')
})

test('whatever comes in, a step comes out', () => {
	const piece = fc.constantFrom(
		'n',
		'y',
		'p=tls-exporter',
		',',
		'a=',
		'n=',
		'r=',
		'c=',
		'biws',
		'p=',
		'=2C',
		'x',
		'\x01',
	)
	const message = fc.oneof(
		fc.array(piece, { maxLength: 12 }).map(pieces => Buffer.from(pieces.join(''))),
		fc.uint8Array().map(bytes => Buffer.from(bytes)),
	)
	fc.assert(
		fc.property(
			fc.constantFrom('SCRAM-SHA-256', 'SCRAM-SHA-256-PLUS', 'OAUTHBEARER'),
			fc.array(message, { maxLength: 4 }),
			(mechanism, messages) => {
				const sasl = server(bindings)
				let step = sasl.start(mechanism, messages.shift() ?? null)
				for (const one of messages) {
					if (step.is === 'scram') step = sasl.keys(keys)
					else if (step.is === 'bearer') step = sasl.notGood({ status: 'invalid_token' })
					else step = sasl.next(one)
				}
			},
		),
		{ numRuns: 2000 },
	)
})
