import { promisify } from 'node:util'
import { zstdCompress, zstdCompressSync, zstdDecompress } from 'node:zlib'
import type { Line } from './records.ts'

/** Records on their way between two nodes: a line of JSON that says what they are, then one line each. */
export type Page<Head> = { head: Head; lines: Line[] }

/** Changes as they are made. `prev` and `prevOwn`: the sender's `seq` and `own` before them. */
export type PushHead = { incarnation: string; prev: number; prevOwn: number; seq: number }
/** The answer to a pull: everything after what was asked for, up to `next`; `end` = there is no more. */
export type PullHead = { incarnation: string; next: number; end: boolean }
export type PullRequest = { incarnation: string; since: number; limit: number }
/** What a beat says of the sender's file. */
export type Said = { incarnation: string; seq: number; own: number; digest: number; count: number }

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)
const ZSTD = 0x28 // first octet of its magic number; JSON begins with `{`
const SMALL = 1024

export async function pack<Head>({ head, lines }: Page<Head>): Promise<Uint8Array> {
	const text = textOf(head, lines)
	return text.length > SMALL ? compress(text) : text
}

/** For what must keep its order with what is sent before and after. */
export function packNow<Head>({ head, lines }: Page<Head>): Uint8Array {
	const text = textOf(head, lines)
	return text.length > SMALL ? zstdCompressSync(text) : text
}

function textOf(head: unknown, lines: Line[]): Buffer {
	return Buffer.from(lines.length > 0 ? `${JSON.stringify(head)}\n${lines.join('\n')}` : JSON.stringify(head))
}

/** @throws when it is no page */
export async function unpack<Head>(payload: Uint8Array): Promise<Page<Head>> {
	const [head, ...lines] = await unpackLines(payload)
	return { head: JSON.parse(head!) as Head, lines }
}

async function unpackLines(payload: Uint8Array): Promise<string[]> {
	// More than any page of ours; a broken or hostile one ends here.
	const octets =
		payload[0] === ZSTD ? await decompress(payload, { maxOutputLength: 64 * 1024 * 1024 }) : payload
	return Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('utf8').split('\n')
}
