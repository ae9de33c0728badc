import { decodeTransfer, type Envelope, type Part, scan } from '../../message/index.ts'
import { LARGE_MESSAGE, type Reader } from '../../store/index.ts'

/** A message to be looked into: in the store, or within something that is. */
export type Letter = {
	/** What `B…` ids of its parts begin with. */
	blobId: string
	size: number
	envelope: Envelope
	structure: Part
	preview: string
	/** Octets from `start` up to, not including, `end`. */
	octets(start: number, end: number): Promise<Buffer>
}

/** A message of the store. @param blob row of its body */
export function storedLetter(reader: Reader, blob: number): Letter {
	const { hash, size, envelope, structure, preview } = reader.head(blob)
	let whole: Buffer | null = null
	return {
		blobId: `B${hash}`,
		size,
		envelope,
		structure,
		preview,
		async octets(start, end) {
			if (size > LARGE_MESSAGE) return readCut(reader, blob, start, end)
			whole ??= reader.body(blob)
			return whole.subarray(start, end)
		},
	}
}

export async function readCut(reader: Reader, blob: number, start: number, end: number): Promise<Buffer> {
	const pieces: Buffer[] = []
	for await (const piece of reader.bodyStream(blob, start, end)) pieces.push(piece)
	return Buffer.concat(pieces)
}

/** A message that is in memory. */
export function letterOf(blobId: string, bytes: Buffer): Letter {
	const { size, envelope, structure, preview } = scan(bytes)
	return {
		blobId,
		size,
		envelope,
		structure,
		preview,
		octets: async (start, end) => bytes.subarray(start, end),
	}
}

/** The octets of a part, transfer encoding undone. */
export async function partOctets(letter: Letter, part: Part): Promise<Buffer> {
	return decodeTransfer(await letter.octets(part.body, part.end), part.encoding)
}

// Sizes of large parts are found by decoding them: those found last are remembered.
const MOST_SIZES = 10_000
const sizes = new Map<string, number>()

/** How many octets that gives. */
export async function partSize(letter: Letter, part: Part): Promise<number> {
	if (part.encoding !== 'base64' && part.encoding !== 'quoted-printable') return part.end - part.body
	const key = `${letter.blobId} ${part.body}`
	const known = sizes.get(key)
	if (known !== undefined) return known
	const { length } = await partOctets(letter, part)
	if (sizes.size >= MOST_SIZES) sizes.clear()
	sizes.set(key, length)
	return length
}
