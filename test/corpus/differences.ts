import { readFileSync } from 'node:fs'
import { ASPECTS, type Aspect } from './readings.ts'

/** Readers differ in this aspect; `value`: what we see when we agree with neither. */
export type Difference = { with: 'python' | 'postal-mime' | 'neither'; why: string; value: string }

/**
 * Message → aspect → difference, from differences.txt: the name of a message, below it, after a tab,
 * `ASPECTS: READER, why` and, for `neither`, `ASPECT = value` for each. `python`: the version whose readings these are.
 */
export function readDifferences(): { python: string; of: Map<string, Map<Aspect, Difference>> } {
	const lines = readFileSync(new URL('./differences.txt', import.meta.url), 'utf8')
		.trimEnd()
		.split('\n')
	const of = new Map<string, Map<Aspect, Difference>>()
	let python = ''
	let aspects = new Map<Aspect, Difference>()
	for (const line of lines) {
		const told = /^\t([a-z ]+): (python|postal-mime|neither), (.+)$/.exec(line)
		const value = /^\t([a-z]+) = (.*)$/.exec(line)
		if (line.startsWith('#')) python = /^# Python: (\S+)/.exec(line)?.[1] ?? python
		else if (told) {
			for (const aspect of told[1]!.split(' ') as Aspect[]) {
				if (!ASPECTS.includes(aspect) || aspects.has(aspect)) throw new Error(`${aspect}? ${line}`)
				aspects.set(aspect, { with: told[2] as Difference['with'], why: told[3]!, value: '' })
			}
		} else if (value) aspects.get(value[1] as Aspect)!.value = value[2]!
		else if (line.startsWith('\t') || of.has(line)) throw new Error(`what is this? ${line}`)
		else of.set(line, (aspects = new Map()))
	}
	return { python, of }
}
