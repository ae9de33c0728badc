import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import iconv from 'iconv-lite'
import { csvLine, csvRows, csvText, OpenQuote } from './csv.ts'

test('what is written is read again, whatever stands in it', () => {
	const cell = fc.string({
		unit: fc.constantFrom('a', '张', '"', ',', ';', '\t', '\r\n', '\n', ' ', "'", '='),
	})
	const row = fc
		.array(cell, { minLength: 1, maxLength: 5 })
		.filter(cells => cells.some(one => one.trim() !== '') && !cells.some(one => /^[=\t\r]/.test(one)))
	fc.assert(
		fc.property(fc.array(row, { minLength: 1, maxLength: 5 }), rows => {
			const text = `a,b,c,d,e,f,g,h\r\n${rows.map(csvLine).join('')}`
			const read = [...csvRows(text)].slice(1).map(({ cells }) => cells)
			assert.deepEqual(read, rows)
		}),
	)
})

test('lines are counted as an editor counts them, also over line ends in a cell', () => {
	const text = 'name;mail\r\n"one\r\ntwo";x\r\n\r\n"a ""b""" ;y\rlast;z'
	assert.deepEqual(
		[...csvRows(text)],
		[
			{ line: 1, cells: ['name', 'mail'] },
			{ line: 2, cells: ['one\r\ntwo', 'x'] },
			{ line: 5, cells: ['a "b" ', 'y'] },
			{ line: 6, cells: ['last', 'z'] },
		],
	)
	assert.deepEqual([...csvRows('')], [])
})

test('a quote that is not closed where its cell ends is told by the line it begins on, and no row is made of it', () => {
	const line = (text: string) => {
		try {
			return [...csvRows(text)].length
		} catch (error) {
			return error instanceof OpenQuote ? `line ${error.line}` : error
		}
	}
	assert.equal(line('"open, and never closed'), 'line 1')
	assert.equal(line('a,b\r\n1,"x\r\ny"\r\n2,"open\r\n3,z\r\n4,z\r\n'), 'line 4')
	// Another quote closes it, in the midst of a cell further down.
	assert.equal(line('a,b\n1,"open\n2,"z"\n3,z\n'), 'line 2')
	assert.equal(line('a,b\n1,"closed" \n2,6" long\n'), 3)
})

test('the charset is found out: UTF-8 with and without its mark, UTF-16, and GB18030 as Excel writes it', () => {
	const text = 'alice@example.com,张伟,㐀𠀀'
	assert.equal(csvText(Buffer.from(text)), text)
	assert.equal(csvText(Buffer.from(`\ufeff${text}`)), text)
	assert.equal(csvText(iconv.encode(text, 'gb18030')), text)
	assert.equal(csvText(iconv.encode(text, 'utf16le', { addBOM: true })), text)
	assert.equal(csvText(iconv.encode(text, 'utf16be', { addBOM: true })), text)
})

test('a cell that a table calculator would take for a formula is none any more', () => {
	assert.equal(csvLine(['=cmd|x', '+1', '-1', '@a', 'plain', -1, null]), "'=cmd|x,'+1,'-1,'@a,plain,-1,\r\n")
})
