import { RequestRefused } from './types.ts'

/** Objects and lists within each other: whoever goes through them does it by calling himself. */
const DEEPEST = 200

/**
 * I-JSON (RFC 7493): UTF-8, no lone surrogates, no name twice in an object.
 * @throws RequestRefused notJSON; notRequest when it is nested too deeply
 */
export function parseJson(octets: Uint8Array): unknown {
	let text: string
	let value: unknown
	try {
		text = new TextDecoder('utf-8', { fatal: true }).decode(octets)
		value = JSON.parse(text)
	} catch {
		throw new RequestRefused('notJSON', 'the request is not JSON in UTF-8')
	}
	checkStrings(text)
	return value
}

/** Goes through text that is known to be JSON. */
function checkStrings(text: string): void {
	/** Names of each object that is open; null for an array. */
	const open: (Set<string> | null)[] = []
	let key = false
	for (let i = 0; i < text.length; i++) {
		switch (text[i]) {
			case '{':
			case '[':
				if (open.length >= DEEPEST)
					throw new RequestRefused('notRequest', `a request is nested at most ${DEEPEST} deep`)
				key = text[i] === '{'
				open.push(key ? new Set() : null)
				break
			case '}':
			case ']':
				open.pop()
				key = false
				break
			case ',':
				key = open.at(-1) !== null
				break
			case '"': {
				const end = endOfString(text, i)
				const raw = text.slice(i, end)
				const escaped = raw.includes('\\')
				const names = open.at(-1)
				if (escaped || (key && names)) {
					const string: string = escaped ? JSON.parse(raw) : raw.slice(1, -1)
					if (!string.isWellFormed())
						throw new RequestRefused('notJSON', 'a string has half a surrogate pair')
					if (key && names) {
						if (names.has(string))
							throw new RequestRefused('notJSON', `"${string}" stands twice in an object`)
						names.add(string)
					}
				}
				key = false
				i = end - 1
			}
		}
	}
}

function endOfString(text: string, start: number): number {
	for (let at = text.indexOf('"', start + 1); ; at = text.indexOf('"', at + 1)) {
		let slashes = 0
		while (text[at - 1 - slashes] === '\\') slashes++
		if (slashes % 2 === 0) return at + 1
	}
}
