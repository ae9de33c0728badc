import { decodeHeader } from './encoded-word.ts'
import type { Address, AddressOrGroup } from './types.ts'

/** More addresses than a field of any real message has; the rest is not read. */
const MOST = 10_000

const ENCODED_WORD = /=\?[^?\s]{1,80}\?[bq]\?[^?\s]*\?=/iy

/**
 * An address list (RFC 5322 section 3.4, with the obsolete forms of 4.4), unfolded, 8-bit already decoded.
 * What is no address is kept as one without a host, so that nothing the reader saw gets lost. Linear; never throws.
 */
export function parseAddresses(value: string): AddressOrGroup[] {
	return new AddressParser(value).list()
}

/** A word of a phrase or of an addr-spec; `spaced`: white space or a comment stood before it. */
type Word = { text: string; quoted: boolean; spaced: boolean }

class AddressParser {
	#text: string
	#at = 0
	#out: AddressOrGroup[] = []
	#group: { group: string; members: Address[] } | null = null
	#count = 0
	#words: Word[] = []
	#sawAt = false
	#comment = ''
	#angle: Word[] | null = null

	constructor(text: string) {
		this.#text = text
	}

	list(): AddressOrGroup[] {
		let spaced = false
		while (this.#at < this.#text.length && this.#count < MOST) {
			const char = this.#text[this.#at]!
			switch (char) {
				case ' ':
				case '\t':
				case '\r':
				case '\n':
					this.#at++
					spaced = true
					continue
				case '(':
					this.#keepComment(this.#readComment())
					spaced = true
					continue
				case ',':
					this.#at++
					this.#address()
					break
				case ';':
					this.#at++
					this.#address()
					this.#group = null
					break
				case ':':
					this.#at++
					this.#colon()
					break
				case '>':
					this.#at++
					break
				case '<':
					this.#at++
					// QUIRK: `<a@example.com> <b@example.com>`, the comma forgotten.
					if (this.#angle) this.#address()
					this.#angle = this.#readAngle()
					break
				default:
					this.#word(this.#readWord(spaced))
			}
			spaced = false
		}
		this.#address()
		return this.#out
	}

	/** The first comment may be the name: `alice@example.com (Alice)`. */
	#keepComment(comment: string): void {
		if (this.#comment === '') this.#comment = comment
	}

	#word(word: Word): void {
		this.#words.push(word)
		this.#sawAt ||= isAddress(word)
	}

