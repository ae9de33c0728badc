import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { commandNames } from '../src/servers/imap/commands/index.ts'
import type { House } from '../src/servers/types.ts'
import { entranceTo, type Home, person, startHome } from './imap-house.ts'
import { Talk } from './support/talk.ts'
import { play } from './support/transcript.ts'

const FOLDER = new URL('./transcripts/imap/', import.meta.url).pathname
const LIMITS = { maxMessageSize: 100_000, messagesPerCommand: 12 }
/** carol lives at a third node, which is not there. */
const PEOPLE = [person('alice', 'b'), person('bob', 'b'), person('carol', 'c'), person('dave', 'b')]
/** Groups and units of this domain; bob is in the first and the second. */
const CROWDS = new Map([
	['team@example.com', 'a-group'],
	['unit:公司/销售', 'c-unit'],
	['unit:公司/财务', 'b-unit'],
])
const crowds: House['crowds'] = {
	id: name => CROWDS.get(name) ?? null,
	name: id => [...CROWDS].find(([, one]) => one === id)?.[0] ?? null,
	of: account => (account === 'id-of-bob' ? ['a-group', 'c-unit'] : []),
}

const HOME: Parameters<typeof startHome>[2] = {
	limits: LIMITS,
	crowds,
	quota: account =>
		account === 'id-of-dave' ? { octets: 2048, messages: 2 } : { octets: null, messages: null },
	jmapUrl: 'https://b.example.com/jmap/session',
}

const FILES = readdirSync(FOLDER).filter(name => name.endsWith('.txt'))

for (const name of FILES) {
	test(`IMAP goes as written in ${name}, at home`, { timeout: 20_000 }, async () => {
		const home = await startHome('b', PEOPLE, HOME)
		try {
			await play(FOLDER + name, { ports: { imap: home.port } })
		} finally {
			await home.close()
		}
	})

	test(`IMAP goes as written in ${name}, through another node`, { timeout: 20_000 }, async () => {
		let home: Home | null = null
		const away = await startHome('a', PEOPLE, { connect: entranceTo(() => home!, 'a'), limits: LIMITS })
		home = await startHome('b', PEOPLE, HOME)
		try {
			await play(FOLDER + name, { ports: { imap: away.port } })
		} finally {
			await away.close()
			await home.close()
		}
	})
}

