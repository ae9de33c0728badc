import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { parse } from 'vue/compiler-sfc'

const web = resolve(import.meta.dirname, '../web')
const files = globSync('{admin,shared,webmail}/**/*.{vue,ts}', { cwd: web })
const read = (file: string) => readFileSync(join(web, file), 'utf8')
const rooms = ['admin', 'shared', 'webmail']

type Texts = { [key: string]: string | Texts }

async function texts(room: string, language: string): Promise<Map<string, string>> {
	const { default: all } = await import(join(web, room, 'messages', `${language}.ts`))
	const found = new Map<string, string>()
	const walk = (part: Texts, path: string[]) => {
		for (const [name, value] of Object.entries(part)) {
			if (typeof value === 'string') found.set([...path, name].join('.'), value)
			else walk(value, [...path, name])
		}
	}
	walk(all, [])
	return found
}

/** `{name}` and the like: what is filled in. */
const slots = (text: string) => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map(match => match[1]!))].sort()

for (const room of rooms) {
	test(`both languages of ${room} have the same texts, with the same things to fill in`, async () => {
		const [chinese, english] = [await texts(room, 'zh-CN'), await texts(room, 'en')]
		assert.deepEqual([...chinese.keys()].sort(), [...english.keys()].sort())
		for (const [key, text] of chinese) {
			assert.deepEqual(slots(text), slots(english.get(key)!), key)
			assert.notEqual(text.trim(), '', key)
			assert.notEqual(english.get(key)!.trim(), '', key)
		}
	})

	test(`no Chinese in the English texts of ${room} but what is called so, and an @ is always quoted`, async () => {
		for (const [key, text] of await texts(room, 'en')) {
			assert.doesNotMatch(text, /[\u3000-\u303f\uff00-\uffef]/, key)
			assert.doesNotMatch(text.replaceAll("{'@'}", ''), /@/, key)
		}
		for (const [key, text] of await texts(room, 'zh-CN')) {
			assert.doesNotMatch(text.replaceAll("{'@'}", ''), /@/, key)
			// Chinese sentences have Chinese punctuation.
			assert.doesNotMatch(text, /[\u4e00-\u9fff][,;:?!]/, key)
		}
	})
}

test('every text that the code asks for is there', async () => {
	const known: Record<string, Set<string>> = {}
	const keysOf = async (room: string) => [...(await texts(room, 'en')).keys()]
	for (const room of rooms) known[room] = new Set([...(await keysOf('shared')), ...(await keysOf(room))])
	const missing: string[] = []
	for (const file of files) {
		if (file.includes('/messages/')) continue
		const room = file.split('/')[0]!
		for (const [, key] of read(file).matchAll(/\bt[ne]?\(\s*'([\w.-]+)'/g)) {
			if (!known[room]!.has(key!)) missing.push(`${file}: ${key}`)
		}
		// `a.b.${word}`: something must begin so.
		for (const [, start] of read(file).matchAll(/\bt[ne]?\(\s*`([\w.-]+)\$\{/g)) {
			if (![...known[room]!].some(key => key.startsWith(start!))) missing.push(`${file}: ${start}…`)
		}
	}
	assert.deepEqual(missing, [])
})

test('every problem that the node names by a code has a sentence', async () => {
	const known = new Set([...(await texts('shared', 'en')).keys(), ...(await texts('admin', 'en')).keys()])
	const codes = new Set<string>()
	const source = resolve(import.meta.dirname, '../src')
	for (const file of globSync('{admin,servers,directory}/**/*.ts', { cwd: source })) {
		const text = readFileSync(join(source, file), 'utf8')
		for (const [, code] of text.matchAll(/new WebProblem\(\s*\d+,\s*'([a-z-]+)'/g)) codes.add(code!)
		for (const [, code] of text.matchAll(/new DirectoryError\(\s*'([a-z-]+)'/g)) codes.add(code!)
		// `CannotBeDone(sentence, code)`: the code is its last word.
		for (const [, words] of text.matchAll(/new CannotBeDone\(([\s\S]*?)\)\n/g)) {
			const [, code] = /,\s*'([a-z-]+)',?\s*$/.exec(words!) ?? []
			if (code) codes.add(code)
		}
	}
	const joining = /JOIN_CODES[^{]*\{([^}]*)\}/.exec(
		readFileSync(join(source, 'admin/perform.ts'), 'utf8'),
	)![1]!
	for (const [, code] of joining.matchAll(/: '([a-z-]+)'/g)) codes.add(code!)
	assert.ok(codes.size > 30, `${codes.size} codes`)
	assert.deepEqual(
		[...codes].filter(code => !known.has(`problem.${code}`)),
		[],
	)
})

test('no text stands in a template or in code', () => {
	const wrong: string[] = []
	for (const file of files) {
		if (file.includes('/messages/')) continue
		const source = read(file)
		if (file.endsWith('.vue')) {
			const { descriptor } = parse(source)
			if (descriptor.template?.ast)
				wrong.push(...textsIn(descriptor.template.ast).map(text => `${file}: ${text}`))
		}
		// The name of a language is in that language; what people write is in theirs.
		if (!['shared/i18n.ts', 'webmail/understood.ts'].includes(file) && /[\u3400-\u9fff]/.test(source))
			wrong.push(`${file}: Chinese`)
	}
	assert.deepEqual(wrong, [])
})

const SPOKEN = new Set([
	'alt',
	'title',
	'label',
	'placeholder',
	'aria-label',
	'content',
	'description',
	'hint',
	'heading',
])

// biome-ignore lint/suspicious/noExplicitAny: a node of Vue's template tree, of any kind
function textsIn(node: any): string[] {
	const found: string[] = []
	const isText = (text: string) => /\p{L}{2}/u.test(text)
	if (typeof node.content === 'string' && node.type === 2 && isText(node.content))
		found.push(node.content.trim())
	for (const one of node.props ?? []) {
		if (one.type === 6 && SPOKEN.has(one.name) && isText(one.value?.content ?? ''))
			found.push(one.value.content)
	}
	for (const child of node.children ?? []) found.push(...textsIn(child))
	return found
}
