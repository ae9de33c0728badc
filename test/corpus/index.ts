import { addresses } from './addresses.ts'
import { dates } from './dates.ts'
import { linesAndHeaders } from './lines.ts'
import { parameters } from './parameters.ts'
import { programs } from './programs.ts'
import { structures } from './structures.ts'
import { texts } from './texts.ts'
import { words } from './words.ts'
import type { Awkward } from './write.ts'

/** Messages of our own making that are hard to read; each says why it is here. */
export const corpus: Awkward[] = [
	...linesAndHeaders,
	...dates,
	...addresses,
	...words,
	...parameters,
	...texts,
	...structures,
	...programs,
]
