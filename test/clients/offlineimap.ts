import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { small } from '../support/letters.ts'
import { PORTS, until } from '../support/nodes.ts'
import { quiet } from '../support/program.ts'
import { type Place, type Town, unix } from './town.ts'

/** It may stop for ever by itself (docs/quirks.md): then it is ended and started again, so often at most. */
const TRIES = 3
const PATIENCE = 60_000

/** One mailbox to a Maildir under `maildir`, changes both ways. TLS 1.2: see docs/quirks.md. */
function settings({ node }: Place, certificate: string, mailbox: string, maildir: string): string {
	const fingerprint = new X509Certificate(certificate).fingerprint.replaceAll(':', '').toLowerCase()
	return `[general]
accounts = account
metadata = ${maildir}.state
ui = quiet
[Account account]
localrepository = near
remoterepository = far
[Repository near]
type = Maildir
localfolders = ${maildir}
[Repository far]
type = IMAP
remotehost = ${node.ip}
remoteport = ${PORTS.imaps}
maxconnections = ${CONNECTIONS}
ssl = yes
ssl_version = tls1_2
cert_fingerprint = ${fingerprint}
remoteuser = alice@test.com
remotepass = secret
folderfilter = lambda name: name == '${mailbox}'
`
}

const CONNECTIONS = 2
const MESSAGES = 60
const NEW = 20

const NAMES = { S: '\\Seen', F: '\\Flagged', R: '\\Answered', D: '\\Draft' }

export function offlineimapTests(town: Town): void {
	test('offlineimap, killed in the middle and started again, has both sides alike: messages, flags, deletions', {
		timeout: 600_000,
	}, async t => {
		const { alice, folder } = town
		const kinds = small('offlineimap').map(({ bytes }) => bytes)
		const letter = (mark: string, index: number) =>
			Buffer.concat([Buffer.from(`X-Mark: ${mark} ${index}\r\n`), kinds[index % kinds.length]!])
		for (const place of town.places) {
			const box = `offline-${place.where}`
			const maildir = join(folder, box)
			const rc = `${maildir}.rc`
			const certificate = readFileSync(await town.certificate(place.node), 'utf8')
			writeFileSync(rc, settings(place, certificate, box, maildir))
			const messages = Array.from({ length: MESSAGES }, (_, index) => letter('far', index))
			await alice.fill(box, messages, index => (index % 10 === 0 ? ['\\Seen'] : []))

			const files = () => {
				try {
					return ['new', 'cur'].flatMap(sub =>
						readdirSync(join(maildir, box, sub)).map(name => join(maildir, box, sub, name)),
					)
				} catch {
					return [] // not made yet
				}
			}
			/** Ends by itself, or is killed as soon as the condition is so. Null when it did not end. */
			const run = async (enough: () => boolean | Promise<boolean> = () => false): Promise<number | null> => {
				const child = spawn('offlineimap', ['-o', '-c', rc], { env: quiet(folder), stdio: 'ignore' })
				const ended = once(child, 'exit')
				const isOver = async () => child.exitCode !== null || (await enough())
				await until('it ends', PATIENCE, isOver).catch(() => t.diagnostic('offlineimap stopped for ever'))
				child.kill('SIGKILL')
				await ended
				return child.exitCode
			}
			/** On a busy machine it may be ready before it is killed: then this time nothing was interrupted. */
			const interrupted = async (what: string, enough: () => boolean | Promise<boolean>) => {
				const status = await run(enough)
				if (status !== null) t.diagnostic(`it had ${what} before it could be killed`)
				assert.ok(status === null || status === 0)
			}
			const sync = async () => {
				for (let tries = 0; tries < TRIES; tries++) {
					const status = await run()
					if (status !== null) return assert.equal(status, 0)
				}
				assert.fail(`offlineimap did not end, ${TRIES} times`)
			}
			const alike = async () => {
				const near = files().map(file => {
					const letters = /:2,([A-Z]*)$/.exec(file)?.[1] ?? ''
					const flags = [...letters].map(letter => NAMES[letter as keyof typeof NAMES]).sort()
					return `${flags} ${readFileSync(file, 'latin1')}`
				})
				const flags = [...(await alice.flags(box)).values()]
				const far = (await alice.all(box)).map((message, index) => `${flags[index]} ${unix(message)}`)
				assert.deepEqual(near.sort(), far.sort())
				return near
			}

			await interrupted('pulled all', () => files().length > MESSAGES / 4)
			await sync()
			assert.equal((await alike()).length, MESSAGES)
			assert.deepEqual(await alice.all(box), messages)

			// Its changes, ours, and messages of its own.
			const file = (uid: number) => files().find(name => name.includes(`,U=${uid},`))!
			renameSync(file(5), join(maildir, box, 'cur', basename(file(5)).replace(/:2,.*|$/, ':2,FRS')))
			unlinkSync(file(6))
			await alice.mark(box, 7, ['\\Flagged'])
			await alice.remove(box, 8)
			for (let index = 0; index < NEW; index++)
				writeFileSync(join(maildir, box, 'new', `1.${index}.near`), unix(letter('near', index)))
			const there = async () => (await alice.flags(box)).size
			const pushed = async () => (await there()) > MESSAGES - 2 + NEW / 4
			await interrupted('pushed all', pushed)
			await sync()
			const now = await alike()
			const flags = await alice.flags(box)
			assert.deepEqual(flags.get(5), ['\\Answered', '\\Flagged', '\\Seen'])
			assert.deepEqual(flags.get(7), ['\\Flagged'])
			for (const uid of [6, 8]) assert.equal(flags.get(uid), undefined)
			// What was on its way when it was killed, one on each connection, it does not know to be there, and sends again.
			assert.equal(new Set(now).size, MESSAGES - 2 + NEW)
			assert.ok(now.length - new Set(now).size <= CONNECTIONS)

			const before = files().sort()
			await sync()
			assert.deepEqual(files().sort(), before)
			assert.deepEqual(await alice.flags(box), flags)
		}
	})
}