/** What a client says to use what is announced. */
const USED: Record<string, RegExp> = {
	IMAP4rev1: / SELECT INBOX$/m,
	IMAP4rev2: / ENABLE .*IMAP4rev2/m,
	'LITERAL+': /^C.*\{\w+\+\}/m,
	ID: / ID \(/m,
	ENABLE: / ENABLE /m,
	'SASL-IR': / AUTHENTICATE PLAIN \w+=/m,
	STARTTLS: / STARTTLS\nS.* OK .*\nT/m,
	'AUTH=PLAIN': / AUTHENTICATE PLAIN/m,
	'AUTH=LOGIN': / AUTHENTICATE LOGIN/m,
	IDLE: / IDLE$/m,
	NAMESPACE: / NAMESPACE$/m,
	CHILDREN: /^S.*\\HasChildren/m,
	'LIST-EXTENDED': / LIST \(\w.*\) /m,
	'LIST-STATUS': / LIST .*RETURN \(.*STATUS \(/m,
	'SPECIAL-USE': / LIST .*SPECIAL-USE/m,
	'CREATE-SPECIAL-USE': / CREATE .*\(USE \(/m,
	UIDPLUS: / UID EXPUNGE /m,
	UNSELECT: / UNSELECT$/m,
	MOVE: / MOVE /m,
	MULTIAPPEND: / APPEND .*\}.*\{/m,
	'STATUS=SIZE': / STATUS .*\bSIZE/m,
	WITHIN: / SEARCH .*(?:YOUNGER|OLDER) /m,
	ESEARCH: / SEARCH RETURN \(.*(?:MIN|COUNT|ALL)/m,
	SEARCHRES: / SEARCH RETURN \(.*SAVE/m,
	'SEARCH=FUZZY': / SEARCH .*FUZZY /m,
	PARTIAL: / SEARCH RETURN \(.*PARTIAL /m,
	SORT: / SORT \(/m,
	'SORT=DISPLAY': / SORT \(.*DISPLAY(?:FROM|TO)/m,
	ESORT: / SORT RETURN \(/m,
	'THREAD=ORDEREDSUBJECT': / THREAD ORDEREDSUBJECT/m,
	'THREAD=REFERENCES': / THREAD REFERENCES/m,
	'I18NLEVEL=1': / (?:SEARCH|SORT) .*UTF-8 /m,
	UIDONLY: / ENABLE UIDONLY/m,
	CONDSTORE: /CHANGEDSINCE|UNCHANGEDSINCE/,
	QRESYNC: / SELECT .*\(QRESYNC \(/m,
	BINARY: / FETCH .*BINARY/m,
	OBJECTID: / FETCH .*EMAILID/m,
	PREVIEW: / FETCH .*PREVIEW \(LAZY\)/m,
	SAVEDATE: / FETCH .*SAVEDATE/m,
	'UTF8=ACCEPT': / APPEND .*UTF8 \(~/m,
	UNAUTHENTICATE: / UNAUTHENTICATE$/m,
	REPLACE: / REPLACE /m,
	CATENATE: / APPEND .*CATENATE \(/m,
	NOTIFY: / NOTIFY SET /m,
	ACL: / SETACL /m,
	'RIGHTS=texk': / LISTRIGHTS /m,
	'LIST-MYRIGHTS': / LIST .*MYRIGHTS/m,
	QUOTA: / GETQUOTAROOT /m,
	'QUOTA=RES-STORAGE': /^S.* QUOTA .*STORAGE \d/m,
	'QUOTA=RES-MESSAGE': /^S.* QUOTA .*MESSAGE \d/m,
	METADATA: / SETMETADATA /m,
	'LIST-METADATA': / LIST .*RETURN \(.*METADATA \(/m,
	MULTISEARCH: / ESEARCH IN \(/m,
	'COMPRESS=DEFLATE': / COMPRESS DEFLATE\nS.* OK .*\nZ/m,
	'APPENDLIMIT=100000': / STATUS .*APPENDLIMIT/m,
	'MESSAGELIMIT=12': /^S.*\[MESSAGELIMIT 12/m,
	JMAPACCESS: / GETJMAPACCESS$/m,
}

test('whatever is announced, and every command, has a transcript', async () => {
	const home = await startHome('b', PEOPLE, HOME)
	const announced = new Set<string>()
	try {
		for (const implicitTls of [false, true]) {
			const talk = await Talk.to(implicitTls ? home.tlsPort : home.port, implicitTls)
			const hear = async (tag: string) => {
				const heard = await talk.hear(new RegExp(`(?:^|\r\n)${tag} OK .*\r\n$`))
				for (const [, words] of heard.matchAll(/CAPABILITY ([^\]\r]*)/g))
					for (const word of words!.split(' ')) announced.add(word)
			}
			await hear('\\*')
			talk.send('a LOGIN alice@example.com secret\r\n')
			await hear('a')
			talk.close()
		}
	} finally {
		await home.close()
	}
	// Told after ten seconds of work: src/servers/imap/partial.test.ts.
	announced.delete('INPROGRESS')
	assert.deepEqual([...announced].sort(), Object.keys(USED).sort())
	const all = FILES.map(name => readFileSync(FOLDER + name, 'utf8')).join('\n')
	assert.deepEqual(
		Object.keys(USED).filter(name => !USED[name]!.test(all)),
		[],
	)
	const said = new Set([...all.matchAll(/^C\d: \S+ (?:UID )?([A-Z]+)/gm)].map(([, verb]) => verb!))
	assert.deepEqual(
		commandNames.filter(name => !said.has(name)),
		[],
	)
})
