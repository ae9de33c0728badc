import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { listen, serveLmtp, serveSmtp, serveSubmission } from '../src/servers/index.ts'
import { account, house } from './support/house.ts'
import { open } from './support/talk.ts'
import { play } from './support/transcript.ts'

const FOLDER = new URL('./transcripts/smtp/', import.meta.url).pathname
const FILES = readdirSync(FOLDER).filter(name => name.endsWith('.txt'))

for (const name of FILES) {
	test(`SMTP goes as written in ${name}`, { timeout: 60_000 }, async () => {
		const home = house({ accounts: [account('alice'), account('bob')] })
		const doors = [
			await open(home, serveSmtp),
			await open(home, serveSubmission),
			await open(home, serveSubmission, true),
		]
		const [smtp, submission, submissions] = doors.map(({ port }) => port) as [number, number, number]
		// As it comes from the web port: by a node of ours. Not TLS here, which the protocol cannot see.
		const nodes = await listen(home, [])
		const server = createServer(socket =>
			nodes.adopt({ socket, implicitTls: true, node: 'there' }, serveLmtp),
		)
		await once(server.listen(0, '127.0.0.1'), 'listening')
		const lmtp = (server.address() as AddressInfo).port
		try {
			const ports = { smtp, submission, submissions, lmtp }
			await play(FOLDER + name, { ports, implicitTls: ['submissions'] })
		} finally {
			server.close()
			await Promise.all([...doors, nodes].map(door => door.close(0)))
		}
	})
}

/** What a client says to use what is announced. */
const USED: Record<string, RegExp> = {
	PIPELINING: /^C1: MAIL .*\nC1: RCPT .*\nC1: DATA/m,
	SIZE: /^C\d: MAIL .* SIZE=/m,
	'8BITMIME': /^C\d: MAIL .* BODY=8BITMIME/m,
	SMTPUTF8: /^C\d: MAIL .* SMTPUTF8/m,
	CHUNKING: /^C\d: BDAT \d+ LAST/m,
	ENHANCEDSTATUSCODES: /^S\d: 250 2\.1\.0 /m,
	DSN: /^C\d: RCPT .* NOTIFY=.* ORCPT=/m,
	DELIVERBY: /^C\d: MAIL .* BY=\d+;R/m,
	BINARYMIME: /^C\d: MAIL .* BODY=BINARYMIME/m,
	FUTURERELEASE: /^C\d: MAIL .* HOLDFOR=60\n/m,
	'MT-PRIORITY': /^C\d: MAIL .* MT-PRIORITY=-?\d/m,
	REQUIRETLS: /^C\d: MAIL .* REQUIRETLS\nS\d: 250/m,
	LIMITS: /^S\d: 452 4\.5\.3/m,
	STARTTLS: /^C\d: STARTTLS\nS\d: 220 .*\nT/m,
	AUTH: /^C\d: AUTH /m,
}

test('whatever is announced, and every command, has a transcript', () => {
	const all = FILES.map(name => readFileSync(FOLDER + name, 'utf8')).join('\n')
	// Each answer to EHLO and LHLO is written there to the letter.
	const announced = [...all.matchAll(/^S\d: 250[- ](?!\d\.)(\S+)/gm)].map(([, word]) => word!)
	assert.deepEqual(
		[...new Set(announced)].filter(word => word !== 'mail.example.com').sort(),
		Object.keys(USED).sort(),
	)
	for (const [name, used] of Object.entries(USED)) assert.match(all, used, name)
	for (const verb of ['EHLO', 'HELO', 'LHLO', 'RSET', 'NOOP', 'QUIT', 'VRFY', 'EXPN', 'HELP'])
		assert.match(all, new RegExp(`^C\\d: ${verb}\\b`, 'm'), verb)
})
