/**
 * Text cut into words for the index, and what is looked for cut alike.
 *
 * IMAP looks for any piece of text, not for words (RFC 9051 section 6.4.4). It works all the same: characters are of
 * three classes (written without spaces, other letters and digits, all else), a word is a longest run of one class,
 * so a needle of one class lies inside one word wherever it stands. Runs written without spaces (Chinese, Japanese)
 * are kept as pairs of characters; Korean has spaces and words.
 */
const RUN =
	/([[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}]&&[\p{L}\p{N}\p{M}]]+)|[[\p{L}\p{N}\p{M}]--[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}]]+/gv
const ASCII_RUN = /[A-Za-z0-9]+/g

/** Longer words are kept as overlapping pieces: every piece of up to STRIDE characters lies inside one of them. */
const STRIDE = 32
const LONGEST = 2 * STRIDE

/** Adds the words of a folded text. */
export function addWords(text: string, words: Set<string>): void {
	if (isAscii(text)) {
		for (const word of text.match(ASCII_RUN) ?? []) addWord(word, words)
		return
	}
	for (const [run, spaceless] of text.matchAll(RUN)) {
		if (spaceless === undefined) addWord(run, words)
		else addPairs(run, words)
	}
}

function isAscii(text: string): boolean {
	return /^[\x00-\x7f]*$/.test(text)
}

function addWord(word: string, words: Set<string>): void {
	if (word.length <= LONGEST) words.add(word)
	else {
		for (let at = 0; ; at += STRIDE) {
			words.add(word.slice(at, at + LONGEST))
			if (at + LONGEST >= word.length) return
		}
	}
}

function addPairs(run: string, words: Set<string>): void {
	const characters = [...run]
	if (characters.length === 1) words.add(run)
	for (let i = 1; i < characters.length; i++) words.add(`${characters[i - 1]}${characters[i]}`)
}

/** A word of the index must hold `text`: anywhere, at its start, at its end, or be it. */
export type Clue = { text: string; at: 'anywhere' | 'start' | 'end' | 'whole' }

/** What a message that holds the needle must have in the index; `exact`: and whoever has it holds the needle. */
export type Clues = { all: Clue[]; exact: boolean }

/** @param needle folded. Null when the index cannot tell anything: it has no words, or half characters. */
export function cluesOf(needle: string): Clues | null {
	if (!needle.isWellFormed()) return null
	const all: Clue[] = []
	let exact = false
	for (const match of needle.matchAll(RUN)) {
		const [run, spaceless] = match
		const first = match.index === 0
		const last = match.index + run.length === needle.length
		if (spaceless !== undefined) {
			const characters = [...run]
			if (characters.length === 1) all.push({ text: run, at: 'anywhere' })
			for (let i = 1; i < characters.length; i++) {
				all.push({ text: `${characters[i - 1]}${characters[i]}`, at: 'whole' })
			}
			exact = first && last && characters.length <= 2
		} else if (run.length > STRIDE) all.push({ text: wellFormedStart(run), at: 'anywhere' })
		else {
			all.push({ text: run, at: first ? (last ? 'anywhere' : 'end') : last ? 'start' : 'whole' })
			exact = first && last
		}
	}
	return all.length > 0 ? { all, exact } : null
}

function wellFormedStart(run: string): string {
	const start = run.slice(0, STRIDE)
	return start.isWellFormed() ? start : start.slice(0, -1)
}
