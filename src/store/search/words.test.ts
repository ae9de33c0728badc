import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { checkOf, Gathering, mark } from './column.ts'
import { fold } from './text.ts'
import { addWords, cluesOf } from './words.ts'

/** Few letters, so that texts and needles meet: Latin, Greek, Cyrillic, Chinese, Japanese, Korean, marks, signs, halves. */
const LETTERS = [...'aabBé0ßΣσжﬁ中文中国张伟邮件さサーバｶ한국𠀀ª- .,@\n\u0301\u3099ｱ（）・']
const letter = fc.constantFrom(...LETTERS, '\ud840', 'abcdefghijklmnopqrstuvwxyz', '中文'.repeat(20))
const text = fc.array(letter, { maxLength: 30 }).map(all => all.join(''))
const needle = fc.array(letter, { minLength: 1, maxLength: 4 }).map(all => all.join(''))

function columnOf(texts: string[]) {
	const gathering = new Gathering()
	texts.forEach((each, place) => {
		const words = new Set<string>()
		addWords(each, words)
		for (const word of words) gathering.add(word, place)
	})
	return gathering.column()
}

function told(column: ReturnType<typeof columnOf>, wanted: string, texts: number): boolean[] | null {
	const clues = cluesOf(wanted)
	if (!clues) return null
	const all = clues.all.map(clue => {
		const marks = new Uint8Array(texts)
		mark(column, clue, marks)
		return marks
	})
	return Array.from({ length: texts }, (_, place) => all.every(marks => marks[place] === 1))
}

test('a text that holds the needle has all its clues, and when they are exact no other text has', () => {
	fc.assert(
		fc.property(fc.array(text, { maxLength: 8 }), needle, (texts, wanted) => {
			const folded = texts.map(fold)
			const sought = fold(wanted)
			const answer = told(columnOf(folded), sought, texts.length)
			if (!answer) return
			folded.forEach((each, place) => {
				if (each.includes(sought)) assert.ok(answer[place], 'a text that has it was not told')
				else if (cluesOf(sought)!.exact) assert.ok(!answer[place], 'a text that has it not was told')
			})
		}),
		{ numRuns: 3000 },
	)
})

test('a piece of a text is found in it wherever it is cut out', () => {
	fc.assert(
		fc.property(text, fc.nat(), fc.nat(200), (whole, from, length) => {
			const folded = fold(whole)
			const start = from % (folded.length + 1)
			const answer = told(columnOf(['other', folded]), folded.slice(start, start + length), 2)
			if (answer) assert.ok(answer[1])
		}),
		{ numRuns: 3000 },
	)
})

test('one word, and one or two Chinese characters, are told exactly; signs alone are not', () => {
	for (const wanted of ['b', 'word', 'x'.repeat(32), '中', '中文', '한국어'])
		assert.equal(cluesOf(wanted)?.exact, true)
	for (const wanted of ['two words', 'x'.repeat(33), '中文字', 'a中'])
		assert.equal(cluesOf(wanted)?.exact, false)
	for (const wanted of ['', '-', ' ...', '\ud800a']) assert.equal(cluesOf(wanted), null)
})

test('columns merged are the column of all, without the messages that went', () => {
	fc.assert(
		fc.property(
			fc.array(fc.tuple(text, fc.boolean()), { maxLength: 9 }),
			fc.nat(9),
			needle,
			(all, cut, wanted) => {
				const halves = [all.slice(0, cut), all.slice(cut)]
				const merged = new Gathering()
				let next = 0
				for (const half of halves) {
					const moved = Int32Array.from(half, ([, stays]) => (stays ? next++ : -1))
					merged.take(columnOf(half.map(([each]) => fold(each))), moved)
				}
				const staying = all.filter(([, stays]) => stays).map(([each]) => fold(each))
				const sought = fold(wanted)
				assert.deepEqual(
					told(merged.column(), sought, staying.length),
					told(columnOf(staying), sought, staying.length),
				)
			},
		),
	)
})

test('a wrong octet anywhere in a column is noticed', () => {
	const column = columnOf(['some words here', 'more words there'])
	const check = checkOf(column)
	for (const part of [column.words, column.places]) {
		for (let at = 0; at < part.length; at++) {
			part[at]! ^= 1
			assert.notEqual(checkOf(column), check)
			part[at]! ^= 1
		}
	}
	column.table[1]! ^= 256
	assert.notEqual(checkOf(column), check)
})
