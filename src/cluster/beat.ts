import { z } from 'zod'
import type { Beat } from './types.ts'

const shape = z.object({
	node: z.string(),
	now: z.number(),
	version: z.string().max(64),
	incarnation: z.string().max(64),
	extra: z.record(z.string(), z.unknown()),
})

/** A beat as it came over the wire; null when it is none, or speaks for another node than its sender. */
export function readBeat(data: Uint8Array, from: string): Beat | null {
	try {
		const beat = shape.safeParse(JSON.parse(Buffer.from(data).toString('utf8')))
		return beat.success && beat.data.node === from ? beat.data : null
	} catch {
		return null
	}
}
