import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatReply, type Reply, reply } from './reply.ts'
import { BadReply, ReplyReader } from './reply-reader.ts'

const one: fc.Arbitrary<Reply> = fc
	.record({
		code: fc.integer({ min: 200, max: 599 }),
		detail: fc.option(fc.tuple(fc.nat(99), fc.nat(99))),
		lines: fc.array(fc.stringMatching(/^[a-z张伟 -]{0,20}$/), { minLength: 1, maxLength: 4 }),
	})
	.map(({ code, detail, lines }) => {
		const group = Math.floor(code / 100)
		return reply(code, detail && group !== 3 ? `${group}.${detail.join('.')}` : null, ...lines)
	})

test('formatted replies come out as they were, in order, however they are cut', () => {
	fc.assert(
		fc.property(fc.array(one, { maxLength: 5 }), fc.integer({ min: 1, max: 9 }), (replies, size) => {
			const bytes = Buffer.from(replies.map(formatReply).join(''))
			const reader = new ReplyReader()
			const out: Reply[] = []
			for (let at = 0; at < bytes.length; at += size) {
				reader.push(bytes.subarray(at, at + size))
				for (let next = reader.next(); next; next = reader.next()) out.push(next)
			}
			assert.deepEqual(out, replies)
		}),
		{ numRuns: 1000 },
	)
})

test('what is no reply, or endless, is an error', () => {
	for (const bad of [
		'hello\r\n',
		'99 x\r\n',
		'250-a\r\n550 b\r\n',
		'x'.repeat(5000),
		'250-a\r\n'.repeat(300),
	]) {
		const reader = new ReplyReader()
		reader.push(Buffer.from(bad))
		assert.throws(() => {
			while (reader.next());
		}, BadReply)
	}
})

test('a code alone, and lines ended by LF, are understood', () => {
	const reader = new ReplyReader()
	reader.push(Buffer.from('250\n220 hi\r\n'))
	assert.deepEqual(reader.next(), reply(250, null, ''))
	assert.deepEqual(reader.next(), reply(220, null, 'hi'))
})
