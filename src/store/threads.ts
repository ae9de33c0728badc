import { hash } from 'node:crypto'
import { baseSubject, type Envelope } from '../message/index.ts'
import type { MailFile } from './mail-file.ts'
import { fold } from './search/text.ts'

/*
 * Which messages are one conversation (RFC 8621 section 3): those that name a common Message-ID and have one base
 * subject. A message keeps its thread for ever, so threads that turn out to be one are not joined.
 */

/** Message-IDs of one message that are looked at. */
const MOST_LINKS = 20
/** A thread that has so many messages is full: the next one begins another. */
const FULL = 500

/** An email that is no more, by its hash. Left to itself SQLite looks through all that ever went of the account. */
const GONE = "gone INDEXED BY gone_id WHERE owner = ? AND kind = 'Email' AND id"
export const GONE_EMAIL = `${GONE} = ?`
/** Of several; before the query for their hashes. */
export const GONE_EMAILS = `${GONE} IN`

/** A message as its body has been read. */
export type Named = { hash: string; envelope: string }

/** 53 bits: a number of JavaScript. */
function numberOf(text: string): number {
	const digest = hash('sha256', text)
	return Number.parseInt(digest.slice(0, 12), 16) * 32 + (Number.parseInt(digest.slice(12, 14), 16) & 31)
}

const known = new WeakMap<Named, { links: string[]; owner: number; keys: number[] }>()

/** What ties a message to others of the account, as numbers that another message of its thread has too. The most telling first. */
function keysOf(owner: number, message: Named): number[] {
	const before = known.get(message)
	if (before?.owner === owner) return before.keys
	const links = before?.links ?? linksOf(JSON.parse(message.envelope))
	const keys = links.map(link => numberOf(`${owner}\0${link}`))
	known.set(message, { links, owner, keys })
	return keys
}

function linksOf(envelope: Envelope): string[] {
	const answered = envelope.inReplyTo?.match(/<[^<>]+>/g) ?? []
	const ids = [...answered, ...envelope.references.toReversed(), envelope.messageId ?? '']
	const subject = fold(baseSubject(envelope.subject).base).replace(/\s+/g, '')
	const different = [...new Set(ids.map(id => id.replace(/\s/g, '')))].filter(id => id !== '')
	// Its own id is the last, and always among them.
	const kept =
		different.length > MOST_LINKS ? [...different.slice(0, MOST_LINKS - 1), different.at(-1)!] : different
	return kept.map(id => `${subject}\0${id}`)
}

/** The thread of a message that comes to an account; null = it begins one. */
export function threadFor(file: MailFile, account: string, message: Named): number | null {
	const owner = file.histories.find(account)?.owner
	if (owner === undefined) return null
	const blob = file.bodies.find(message.hash)
	if (blob !== undefined) {
		const sql = 'SELECT thread FROM email WHERE owner = ? AND blob = ?'
		const same = file.get<{ thread: number }>(sql, owner, blob)
		if (same) return same.thread
	}
	// It was here before: an email's thread never changes (RFC 8621 section 4.1.1).
	const gone = `SELECT thread FROM ${GONE_EMAIL}`
	const before = file.get<{ thread: number | null }>(gone, owner, message.hash)?.thread
	if (before) return before
	for (const key of keysOf(owner, message)) {
		const found = file.references.find(key)
		if (found !== undefined && !isFull(file, owner, found)) return found
	}
	return null
}

/** Of a message whose log does not say: the same wherever it is replayed. */
export function threadOfHash(account: string, hash: string): number {
	return numberOf(`${account}\0${hash}`)
}

let last = 0

/** Numbers of new threads rise, so that they stand side by side in an index. A millisecond has 2048 of them. */
export function newThread(file: MailFile): number {
	last = Math.max(last + 1, file.clock.now() * 2048)
	return last
}

function isFull(file: MailFile, owner: number, thread: number): boolean {
	const sql = 'SELECT count(*) AS size FROM (SELECT 1 FROM email WHERE owner = ? AND thread = ? LIMIT ?)'
	return file.get<{ size: number }>(sql, owner, thread, FULL)!.size >= FULL
}

/** Messages that name the same will come to this thread. */
export function linkThread(file: MailFile, owner: number, thread: number, message: Named): void {
	for (const key of keysOf(owner, message)) {
		const before = file.references.find(key)
		if (before === thread) continue
		if (before !== undefined) file.references.remove(key)
		file.references.add(key, thread, owner)
	}
}

/** A thread whose last messages went: this is one of them. */
export type Ended = { owner: number; thread: number; message: Named }

/** Nothing leads to the thread any more, as far as that message knows; unless another has come to it meanwhile. */
export function forgetThread(file: MailFile, { owner, thread, message }: Ended): void {
	if (file.get('SELECT 1 FROM email WHERE owner = ? AND thread = ?', owner, thread)) return
	for (const key of keysOf(owner, message)) {
		if (file.references.find(key) === thread) file.references.remove(key)
	}
}

/** RFC 8474 THREADID, RFC 8621 threadId. */
export function threadId(thread: number): string {
	return `T${thread.toString(36)}`
}

/** The thread of an id that `threadId` made; null for anything else. */
export function threadOf(id: string): number | null {
	const thread = /^T[0-9a-z]{1,11}$/.test(id) ? Number.parseInt(id.slice(1), 36) : Number.NaN
	return Number.isSafeInteger(thread) && threadId(thread) === id ? thread : null
}
