import { domainToASCII } from 'node:url'
import { parseAddresses } from './address.ts'
import { encodeWords, printable } from './encoded-word.ts'
import { quoteLocal } from './mailbox.ts'
import type { Address, AddressOrGroup } from './types.ts'

const LINE = 76
const ADDRESS_FIELDS = new Set([
	'from',
	'sender',
	'reply-to',
	'to',
	'cc',
	'bcc',
	'resent-from',
	'resent-sender',
	'resent-to',
	'resent-cc',
	'resent-bcc',
	'disposition-notification-to',
])

/**
 * A whole header field with its CRLF, folded to 76 characters where white space allows. Text outside ASCII becomes
 * encoded words; in address fields only names do, addresses stay UTF-8 (RFC 6532). Line ends and other control
 * characters in the value become spaces: nothing can slip in a field of its own.
 */
export function encodeHeader(name: string, value: string): string {
	const clean = printable(value.toWellFormed()).trim()
	if (clean === '') return `${name}: \r\n`
	if (ADDRESS_FIELDS.has(name.toLowerCase())) {
		const list = isAscii(clean) ? clean : parseAddresses(clean).map(formatEntry).join(', ')
		return fold(name, list.split(' '))
	}
	return fold(name, encodeUnstructured(clean, LINE - name.length - 2))
}

/** Words to be parted by spaces: those from the first that needs encoding to the last become encoded words. */
function encodeUnstructured(text: string, room: number): string[] {
	const words = text.split(' ')
	const first = words.findIndex(needsEncoding)
	if (first < 0) return words
	const last = words.findLastIndex(needsEncoding)
	const before = words.slice(0, first)
	const used = before.reduce((sum, word) => sum + word.length + 1, 0)
	// A first word of less than two dozen characters would be mostly frame: let it go to the next line whole.
	const left = room - used >= 24 ? room - used : LINE - 1
	return [...before, ...encodeWords(words.slice(first, last + 1).join(' '), left), ...words.slice(last + 1)]
}

/** RFC 5322 section 2.1.1: no line may pass 998 octets, so a word without a space to fold at is encoded too. */
function needsEncoding(word: string): boolean {
	return !isAscii(word) || word.includes('=?') || word.length > 900
}

function fold(name: string, words: string[]): string {
	let out = `${name}:`
	let column = out.length
	for (const [index, word] of words.entries()) {
		// An empty word stands for one of several spaces: a line of nothing but white space is forbidden (section 3.2.2).
		if (index > 0 && word !== '' && column + 1 + word.length > LINE) {
			out += '\r\n'
			column = 0
		}
		out += ` ${word}`
		column += 1 + word.length
	}
	return `${out}\r\n`
}

/**
 * `name <local@domain>` for a header. An ASCII local part gets its domain in ASCII too, so that every server can
 * take the message; a local part of other characters needs SMTPUTF8 anyway.
 */
export function formatAddress(address: Address): string {
	const mailbox = address.mailbox.replace(/[\x00-\x1f\x7f]/g, '')
	const host = address.host.replace(/[\x00-\x20\x7f<>]/g, '')
	const domain = isAscii(mailbox) && !isAscii(host) ? domainToASCII(host) || host : host
	const spec = domain === '' ? quoteLocal(mailbox) : `${quoteLocal(mailbox)}@${domain}`
	const name = formatPhrase(address.name ?? '')
	return name === '' ? spec : `${name} <${spec}>`
}

function formatEntry(entry: AddressOrGroup): string {
	if (!('group' in entry)) return formatAddress(entry)
	const members = entry.members.map(formatAddress).join(', ')
	return `${formatPhrase(entry.group)}:${members === '' ? '' : ` ${members}`};`
}

/** A display name (RFC 5322 phrase): as it is, as a quoted string, or as encoded words. */
function formatPhrase(text: string): string {
	const clean = printable(text.toWellFormed()).trim()
	if (clean === '' || /^[a-z0-9!#$%&'*+\-/=?^_`{|}~]+(?: [a-z0-9!#$%&'*+\-/=?^_`{|}~]+)*$/i.test(clean)) {
		return clean.includes('=?') ? encodeWords(clean).join(' ') : clean
	}
	if (!isAscii(clean) || clean.includes('=?')) return encodeWords(clean).join(' ')
	return `"${clean.replace(/["\\]/g, '\\$&')}"`
}

function isAscii(text: string): boolean {
	return !/[^\x00-\x7f]/.test(text)
}
