import assert from 'node:assert/strict'

/** What IMAP's answers are made of: a string or atom, NIL, a list. */
export type Value = string | null | Value[]

/**
 * Reads `( ... )` of RFC 9051's grammar from octets (Latin-1), strictly: one space between values but for parts and
 * addresses, which stand side by side; no CR, LF, NUL or 8 bits outside of literals.
 * @returns the values and where they end
 */
export function readList(text: string, from: number): { values: Value[]; end: number } {
	assert.equal(text[from], '(', `a list at ${JSON.stringify(text.slice(from, from + 30))}`)
	const open: Value[][] = [[]]
	let at = from + 1
	while (open.length > 0) {
		const innermost = open.at(-1)!
		if (text[at] === ')') {
			open.pop()
			at++
			if (open.length === 0) return { values: innermost, end: at }
			open.at(-1)!.push(innermost)
		} else if (text[at] === '(') {
			open.push([])
			at++
			continue
		} else {
			const value = readString(text, at)
			innermost.push(value.is)
			at = value.end
		}
		if (text[at] === ' ') assert.notEqual(text[++at], ')', 'a space before a parenthesis')
		else assert.ok(text[at] === ')' || (text[at] === '(' && text[at - 1] === ')'), text.slice(at, at + 30))
	}
	throw new Error('the list does not end')
}

function readString(text: string, at: number): { is: string | null; end: number } {
	const literal = /\{(\d+)\}\r\n/y
	literal.lastIndex = at
	const size = literal.exec(text)?.[1]
	if (size !== undefined) {
		const end = literal.lastIndex + Number(size)
		return { is: text.slice(literal.lastIndex, end), end }
	}
	const quoted = /"((?:[^"\\\r\n\0\x80-\xff]|\\["\\])*)"/y
	quoted.lastIndex = at
	const found = quoted.exec(text)
	if (found) return { is: found[1]!.replace(/\\(.)/g, '$1'), end: quoted.lastIndex }
	const atom = /NIL|\d+/y
	atom.lastIndex = at
	const word = atom.exec(text)?.[0]
	assert.ok(word !== undefined, `no value: ${JSON.stringify(text.slice(at, at + 40))}`)
	return { is: word === 'NIL' ? null : word, end: atom.lastIndex }
}

const nstring = (value: Value | undefined) => assert.ok(value === null || typeof value === 'string')
const string = (value: Value | undefined): string => {
	assert.equal(typeof value, 'string')
	return value as string
}
const number = (value: Value | undefined) => assert.match(string(value), /^\d+$/)

/** `envelope`: date, subject, six lists of addresses, in-reply-to, message-id. */
export function checkEnvelope(values: Value[]): void {
	assert.equal(values.length, 10)
	for (const index of [0, 1, 8, 9]) nstring(values[index])
	for (const list of values.slice(2, 8)) {
		if (list === null) continue
		assert.ok(Array.isArray(list) && list.length > 0)
		for (const address of list) {
			assert.ok(Array.isArray(address) && address.length === 4)
			address.forEach(nstring)
		}
	}
}

/** `body`, extended or not. @returns the structure as readings tell it */
export function checkBody(values: Value[], extended: boolean): string {
	if (Array.isArray(values[0])) {
		const parts = values.filter((_, index) => values.slice(0, index + 1).every(Array.isArray)) as Value[][]
		const rest = values.slice(parts.length)
		const type = `multipart/${string(rest[0]).toLowerCase()}`
		assert.equal(rest.length, extended ? 5 : 1)
		if (extended) checkRest(rest.slice(1))
		return `${type}(${parts.map(part => checkBody(part, extended)).join(', ')})`
	}
	const type = `${string(values[0])}/${string(values[1])}`.toLowerCase()
	checkParameters(values[2])
	nstring(values[3])
	nstring(values[4])
	string(values[5])
	number(values[6])
	let next = 7
	let inside = ''
	if (type === 'message/rfc822' || type === 'message/global') {
		checkEnvelope(values[7] as Value[])
		inside = `[${checkBody(values[8] as Value[], extended)}]`
		number(values[9])
		next = 10
	} else if (type.startsWith('text/')) number(values[next++])
	assert.equal(values.length, next + (extended ? 4 : 0))
	if (extended) {
		nstring(values[next])
		checkRest([[], ...values.slice(next + 1)])
	}
	return `${type}${inside}`
}

/** Parameters, disposition, language, location. */
function checkRest([parameters, disposition, language, location]: Value[]): void {
	if (!Array.isArray(parameters) || parameters.length > 0) checkParameters(parameters)
	if (disposition !== null) {
		assert.ok(Array.isArray(disposition) && disposition.length === 2)
		string(disposition[0])
		checkParameters(disposition[1])
	}
	if (Array.isArray(language)) language.forEach(string)
	else nstring(language)
	nstring(location)
}

function checkParameters(values: Value | undefined): void {
	if (values === null) return
	assert.ok(Array.isArray(values) && values.length > 0 && values.length % 2 === 0)
	values.forEach(string)
}
