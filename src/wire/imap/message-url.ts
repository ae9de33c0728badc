import { Cursor, fromUtf8, SyntaxFault } from './cursor.ts'
import { section } from './parse-fetch.ts'
import type { Section } from './types.ts'

/** What an IMAP URL of CATENATE names (RFC 4469 section 4, RFC 5092): a message or a part of one. */
export type MessageUrl = {
	/** null = the selected one. */
	mailbox: string | null
	uidValidity: number | null
	uid: number
	section: Section
	/** `length` null = up to the end. */
	partial: { offset: number; length: number | null } | null
}

const URL =
	/^(?:\/(?<mailbox>[^;]*?)(?:;uidvalidity=(?<validity>\d{1,10}))?\/)?\/?;uid=(?<uid>\d{1,10})(?:\/;section=(?<section>[^;]+?))?(?:\/;partial=(?<offset>\d{1,15})(?:\.(?<length>\d{1,15}))?)?$/i

/** Null when it is no such URL, or one of another server. */
export function parseMessageUrl(url: string): MessageUrl | null {
	const found = URL.exec(url)?.groups
	if (!found) return null
	try {
		const name = decodeURIComponent(fromUtf8(found.mailbox ?? ''))
		const cursor = new Cursor([`[${decodeURIComponent(found.section ?? '')}]`])
		const read = section(cursor)
		if (!cursor.done) return null
		return {
			mailbox: name === '' ? null : name,
			uidValidity: found.validity === undefined ? null : Number(found.validity),
			uid: Number(found.uid),
			section: read,
			partial:
				found.offset === undefined
					? null
					: {
							offset: Number(found.offset),
							length: found.length === undefined ? null : Number(found.length),
						},
		}
	} catch (error) {
		if (error instanceof SyntaxFault || error instanceof URIError) return null
		throw error
	}
}
