import { createHash } from 'node:crypto'
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

/** 53 bits: a number of JavaScript. */
function numberOf(text: string): number {
	const digest = createHash('sha256').update(text).digest()
	return digest.readUIntBE(0, 6) * 32 + (digest[6]! & 31)
}

/** What ties a message to others: numbers that another message of its thread has too. The most telling first. */
function linksOf(envelope: Envelope): number[] {
	const answered = envelope.inReplyTo?.match(/<[^<>]+>/g) ?? []
	const ids = [...answered, ...envelope.references.toReversed(), envelope.messageId ?? '']
	const subject = fold(baseSubject(envelope.subject).base).replace(/\s+/g, '')
	const different = [...new Set(ids.map(id => id.replace(/\s/g, '')))].filter(id => id !== '')
	// Its own id is the last, and always among them.
	const kept =
		different.length > MOST_LINKS ? [...different.slice(0, MOST_LINKS - 1), different.at(-1)!] : different
	return kept.map(id => numberOf(`${subject}\0${id}`))
}

/** The thread of a message that comes to an account. */
export function threadFor(file: MailFile, account: string, hash: string, envelope: Envelope): number {
	const owner = file.get<{ owner: number }>(
		'SELECT key AS owner FROM history WHERE account = ?',
		account,
	)?.owner
	const blob = file.bodies.find(hash)
	const known = 'SELECT thread FROM email WHERE owner = ? AND blob = ?'
	if (owner !== undefined) {
		const same = blob === undefined ? undefined : file.get<{ thread: number }>(known, owner, blob)
		if (same) return same.thread
		for (const link of linksOf(envelope)) {
			const sql = 'SELECT thread FROM reference WHERE owner = ? AND hash = ?'
			const found = file.get<{ thread: number }>(sql, owner, link)
			if (found && !isFull(file, owner, found.thread)) return found.thread
		}
	}
	return numberOf(`${account}\0${hash}`)
}

function isFull(file: MailFile, owner: number, thread: number): boolean {
	const sql = 'SELECT count(*) AS size FROM (SELECT 1 FROM email WHERE owner = ? AND thread = ? LIMIT ?)'
	return file.get<{ size: number }>(sql, owner, thread, FULL)!.size >= FULL
}

/** Messages that name the same will come to this thread. */
export function linkThread(file: MailFile, owner: number, thread: number, envelope: Envelope): void {
	for (const link of linksOf(envelope))
		file.run('INSERT OR REPLACE INTO reference VALUES (?, ?, ?)', owner, link, thread)
}

/** Its last message went: nothing leads to it any more, as far as that message knows. */
export function forgetThread(file: MailFile, owner: number, thread: number, last: Envelope): void {
	for (const link of linksOf(last))
		file.run('DELETE FROM reference WHERE owner = ? AND hash = ? AND thread = ?', owner, link, thread)
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
