import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { baseSubject } from '../../message/index.ts'
import { fold } from '../../store/index.ts'
import { compareFolded } from './folded.ts'
import { byReferences, orderedSubject, type Threaded } from './threads.ts'

test('a base subject is what RFC 5256 section 2.1 leaves of a subject', () => {
	for (const [subject, base, reply] of [
		['lunch', 'lunch', false],
		['Re: lunch', 'lunch', true],
		['RE : [list] Fwd[2]:  lunch \t now (fwd) ', 'lunch now', true],
		['[a] [b] Re: lunch', 'lunch', true],
		['[a] lunch', 'lunch', false],
		['[a]', '[a]', false],
		['Re: [a]', '[a]', true],
		['[Fwd: [x] lunch]', 'lunch', true],
		['Fw: (fwd)', '', true],
		['Rehearsal', 'Rehearsal', false],
		['回复: 午餐', '回复: 午餐', false],
		[null, '', false],
	] as const) {
		assert.deepEqual(baseSubject(subject), { base, reply }, String(subject))
	}
})

test('a base subject is its own base subject', () => {
	const piece = fc.constantFrom('re:', 'Fwd: ', '[x] ', '[fwd: ', ']', '(fwd)', ' ', 'lunch', '张')
	fc.assert(
		fc.property(
			fc.array(piece, { maxLength: 8 }).map(list => list.join('')),
			subject => {
				const { base } = baseSubject(subject)
				assert.equal(baseSubject(base).base, base)
			},
		),
	)
})

test('texts that differ in case or in form only are the same to i;unicode-casemap', () => {
	assert.equal(fold('éCOLE'), fold('École'))
	assert.equal(fold('ﬁsh'), fold('FISH'))
	assert.equal(fold('ｆｕｌｌ'), 'FULL')
	assert.equal(fold('straße'), 'STRAßE')
	fc.assert(
		fc.property(fc.string({ unit: 'grapheme' }), text => {
			assert.equal(fold(text), fold(text.normalize('NFD')))
			assert.equal(fold(fold(text)), fold(text))
		}),
	)
})

test('mapped texts are in the order of their UTF-8 octets', () => {
	fc.assert(
		fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
			const octets = Buffer.compare(Buffer.from(a), Buffer.from(b))
			assert.equal(Math.sign(compareFolded(a, b)), octets)
		}),
	)
})

function message(number: number, sent: number, subject: string, more: Partial<Threaded> = {}): Threaded {
	const { base, reply } = baseSubject(subject)
	return { number, sent, subject: fold(base), reply, messageId: `<${number}>`, references: [], ...more }
}

test('threads by references are those of RFC 5256 section 3', () => {
	const ref = (...numbers: number[]) => ({ references: numbers.map(number => `<${number}>`) })
	assert.equal(byReferences([]), '')
	// A chain, a fork, and children in the order of their dates.
	assert.equal(
		byReferences([
			message(1, 1, 'a'),
			message(2, 5, 'Re: a', ref(1)),
			message(3, 3, 'Re: a', ref(1)),
			message(4, 6, 'Re: a', ref(1, 3)),
		]),
		'(1 (3 4)(2))',
	)
	// A parent that is not here: its children are siblings below nothing.
	assert.equal(byReferences([message(1, 1, 'a', ref(9)), message(2, 2, 'b', ref(9))]), '((1)(2))')
	assert.equal(byReferences([message(1, 1, 'a', ref(9))]), '(1)')
	// The same subject without references: an answer goes below, two of a kind side by side.
	assert.equal(byReferences([message(1, 2, 'a'), message(2, 1, 'Re: a')]), '(1 2)')
	assert.equal(byReferences([message(1, 1, 'a'), message(2, 2, 'a')]), '((1)(2))')
	assert.equal(byReferences([message(1, 1, ''), message(2, 2, '')]), '(1)(2)')
	// References in a circle, to itself, and an id used twice.
	assert.equal(byReferences([message(1, 1, 'a', ref(2)), message(2, 2, 'b', ref(1))]), '(2 1)')
	assert.equal(byReferences([message(1, 1, 'a', ref(1))]), '(1)')
	assert.equal(byReferences([message(1, 1, 'a'), message(2, 2, 'b', { messageId: '<1>' })]), '(1)(2)')
})

test('a thread as deep as there are messages is written without running out of stack', () => {
	const deep = Array.from({ length: 20_000 }, (_, i) =>
		message(i + 1, i, `s${i}`, { references: i === 0 ? [] : [`<${i}>`] }),
	)
	const numbers = deep.map(({ number }) => number)
	assert.equal(byReferences(deep), `(${numbers.join(' ')})`)
})

test('threads by subject are in the order of their first message', () => {
	assert.equal(
		orderedSubject([
			message(1, 4, 'b'),
			message(2, 2, 'Re: a'),
			message(3, 1, 'a'),
			message(4, 3, 'RE: A'),
			message(5, 9, 're: b'),
		]),
		'(3 (2)(4))(1 5)',
	)
})

test('whatever messages refer to, every one of them is in the threads exactly once', () => {
	const id = fc.integer({ min: 1, max: 12 }).map(number => `<${number}>`)
	const list = fc.array(
		fc.record({
			subject: fc.constantFrom('', 'a', 'Re: a', 'b', 'Fwd: b'),
			sent: fc.integer({ min: 0, max: 5 }),
			messageId: fc.option(id),
			references: fc.array(id, { maxLength: 4 }),
		}),
		{ maxLength: 14 },
	)
	fc.assert(
		fc.property(list, list => {
			const messages = list.map(({ subject, sent, ...more }, i) => message(i + 1, sent, subject, more))
			const expected = messages.map(({ number }) => number)
			for (const threads of [byReferences(messages), orderedSubject(messages)]) {
				const numbers = (threads.match(/\d+/g) ?? []).map(Number)
				assert.deepEqual(
					numbers.sort((a, b) => a - b),
					expected,
				)
				assert.match(threads.replace(/\d+/g, '1'), /^[()1 ]*$/)
			}
		}),
		{ numRuns: 1000 },
	)
})
