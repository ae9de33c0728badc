import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { hasAccount, JmapClient, type Json } from './support/jmap.ts'
import { endAll, joinTo, TestNode, until } from './support/nodes.ts'

/*
 * Transcripts are data. `> …` is a request, `< …` what has to be answered; both go on over the lines that follow, up to
 * a blank one. A request is a list of method calls, which get the account, or an object: the whole request. In an answer
 * an object may have more properties than are written; "…" stands for anything, "$(x)" for what is the same wherever
 * "$(x)" stands, in requests too; a list whose last element is "…" may go on. `U name type` uploads the lines after `| `,
 * and $(name) is its blobId then. Each file runs at the home of the account and again through another node.
 */

type Step =
	| { is: 'ask'; text: string; line: number }
	| { is: 'hear'; text: string; line: number }
	| { is: 'upload'; name: string; type: string; text: string; line: number }

function read(file: string): Step[] {
	const steps: Step[] = []
	let open = false
	for (const [index, text] of readFileSync(file, 'utf8').split('\n').entries()) {
		const line = index + 1
		const last = steps.at(-1)
		if (text.startsWith('#')) continue
		if (text === '') open = false
		else if (/^[<>] /.test(text)) {
			steps.push({ is: text[0] === '>' ? 'ask' : 'hear', text: text.slice(2), line })
			open = true
		} else if (text.startsWith('U ')) {
			const [, name = '', type = ''] = text.split(' ')
			steps.push({ is: 'upload', name, type, text: '', line })
		} else if (text.startsWith('|') && last?.is === 'upload') last.text += `${text.slice(2)}\r\n`
		else if (open && last) last.text += `\n${text}`
		else throw new Error(`${file}:${line}: what is this?`)
	}
	return steps
}

async function play(client: JmapClient, file: string): Promise<void> {
	const known = new Map<string, unknown>([
		['account', client.accountId],
		['address', client.login],
	])
	let answer: Json = null
	for (const step of read(file)) {
		const where = `${file}:${step.line}`
		try {
			if (step.is === 'upload') {
				known.set(step.name, (await client.upload(step.text, step.type)).blobId)
				continue
			}
			if (step.is === 'hear') {
				match(answer, JSON.parse(step.text), known, '')
				continue
			}
			const asked = fill(JSON.parse(step.text), known) as Json
			const response = await client.post(Array.isArray(asked) ? wrapped(client, asked) : asked)
			const body = JSON.parse(response.body.toString())
			answer = Array.isArray(asked) && response.status === 200 ? body.methodResponses : body
		} catch (error) {
			throw new Error(
				`${where}: ${(error as Error).message}\nanswer: ${JSON.stringify(answer, null, 1).slice(0, 3000)}`,
			)
		}
	}
}

function wrapped(client: JmapClient, calls: Json[]): Json {
	return {
		using: client.using,
		methodCalls: calls.map(([name, args, id = '0']) => [
			name,
			!hasAccount(name) || 'accountId' in args ? args : { accountId: client.accountId, ...args },
			id,
		]),
	}
}

/** Puts what is known where `$(x)` stands. */
function fill(value: unknown, known: Map<string, unknown>): unknown {
	if (typeof value === 'string') {
		const whole = /^\$\((\w+)\)$/.exec(value)
		if (whole && known.has(whole[1]!)) return known.get(whole[1]!)
		return value.replace(/\$\((\w+)\)/g, (as, name) => (known.has(name) ? String(known.get(name)) : as))
	}
	if (Array.isArray(value)) return value.map(one => fill(one, known))
	if (typeof value !== 'object' || value === null) return value
	return Object.fromEntries(Object.entries(value).map(([key, one]) => [fill(key, known), fill(one, known)]))
}

function match(is: Json, should: Json, known: Map<string, unknown>, path: string): void {
	const name = typeof should === 'string' ? /^\$\((\w+)\)$/.exec(should)?.[1] : undefined
	if (should === '…') {
		assert.notEqual(is, undefined, `${path} is missing`)
		return
	}
	if (name !== undefined && !known.has(name)) {
		assert.notEqual(is ?? undefined, undefined, `${path} is missing`)
		return void known.set(name, is)
	}
	if (Array.isArray(should)) {
		assert.ok(Array.isArray(is), `${path} is no list: ${JSON.stringify(is)}`)
		const open = should.at(-1) === '…'
		const wanted = open ? should.slice(0, -1) : should
		if (!open) assert.equal(is.length, wanted.length, `${path} has ${JSON.stringify(is)}`)
		for (const [index, one] of wanted.entries()) match(is[index], one, known, `${path}/${index}`)
		return
	}
	if (typeof should === 'object' && should !== null) {
		assert.ok(typeof is === 'object' && is !== null, `${path} is no object: ${JSON.stringify(is)}`)
		for (const [key, one] of Object.entries(should)) {
			const filled = fill(key, known) as string
			// A key that is not known yet: the only one there is.
			const found = /^\$\((\w+)\)$/.exec(filled)
			if (found) known.set(found[1]!, Object.keys(is)[0])
			match(is[found ? Object.keys(is)[0]! : filled], one, known, `${path}/${filled}`)
		}
		return
	}
	assert.deepEqual(is, fill(should, known), path)
}

const home = new TestNode('127.0.27.1')
const other = new TestNode('127.0.27.2')
const folder = new URL('./transcripts/jmap/', import.meta.url).pathname
const files = readdirSync(folder).filter(name => name.endsWith('.txt'))
const login = (file: string, way: string) => `${file.replace('.txt', '')}-${way}@test.com`

before(async () => {
	await Promise.all([home.start(), other.start()])
	await home.say('domain add', { domain: 'test.com' })
	await home.addAccount('bob@test.com')
	for (const file of files) for (const way of ['home', 'walk']) await home.addAccount(login(file, way))
	await joinTo(home, other)
	await until('the other node knows the accounts', 20_000, async () => {
		const known = await other.json('account', 'list')
		return known.length >= files.length * 2
	})
})
after(endAll)

for (const file of files) {
	test(`JMAP goes as written in ${file}, at home`, async () => {
		await play(await JmapClient.open(home.ip, login(file, 'home')), folder + file)
	})
	test(`JMAP goes as written in ${file}, through another node`, async () => {
		await play(await JmapClient.open(other.ip, login(file, 'walk')), folder + file)
	})
}