	/** `name:` begins a group; anything else with a colon is a mailbox somebody spoiled. */
	#colon(): void {
		if (this.#group || this.#angle || this.#sawAt) {
			this.#words.push({ text: ':', quoted: false, spaced: false })
			return
		}
		this.#group = { group: phrase(this.#words), members: [] }
		this.#out.push(this.#group)
		this.#count++
		this.#words = []
		this.#comment = ''
	}

	/** What was read since the last comma is one mailbox, if anything. */
	#address(): void {
		if (this.#angle || this.#words.length > 0) {
			const address = this.#angle ? this.#named(this.#angle) : this.#bare()
			this.#count++
			if (this.#group) this.#group.members.push(address)
			else this.#out.push(address)
		}
		this.#words = []
		this.#sawAt = false
		this.#angle = null
		this.#comment = ''
	}

	#named(angle: Word[]): Address {
		return { name: phrase(this.#words) || commentName(this.#comment), ...addrSpec(angle) }
	}

	/** Without angle brackets: `local@domain (name)`. QUIRK: also `name local@domain`; the last word with an at sign counts. */
	#bare(): Address {
		const words = this.#words
		let at = words.length - 1
		while (at >= 0 && !isAddress(words[at]!)) at--
		if (at < 0) return { name: commentName(this.#comment), mailbox: phrase(words), host: '' }
		let first = at
		while (first > 0 && tied(words[first - 1]!, words[first]!)) first--
		let end = at + 1
		while (end < words.length && tied(words[end - 1]!, words[end]!)) end++
		const around =
			end < words.length ? [...words.slice(0, first), ...words.slice(end)] : words.slice(0, first)
		return { name: phrase(around) || commentName(this.#comment), ...addrSpec(words.slice(first, end)) }
	}

	/** Up to `>`. QUIRK: one that is not closed ends at the next comma, so that the others on the list survive. */
	#readAngle(): Word[] {
		let words: Word[] = []
		let route = this.#text[this.#at] === '@'
		while (this.#at < this.#text.length) {
			const char = this.#text[this.#at]!
			if (char === '>') {
				this.#at++
				break
			}
			if (char === '(') this.#readComment()
			else if (route && char === ':') {
				// RFC 5322 section 4.4: the route before the colon is to be ignored.
				route = false
				words = []
				this.#at++
			} else if (char === ',' && !route) break
			else if (char === ' ' || char === '\t' || char === ',' || char === '<') this.#at++
			else if (char === ':' || char === ';')
				words.push({ text: this.#text[this.#at++]!, quoted: false, spaced: false })
			else words.push(this.#readWord(false))
		}
		return words
	}

	#readWord(spaced: boolean): Word {
		const text = this.#text
		if (text[this.#at] === '"') return { text: this.#readQuoted(), quoted: true, spaced }
		if (text[this.#at] === '=') {
			// QUIRK: encoded words with commas and parentheses in them, which a phrase may not have.
			ENCODED_WORD.lastIndex = this.#at
			const match = ENCODED_WORD.exec(text)
			if (match) {
				this.#at += match[0].length
				return { text: match[0], quoted: false, spaced }
			}
		}
		const from = this.#at++
		if (text[from] === '[') return { text: this.#readLiteral(from), quoted: false, spaced }
		while (this.#at < text.length && !isSpecial(text.charCodeAt(this.#at))) this.#at++
		return { text: text.slice(from, this.#at), quoted: false, spaced }
	}

	/** A domain literal; one that is not closed is an ordinary word. */
	#readLiteral(from: number): string {
		const text = this.#text
		while (this.#at < text.length && text[this.#at] !== ']' && !isSpecial(text.charCodeAt(this.#at), true))
			this.#at++
		if (text[this.#at] === ']') this.#at++
		return text.slice(from, this.#at)
	}

	#readQuoted(): string {
		const text = this.#text
		let out = ''
		let piece = ++this.#at
		for (; this.#at < text.length && text[this.#at] !== '"'; this.#at++) {
			if (text[this.#at] !== '\\') continue
			out += text.slice(piece, this.#at)
			piece = ++this.#at
		}
		out += text.slice(piece, this.#at)
		this.#at++
		return out
	}

	#readComment(): string {
		const text = this.#text
		let out = ''
		let depth = 0
		let piece = this.#at + 1
		for (; this.#at < text.length; this.#at++) {
			const char = text[this.#at]
			if (char === '(') depth++
			else if (char === ')') {
				if (--depth > 0) continue
				out += text.slice(piece, this.#at)
				this.#at++
				return out
			} else if (char === '\\') {
				out += text.slice(piece, this.#at)
				piece = ++this.#at
			}
		}
		return out + text.slice(piece)
	}
}

/** The characters that end an atom here. The dot is not among them: people write `John Q. Public` (obs-phrase). */
function isSpecial(code: number, inLiteral = false): boolean {
	switch (code) {
		case 58: // : may stand in an IPv6 literal
			return !inLiteral
		case 9:
		case 10:
		case 13:
		case 32:
		case 34: // "
		case 40: // (
		case 44: // ,
		case 59: // ;
		case 60: // <
		case 62: // >
			return true
		case 91: // [
			return !inLiteral
		default:
			return false
	}
}

function isAddress(word: Word): boolean {
	return !word.quoted && word.text.includes('@')
}

/** Parts of one addr-spec: nothing between them, or a dot or an at sign on one side (obs-local-part, obs-domain). */
function tied(left: Word, right: Word): boolean {
	if (!right.spaced) return true
	return (!left.quoted && /[.@]$/.test(left.text)) || (!right.quoted && /^[.@]/.test(right.text))
}

function phrase(words: Word[]): string {
	if (words.length === 0) return ''
	let text = words[0]!.text
	for (let i = 1; i < words.length; i++)
		text += (words[i]!.spaced || words[i]!.quoted ? ' ' : '') + words[i]!.text
	return decodeHeader(text).trim()
}

function commentName(comment: string): string | null {
	return comment === '' ? null : decodeHeader(comment).trim() || null
}

/** Split at the last at sign outside quotes; quotes taken off. */
function addrSpec(words: Word[]): { mailbox: string; host: string } {
	let mailbox = ''
	let host: string | null = null
	for (const word of words) {
		const at = word.quoted ? -1 : word.text.lastIndexOf('@')
		if (at < 0) {
			if (host === null) mailbox += word.text
			else host += word.text
			continue
		}
		if (host !== null) mailbox += `@${host}`
		mailbox += word.text.slice(0, at)
		host = word.text.slice(at + 1)
	}
	return { mailbox, host: host ?? '' }
}
