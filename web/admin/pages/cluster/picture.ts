import type { ClusterNode } from '../../api/nodes.ts'

/** Where things are, in pixels from the top left. */
export type Box = { x: number; y: number; width: number; height: number }
export type Placed = { node: ClusterNode; box: Box }
export type Site = { name: string; box: Box }
/** A line between us and another node. */
export type Line = { id: string; path: string; kind: 'up' | 'unreachable' | 'disabled' }
export type Picture = { sites: Site[]; nodes: Placed[]; lines: Line[]; width: number; height: number }

const CARD = { width: 220, height: 118 }
const GAP = 18
const PAD = 16
const HEAD = 34
/** Between columns: lines need room to be seen. */
const AISLE = 72

/**
 * Nodes as cards, those of a site in one frame; the frames in as many columns as the width has room for, ours first.
 * Lines go from our card to every other.
 */
export function draw(nodes: ClusterNode[], width: number): Picture {
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
	const us = picture.nodes.find(({ node }) => node.self)
	if (us) picture.lines = picture.nodes.filter(one => one !== us).map(other => lineTo(us.box, other))
	return picture
}

function bySelf(a: ClusterNode, b: ClusterNode): number {
	return Number(b.self) - Number(a.self)
}

/** To the next column a curve from side to side; in the same column one round the left edges. */
function lineTo(us: Box, { node, box }: Placed): Line {
	const [y1, y2] = [us.y + us.height / 2, box.y + box.height / 2]
	if (box.x === us.x) {
		const out = us.x - PAD - 4
		return { id: node.id, kind: node.state, path: `M${us.x} ${y1}C${out} ${y1} ${out} ${y2} ${box.x} ${y2}` }
	}
	const [x1, x2] = [us.x + us.width, box.x]
	const middle = (x1 + x2) / 2
	return { id: node.id, kind: node.state, path: `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}` }
}
