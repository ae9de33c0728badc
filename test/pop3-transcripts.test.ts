import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { inChinese } from '../src/servers/pop3/chinese.ts'
import { servePop3 } from '../src/servers/pop3/index.ts'
import { wordsFor } from '../src/servers/sign-in.ts'
import { entranceTo, type Home, person, startHome } from './imap-house.ts'
import { play } from './support/transcript.ts'

const FOLDER = new URL('./transcripts/pop3/', import.meta.url).pathname
const FILES = readdirSync(FOLDER).filter(name => name.endsWith('.txt'))
/** carol lives at a third node, which is not there. */
const PEOPLE = [person('alice', 'b'), person('bob', 'b'), person('carol', 'c')]

const file = (home: Home) => async (message: Buffer) => {
	const account = 'id-of-alice'
	if (!home.store.reader.hasAccount(account)) await home.store.write([{ do: 'account.create', account }])
	const body = home.store.stageSmall(message)
	const add = { do: 'message.add', account, mailbox: 'INBOX', body, flags: 0 } as const
	await home.store.write([{ ...add, keywords: [], internalDate: 0 }])
}

for (const name of FILES) {
	test(`POP3 goes as written in ${name}, at home`, { timeout: 60_000 }, async () => {
		const home = await startHome('b', PEOPLE)
		try {
			await play(FOLDER + name, { ports: { pop3: home.pop3Port }, file: file(home) })
		} finally {
			await home.close()
		}
	})

	test(`POP3 goes as written in ${name}, through another node`, { timeout: 60_000 }, async () => {
		const home = await startHome('b', PEOPLE)
		const lead = entranceTo(() => home, 'a', servePop3)
		const away = await startHome('a', PEOPLE, {
			connect: (node, protocol) => (node === 'b' ? lead(node, protocol) : Promise.reject(new Error('away'))),
		})
		try {
			await play(FOLDER + name, { ports: { pop3: away.pop3Port }, file: file(home) })
		} finally {
			await away.close()
			await home.close()
		}
	})
}

/** What a client says to use what CAPA announces. Codes and what is no command are looked for in the answers. */
const USED: Record<string, RegExp> = {
	TOP: /^C\d: TOP /m,
	UIDL: /^C\d: UIDL/m,
	'RESP-CODES': /^S\d: -ERR \[IN-USE\]/m,
	'AUTH-RESP-CODE': /^S\d: -ERR \[AUTH\]/m,
	PIPELINING: /^C1: .*\nC1: /m,
	EXPIRE: /^S\d: EXPIRE NEVER/m,
	'LOGIN-DELAY': /^S\d: LOGIN-DELAY 0/m,
	USER: /^C\d: USER /m,
	SASL: /^C\d: AUTH /m,
	STLS: /^C\d: STLS/m,
	UTF8: /^C\d: UTF8/m,
	LANG: /^C\d: LANG/m,
	IMPLEMENTATION: /^S\d: IMPLEMENTATION/m,
}

test('whatever CAPA announces, and every command, has a transcript', () => {
	const all = FILES.map(name => readFileSync(FOLDER + name, 'utf8')).join('\n')
	// The transcript of the sign-in holds the whole of CAPA to the letter.
	const announced = /This can be done here\n([\s\S]*?)\nS1: \.\n/.exec(all)![1]!.split('\n')
	assert.deepEqual(
		announced.map(line => line.split(' ')[1]),
		Object.keys(USED),
	)
	for (const [name, used] of Object.entries(USED)) assert.match(all, used, name)
	for (const verb of ['STAT', 'LIST', 'RETR', 'DELE', 'NOOP', 'RSET', 'QUIT', 'PASS', 'CAPA'])
		assert.match(all, new RegExp(`^C\\d: ${verb}\\b`, 'm'), verb)
})

test('whatever is said to people is said in Chinese too', () => {
	const said = ['wrong', 'code', 'disabled', 'app-password', 'acting'].map(why => wordsFor(why as 'wrong'))
	for (const folder of ['../src/servers/pop3/', '../src/wire/pop3/']) {
		const path = new URL(folder, import.meta.url).pathname
		for (const name of readdirSync(path).filter(name => !name.endsWith('.test.ts'))) {
			const source = readFileSync(path + name, 'utf8')
			for (const [, text] of source.matchAll(
				/(?:\b(?:ok|err|words|BadCommand)\(|^const [A-Z_]+ = )'([^']+)'/gm,
			))
				if (/^[A-Z][a-z]|^The |\s/.test(text!)) said.push(text!)
		}
	}
	assert.ok(said.length > 30)
	assert.deepEqual(
		said.filter(text => !/\p{Script=Han}/u.test(inChinese(text))),
		[],
	)
})
