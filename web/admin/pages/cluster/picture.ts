import type { ClusterNode, Link } from '../../api/nodes.ts'

/** Where things are, in pixels from the top left. */
export type Box = { x: number; y: number; width: number; height: number }
export type Placed = { node: ClusterNode; box: Box }
export type Site = { name: string; box: Box }
/** A line between two nodes: as bad as the worse of its ends sees it. */
export type Line = { id: string; path: string; kind: 'up' | 'unreachable' | 'disabled'; waits: boolean }
export type Picture = { sites: Site[]; nodes: Placed[]; lines: Line[]; width: number; height: number }

const CARD = { width: 220, height: 118 }
const GAP = 18
const PAD = 16
const HEAD = 34
/** Between columns: lines need room to be seen. */
const AISLE = 72

/**
 * Nodes as cards, those of a site in one frame; the frames in as many columns as the width has room for, ours first.
 * Lines go between all that see each other, or should.
 */
export function draw(nodes: ClusterNode[], links: Link[], width: number): Picture {
	const sites = new Map<string, ClusterNode[]>()
	for (const node of [...nodes].sort(bySelf)) sites.set(node.site, [...(sites.get(node.site) ?? []), node])
	const frame = CARD.width + 2 * PAD
	const columns = Math.max(1, Math.min(sites.size, Math.floor((width + AISLE) / (frame + AISLE))))
	const wide = Math.min(CARD.width, width - 2 * PAD)
	const tall = Array<number>(columns).fill(0)
	const picture: Picture = { sites: [], nodes: [], lines: [], width: 0, height: 0 }
	for (const [name, members] of sites) {
		// Into the shortest column; ours is the first.
		const column = tall.indexOf(Math.min(...tall))
		const x = column * (frame + AISLE)
		const y = tall[column]!
		const height = HEAD + members.length * (CARD.height + GAP) - GAP + PAD
		picture.sites.push({ name, box: { x, y, width: wide + 2 * PAD, height } })
		members.forEach((node, index) => {
			const top = y + HEAD + index * (CARD.height + GAP)
			picture.nodes.push({ node, box: { x: x + PAD, y: top, width: wide, height: CARD.height } })
		})
		tall[column] = y + height + GAP * 2
	}
	picture.width = columns * frame + (columns - 1) * AISLE
	picture.height = Math.max(0, ...tall.map(bottom => bottom - GAP * 2))
	for (const [index, one] of picture.nodes.entries()) {
		for (const other of picture.nodes.slice(index + 1)) {
			const ways = waysBetween(one.node, other.node, links)
			if (ways.length === 0) continue
			const off = !one.node.enabled || !other.node.enabled
			const kind = off ? 'disabled' : ways.some(way => way.state !== 'up') ? 'unreachable' : 'up'
			const id = `${one.node.id} ${other.node.id}`
			picture.lines.push({
				id,
				kind,
				waits: ways.some(way => way.waiting > 0),
				path: pathOf(one.box, other.box),
			})
		}
	}
	return picture
}

/** What both ends say; as long as nobody was asked, what we know ourselves. */
function waysBetween(one: ClusterNode, other: ClusterNode, links: Link[]): Pick<Link, 'state' | 'waiting'>[] {
	const said = links.filter(
		({ from, to }) => (from === one.id && to === other.id) || (from === other.id && to === one.id),
	)
	if (said.length > 0 || !(one.self || other.self)) return said
	return [{ state: (one.self ? other : one).state === 'up' ? 'up' : 'unreachable', waiting: 0 }]
}

function bySelf(a: ClusterNode, b: ClusterNode): number {
	return Number(b.self) - Number(a.self)
}

/** To another column a curve from side to side; in the same column one round the left edges. */
function pathOf(one: Box, other: Box): string {
	const [y1, y2] = [one.y + one.height / 2, other.y + other.height / 2]
	if (one.x === other.x) {
		const out = one.x - PAD - 4
		return `M${one.x} ${y1}C${out} ${y1} ${out} ${y2} ${other.x} ${y2}`
	}
	const [left, right] = one.x < other.x ? [one, other] : [other, one]
	const [x1, x2] = [left.x + left.width, right.x]
	const middle = (x1 + x2) / 2
	const [from, to] = [left.y + left.height / 2, right.y + right.height / 2]
	return `M${x1} ${from}C${middle} ${from} ${middle} ${to} ${x2} ${to}`
}
