import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type MailboxRow, UidRuns } from '../../store/index.ts'
import { imap } from '../../wire/index.ts'
import { Rejected } from './done.ts'
import { holds, type Span, spansWithin, View } from './view.ts'

const box = { key: 1, name: 'INBOX', uidValidity: 1, modseq: 1 } as MailboxRow

function viewOf(uids: number[]): View {
	return new View(box, UidRuns.of(uids), false)
}

function all(view: View): number[] {
	return view.length === 0 ? [] : view.uidsOf([[0, view.length]])
}

const uids = fc
	.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 30 })
	.map(list => list.sort((a, b) => a - b))
const bound = fc.oneof(fc.integer({ min: 1, max: 70 }), fc.constant(imap.STAR))
const ranges = fc.array(
	fc.tuple(bound, bound).map(([a, b]): imap.Range => (a <= b ? [a, b] : [b, a])),
	{ minLength: 1, maxLength: 6 },
)

test('a view that grows and shrinks is the list it stands for', () => {
	const step = fc.oneof(
		fc.record({ add: fc.integer({ min: 1, max: 40 }) }),
		fc.record({ remove: fc.uniqueArray(fc.integer({ min: 1, max: 200 }), { maxLength: 40 }) }),
	)
	fc.assert(
		fc.property(uids, fc.array(step, { maxLength: 10 }), (start, steps) => {
			const view = viewOf(start)
			let model = start.slice()
			for (const step of steps) {
				if ('add' in step) {
					for (let i = 0; i < step.add; i++) {
						const uid = Math.max(0, view.lastUid) + 1 + (i % 3)
						view.add(uid)
						model.push(uid)
					}
				} else {
					const asked = step.remove.sort((a, b) => a - b)
					const gone = view.remove(asked)
					assert.deepEqual(
						gone.uids,
						model.filter(uid => asked.includes(uid)),
					)
					assert.deepEqual(
						gone.places,
						gone.uids.map(uid => model.indexOf(uid)),
					)
					model = model.filter(uid => !asked.includes(uid))
				}
				assert.deepEqual(all(view), model)
				assert.deepEqual(
					model.map(uid => view.place(uid)),
					[...model.keys()],
				)
			}
		}),
	)
})

test('a set of UIDs names the messages that RFC 9051 says it names', () => {
	fc.assert(
		fc.property(uids, ranges, (list, set) => {
			const last = list.at(-1) ?? 0
			const named = list.filter(uid =>
				set.some(([a, b]) => {
					const [x, y] = [a === imap.STAR ? last : a, b === imap.STAR ? last : b]
					return uid >= Math.min(x, y) && uid <= Math.max(x, y)
				}),
			)
			const view = viewOf(list)
			const spans = view.spans(set, true)
			assert.deepEqual(view.uidsOf(spans), named)
			for (const uid of list) assert.equal(holds(set, uid, last), named.includes(uid))
			for (let i = 1; i < spans.length; i++) assert.ok(spans[i - 1]![1] < spans[i]![0] + 1)
		}),
	)
})

test('a sequence set names messages by their numbers, and a number too high is refused', () => {
	const view = viewOf([3, 5, 8])
	assert.deepEqual(view.spans([[1, 2]], false), [[0, 2]])
	assert.deepEqual(
		view.spans(
			[
				[3, 3],
				[1, 1],
				[2, 2],
			],
			false,
		),
		[[0, 3]],
	)
	assert.deepEqual(view.spans([[imap.STAR, imap.STAR]], false), [[2, 3]])
	assert.deepEqual(view.spans([[9, imap.STAR]], false), [[2, 3]])
	assert.throws(() => view.spans([[1, 4]], false), Rejected)
	assert.deepEqual(viewOf([]).spans([[1, imap.STAR]], false), [])
	assert.throws(() => viewOf([]).spans([[1, 1]], false), Rejected)
})

test('places within spans are the places that are in both', () => {
	const place = fc.integer({ min: 0, max: 40 })
	const places = fc.uniqueArray(place).map(list => list.sort((a, b) => a - b))
	fc.assert(
		fc.property(places, uids, ranges, (places, list, set) => {
			const spans: Span[] = viewOf(list).spans(set, true)
			const inside = (spans: Span[], place: number) => spans.some(([from, to]) => place >= from && place < to)
			const out = spansWithin(places, spans)
			for (let place = 0; place <= 40; place++) {
				assert.equal(inside(out, place), places.includes(place) && inside(spans, place))
			}
		}),
	)
})
