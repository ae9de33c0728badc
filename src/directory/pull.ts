import type { Links } from '../cluster/index.ts'
import type { Clock } from '../kit/index.ts'
import type { DirectoryFile } from './file.ts'
import { type Page, type PullHead, type PullRequest, pack, unpack } from './pages.ts'
import type { Peer } from './peer.ts'
import type { Line } from './records.ts'
import type { Taker } from './take.ts'

// Characters of records in a page: merged and unpacked in a few milliseconds each, and few round trips all the same.
const PAGE = 256 * 1024
const MOST = 2 * PAGE
const TIMEOUT_MS = 10_000

/** `records` looked at, `changed` of them changed something here, `added` of those were new. */
export type Got = { records: number; changed: number; added: number }

/**
 * Everything of a peer after our cursor, or everything at all, page by page. The cursor moves with the pages, so
 * that a first pull over a bad line goes on where it broke off.
 * @param goesOn false ends it where it is
 * @param passed called when the peer's cursor has moved
 */
export async function pullFrom(
	peer: Peer,
	full: boolean,
	options: { links: Links; taker: Taker; clock: Clock; goesOn: () => boolean; passed: () => void },
): Promise<Got> {
	const { links, taker, clock, goesOn, passed } = options
	const got: Got = { records: 0, changed: 0, added: 0 }
	const nodes = new Set<Line>()
	let incarnation = full ? '' : (peer.cursor?.incarnation ?? '')
	let coming = ask(links, peer.id, incarnation, full ? 0 : (peer.cursor?.seq ?? 0))
	for (let first = true; ; first = false) {
		const { head, lines: sent } = await coming
		if (!goesOn()) return got
		if (!first && head.incarnation !== incarnation) throw new Error('the peer began a new file meanwhile')
		incarnation = head.incarnation
		if (!head.end) {
			// The next page travels while this one is merged.
			coming = ask(links, peer.id, incarnation, head.next)
			coming.catch(() => {})
		}
		// Nodes come first and again in their place.
		const lines = sent.filter(line => !line.startsWith('node\t') || (!nodes.has(line) && nodes.add(line)))
		const { changed, added } = await taker.take(lines, goesOn)
		got.changed += changed
		got.added += added
		got.records += lines.length
		if (!goesOn()) return got
		peer.pulled(incarnation, head.next, head.end, clock.now())
		if (lines.length > 0 || first) passed()
		if (head.end) return got
	}
}

async function ask(links: Links, node: string, incarnation: string, since: number): Promise<Page<PullHead>> {
	const request: PullRequest = { incarnation, since, limit: PAGE }
	return unpack<PullHead>(
		await links.request(node, 'dir.pull', Buffer.from(JSON.stringify(request)), TIMEOUT_MS),
	)
}

/** The other end. Also for a node that was removed: this is how it learns of it. */
export async function answerPull(file: DirectoryFile, payload: Uint8Array): Promise<Uint8Array> {
	const request = JSON.parse(Buffer.from(payload).toString('utf8')) as PullRequest
	const { incarnation } = file
	const since = request.incarnation === incarnation ? Number(request.since) || 0 : 0
	const { lines, next, end } = file.since(since, Math.min(Number(request.limit) || PAGE, MOST))
	// Nodes first: whoever reads us from the start (a newcomer) must not take half of the members for all of them.
	if (since === 0) lines.unshift(...file.linesOf('node'))
	return pack<PullHead>({ head: { incarnation, next, end }, lines })
}
