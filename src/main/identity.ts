import { join } from 'node:path'
import { z } from 'zod'
import { newId, readIfThere, writeFileAtomic } from '../kit/index.ts'

const shape = z.object({
	id: z.string().regex(/^[0-9a-z]{26}$/),
	/** What this node last said of itself: so that a changed setting is announced, and an administrator's edit stays. */
	announced: z.record(z.string(), z.union([z.string(), z.number()])),
	/** What it was called in the cluster it has left last, and since when; `leaving`: the directory may not know yet. */
	left: z.object({ id: z.string(), at: z.number(), leaving: z.boolean() }).exactOptional(),
})
export type Identity = z.infer<typeof shape>

/** Who this node is: `node.json` in its data directory, made at the first start. */
export function readIdentity(data: string): Identity {
	const path = join(data, 'node.json')
	const text = readIfThere(path)
	if (text !== null) return shape.parse(JSON.parse(text))
	const identity: Identity = { id: newId(), announced: {} }
	writeIdentity(data, identity)
	return identity
}

export function writeIdentity(data: string, identity: Identity): void {
	writeFileAtomic(join(data, 'node.json'), JSON.stringify(identity))
}
