import type { ClusterNode, Link } from '../../api/nodes.ts'

/** Where things are, in pixels from the top left. */
export type Box = { x: number; y: number; width: number; height: number }
export type Placed = { node: ClusterNode; box: Box }
export type Site = { name: string; box: Box }
/** A line between two nodes: as bad as the worse of its ends sees it. */
export type Line = {
	id: string
	path: string
	kind: 'up' | 'unreachable' | 'disabled'
	/** Milliseconds, as its ends measure it; null = not known. */
	roundTripMs: number | null
	/** Recipients: both ways together. */
	waiting: number
	lately: number
	/** Where what is said of it stands: the middle of that. Null = there is no room for words. */
	at: { x: number; y: number } | null
}
export type Picture = { sites: Site[]; nodes: Placed[]; lines: Line[]; width: number; height: number }

const CARD = { width: 220, height: 136 }
const GAP = 46
const PAD = 16
const HEAD = 34
/** Between columns, and beside the cards of a site: lines, and what is said of them, need room to be seen. */
const AISLE = 124
// What is said of a line takes so much.
const LABEL = { width: 112, height: 40 }

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
		tall[column] = y + height + GAP
	}
	picture.width = columns * frame + (columns - 1) * AISLE
	picture.height = Math.max(0, ...tall.map(bottom => bottom - GAP))
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
				roundTripMs: kind === 'up' ? mean(ways.flatMap(way => way.roundTripMs ?? [])) : null,
				waiting: ways.reduce((sum, way) => sum + way.waiting, 0),
				lately: ways.reduce((sum, way) => sum + way.lately, 0),
				...wayOf(one.box, other.box),
			})
		}
	}
	makeRoom(picture.lines)
	return picture
}

function mean(values: number[]): number | null {
	return values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : null
}

/** What is said of one line must not cover what is said of another. */
function makeRoom(lines: Line[]): void {
	const placed: { x: number; y: number }[] = []
	for (const at of lines.flatMap(line => line.at ?? []).sort((a, b) => a.y - b.y)) {
		const inTheWay = () =>
			placed.find(
				({ x, y }) => Math.abs(x - at.x) < LABEL.width && Math.abs(y - at.y) < LABEL.height && y <= at.y,
			)
		for (let other = inTheWay(); other; other = inTheWay()) at.y = other.y + LABEL.height
		placed.push(at)
	}
}

/** What both ends say; as long as nobody was asked, what we know ourselves. */
type Way = Pick<Link, 'state' | 'waiting' | 'lately' | 'roundTripMs'>
function waysBetween(one: ClusterNode, other: ClusterNode, links: Link[]): Way[] {
	const said = links.filter(
		({ from, to }) => (from === one.id && to === other.id) || (from === other.id && to === one.id),
	)
	if (said.length > 0 || !(one.self || other.self)) return said
	const { state, roundTripMs } = one.self ? other : one
	return [{ state: state === 'up' ? 'up' : 'unreachable', waiting: 0, lately: 0, roundTripMs }]
}

function bySelf(a: ClusterNode, b: ClusterNode): number {
	return Number(b.self) - Number(a.self)
}

/**
 * To another column a curve from side to side, with its words in the aisle beside the left one; to the next card below
 * straight down; past others in the same column round their left edges, where there is no room for words.
 */
function wayOf(one: Box, other: Box): Pick<Line, 'path' | 'at'> {
	const [y1, y2] = [one.y + one.height / 2, other.y + other.height / 2]
	if (one.x === other.x) {
		const [upper, lower] = one.y < other.y ? [one, other] : [other, one]
		const [bottom, top] = [upper.y + upper.height, lower.y]
		const middle = one.x + one.width / 2
		if (top - bottom <= PAD + GAP + HEAD) {
			const y = bottom + (top - bottom > GAP ? PAD : 0) + GAP / 2
			return { path: `M${middle} ${bottom}L${middle} ${top}`, at: { x: middle, y } }
		}
		const out = one.x - PAD - 4
		return { path: `M${one.x} ${y1}C${out} ${y1} ${out} ${y2} ${other.x} ${y2}`, at: null }
	}
	const [left, right] = one.x < other.x ? [one, other] : [other, one]
	const [x1, x2] = [left.x + left.width, right.x]
	const middle = (x1 + x2) / 2
	const [from, to] = [left.y + left.height / 2, right.y + right.height / 2]
	const path = `M${x1} ${from}C${middle} ${from} ${middle} ${to} ${x2} ${to}`
	const x = x1 + PAD + AISLE / 2
	return { path, at: { x, y: heightAt(x, x1, x2, from, to) } }
}

/** Where that curve is at `x`. */
function heightAt(x: number, x1: number, x2: number, from: number, to: number): number {
	let [low, high] = [0, 1]
	const cubic = (t: number, a: number, b: number, c: number, d: number) =>
		(1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t ** 2 * c + t ** 3 * d
	const middle = (x1 + x2) / 2
	for (let step = 0; step < 20; step++) {
		const t = (low + high) / 2
		if (cubic(t, x1, middle, middle, x2) < x) low = t
		else high = t
	}
	return cubic(low, from, from, to, to)
}
