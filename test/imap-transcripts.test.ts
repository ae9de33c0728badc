import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import type { House } from '../src/servers/types.ts'
import { entranceTo, type Home, person, startHome } from './imap-house.ts'
import { play } from './support/transcript.ts'

const FOLDER = new URL('./transcripts/imap/', import.meta.url).pathname
const LIMITS = { maxMessageSize: 100_000, messagesPerCommand: 12 }
/** carol lives at a third node, which is not there. */
const PEOPLE = [person('alice', 'b'), person('bob', 'b'), person('carol', 'c')]
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

for (const name of readdirSync(FOLDER).filter(name => name.endsWith('.txt'))) {
	test(`IMAP goes as written in ${name}, at home`, { timeout: 20_000 }, async () => {
		const home = await startHome('b', PEOPLE, { limits: LIMITS, crowds })
		try {
			await play(FOLDER + name, { ports: { imap: home.port } })
		} finally {
			await home.close()
		}
	})

	test(`IMAP goes as written in ${name}, through another node`, { timeout: 20_000 }, async () => {
		let home: Home | null = null
		const away = await startHome('a', PEOPLE, { connect: entranceTo(() => home!, 'a'), limits: LIMITS })
		home = await startHome('b', PEOPLE, { limits: LIMITS, crowds })
		try {
			await play(FOLDER + name, { ports: { imap: away.port } })
		} finally {
			await away.close()
			await home.close()
		}
	})
}
