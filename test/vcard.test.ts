import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Card, nameOfCard, personOf, propertiesOf } from '../web/webmail/contacts/card.ts'
import { readVcards, writeVcards } from '../web/webmail/contacts/vcard.ts'

const person = { name: '', emails: [], phones: [], organization: '', title: '', note: '' }

test('cards of every age are read', () => {
	const text = [
		...[
			'BEGIN:VCARD',
			'VERSION:3.0',
			'N:Miller;Bob;;;',
			'FN:Bob Miller',
			'item1.EMAIL;TYPE=INTERNET,WORK:bob@test.com',
		],
		...[
			'EMAIL:bob@example.org',
			'TEL;TYPE="cell":+1 555',
			'ORG:Example\\, Ltd;Sales',
			'NOTE:one\\ntw',
			' o',
			'END:VCARD',
		],
		...['BEGIN:VCARD', 'VERSION:4.0', 'FN:李娜', 'TEL;VALUE=uri:tel:+86-10-1234', 'END:VCARD'],
		...[
			'BEGIN:VCARD',
			'VERSION:2.1',
			'N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=E5=BC=A0;=E4=',
			'=BC=9F;;;',
		],
		...['TEL;CELL;PREF:138', 'END:VCARD', 'BEGIN:VCARD', 'EMAIL:only@example.org', 'END:VCARD'],
		...['BEGIN:VCARD', 'VERSION:3.0', 'END:VCARD', 'rubbish'],
	].join('\r\n')
	assert.deepEqual(readVcards(text), [
		{
			...person,
			name: 'Bob Miller',
			emails: ['bob@test.com', 'bob@example.org'],
			phones: ['+1 555'],
			organization: 'Example, Ltd / Sales',
			note: 'one\ntwo',
		},
		{ ...person, name: '李娜', phones: ['+86-10-1234'] },
		{ ...person, name: '张伟', phones: ['138'] },
		{ ...person, name: 'only@example.org', emails: ['only@example.org'] },
	])
})

test('what is written is read again, and no line is too long', () => {
	const people = [
		{
			name: '欧阳; 修, \\"x"',
			emails: ['a@example.org', 'b@example.org'],
			phones: ['1'],
			organization: '有限公司'.repeat(30),
			title: 'a;b',
			note: 'first\nsecond, third\\n',
		},
		{ ...person, name: 'Bob' },
	]
	const text = writeVcards(people)
	assert.deepEqual(readVcards(text), people)
	for (const line of text.split('\r\n')) assert.ok(Buffer.byteLength(line) <= 75, line)
})

test('what a person changes of a card is changed, and nothing else of it', () => {
	const card = {
		id: 'x',
		uid: 'u',
		name: {
			components: [
				{ kind: 'surname', value: '张' },
				{ kind: 'given', value: '伟' },
			],
		},
		emails: { w: { address: 'w@test.com', contexts: { work: true } }, h: { address: 'h@test.com' } },
	} as Card
	assert.equal(nameOfCard(card), '张伟')
	assert.deepEqual(propertiesOf(personOf(card), card), {})
	const changed = propertiesOf(
		{ ...personOf(card), emails: ['h@test.com', '', 'new@test.com'], note: 'n' },
		card,
	)
	assert.deepEqual(changed, {
		emails: { h: { address: 'h@test.com' }, address2: { address: 'new@test.com' } },
		notes: { note1: { note: 'n' } },
	})
	assert.deepEqual(propertiesOf({ ...personOf(card), emails: [] }, card), { emails: null })
})
