import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SaslServer } from './sasl.ts'

const ALL = ['PLAIN', 'LOGIN', 'EXTERNAL']
const word = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }).filter(text => !text.includes('\0'))

test('PLAIN gives back what was put in, with and without an initial response', () => {
	fc.assert(
		fc.property(
			fc.oneof(fc.constant(''), word),
			word,
			word,
			fc.boolean(),
			(authzid, login, password, initial) => {
				const response = Buffer.from(`${authzid}\0${login}\0${password}`)
				const sasl = new SaslServer(ALL)
				let step = sasl.start('plain', initial ? response : null)
				if (!initial) {
					assert.deepEqual(step, { is: 'challenge', challenge: Buffer.alloc(0) })
					step = sasl.next(response)
				}
				assert.deepEqual(step, { is: 'password', authzid, login, password })
			},
		),
	)
})

test('LOGIN asks for what it has not been told', () => {
	const sasl = new SaslServer(ALL)
	assert.deepEqual(sasl.start('LOGIN', null), { is: 'challenge', challenge: Buffer.from('Username:') })
	assert.deepEqual(sasl.next(Buffer.from('alice@example.com')), {
		is: 'challenge',
		challenge: Buffer.from('Password:'),
	})
	const done = { is: 'password', authzid: '', login: 'alice@example.com', password: '密码' }
	assert.deepEqual(sasl.next(Buffer.from('密码')), done)
	const short = new SaslServer(ALL)
	assert.equal(short.start('LOGIN', Buffer.from('alice@example.com')).is, 'challenge')
	assert.deepEqual(short.next(Buffer.from('密码')), done)
	assert.equal(short.next(Buffer.from('密码')).is, 'refused')
})

test('EXTERNAL without a name is an empty name', () => {
	assert.deepEqual(new SaslServer(ALL).start('EXTERNAL', Buffer.alloc(0)), { is: 'external', authzid: '' })
	assert.equal(new SaslServer(ALL).start('EXTERNAL', null).is, 'challenge')
})

test('whatever comes in, a step comes out', () => {
	fc.assert(
		fc.property(fc.constantFrom(...ALL), fc.array(fc.uint8Array()), (mechanism, responses) => {
			const sasl = new SaslServer(ALL)
			sasl.start(mechanism, null)
			for (const response of responses) sasl.next(Buffer.from(response))
		}),
	)
})

test('refused: mechanisms not allowed, no UTF-8, empty passwords, missing NULs', () => {
	assert.equal(new SaslServer(['PLAIN']).start('EXTERNAL', Buffer.alloc(0)).is, 'refused')
	const plain = (octets: Buffer) => new SaslServer(ALL).start('PLAIN', octets).is
	assert.equal(plain(Buffer.from('\0alice\0')), 'refused')
	assert.equal(plain(Buffer.from('alice')), 'refused')
	assert.equal(plain(Buffer.from('\0alice\0a\0b')), 'refused')
	assert.equal(plain(Buffer.from([0, 97, 0, 0xff])), 'refused')
})
