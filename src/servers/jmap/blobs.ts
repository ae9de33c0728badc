import { LARGE_MESSAGE } from '../../store/index.ts'
import type { Call } from './call.ts'
import { type Letter, letterOf, partOctets, readCut, storedLetter } from './letter.ts'
import { partNumbered } from './parts.ts'

/** Octets somebody may have. */
export type Blob = {
	size: number
	/** The hash of a whole body of the store, not of a part of one. */
	hash: string | null
	/** What a part says it is. */
	type: string | null
	octets(start: number, end: number): Promise<Buffer>
	pieces(start: number, end: number): AsyncIterable<Buffer>
}

/*
 * `B` and the hash of a body: a message or something uploaded. `-2`, `-1_2`: a part of it, transfer encoding undone;
 * and so on for parts of a message that is such a part.
 */
const ID = /^B([0-9a-f]{64})((?:-\d+(?:_\d+)*)*)$/

/** Null: there is none, or the account may not have it. */
export async function findBlob(call: Pick<Call, 'house' | 'account'>, id: string): Promise<Blob | null> {
	const match = ID.exec(id)
	if (!match) return null
	const [, hash, path] = match as unknown as [string, string, string]
	const { reader } = call.house
	const body = reader.emails.body(call.account.id, hash)
	if (!body) return null
	if (path === '') {
		return {
			size: body.size,
			hash,
			type: null,
			octets: (start, end) => readCut(reader, body.blob, start, end),
			pieces: (start, end) => reader.bodyStream(body.blob, start, end),
		}
	}
	let letter: Letter = storedLetter(reader, body.blob)
	let octets: Buffer | null = null
	let type = ''
	for (const number of path.slice(1).split('-')) {
		if (octets) letter = letterOf(letter.blobId, octets)
		const part = partNumbered(letter.structure, number.replaceAll('_', '.'))
		if (!part) return null
		octets = await partOctets(letter, part)
		type = `${part.type}/${part.subtype}`
	}
	return inMemory(octets!, type)
}

function inMemory(all: Buffer, type: string): Blob {
	return {
		size: all.length,
		hash: null,
		type,
		octets: async (start, end) => all.subarray(start, end),
		async *pieces(start, end) {
			yield all.subarray(start, end)
		},
	}
}

/** The whole of it, when it is to be in memory. */
function wholeOf(blob: Blob): Promise<Buffer> {
	return blob.octets(0, blob.size)
}

/** A blob as a message. */
export async function letterIn(call: Pick<Call, 'house' | 'account'>, id: string): Promise<Letter | null> {
	const blob = await findBlob(call, id)
	if (!blob) return null
	if (blob.hash !== null && blob.size > LARGE_MESSAGE) {
		const body = call.house.reader.emails.body(call.account.id, blob.hash)!
		return storedLetter(call.house.reader, body.blob)
	}
	return letterOf(id, await wholeOf(blob))
}
