import type { Beat, Links, PeerState } from '../src/cluster/index.ts'

type Ear = (payload: Uint8Array, from: string) => void
type Answer = (payload: Uint8Array, from: string) => Promise<Uint8Array> | Uint8Array

/** Several nodes in one process, joined by lines that can be cut. Beats are sent when the test says so. */
export class Net {
	readonly nodes = new Map<string, NetLinks>()
	/** Milliseconds that a node's clock is ahead of the right time. */
	readonly wrong = new Map<string, number>()
	#cuts = new Set<string>()
	#lost = new Set<string>()

	join(self: string): NetLinks {
		const links = new NetLinks(this, self)
		this.nodes.set(self, links)
		return links
	}

	leave(self: string): void {
		this.nodes.delete(self)
	}

	cut(a: string, b: string): void {
		this.#cuts.add(pair(a, b))
	}

	mend(a: string, b: string): void {
		if (!this.#cuts.delete(pair(a, b))) return
		this.nodes.get(a)?.isUp(b)
		this.nodes.get(b)?.isUp(a)
	}

	mendAll(): void {
		for (const cut of [...this.#cuts]) {
			const [a, b] = cut.split(' ')
			this.mend(a!, b!)
		}
	}

	/** What is published from a to b is lost, though the line is there. */
	lose(from: string, to: string, lost = true): void {
		if (lost) this.#lost.add(`${from} ${to}`)
		else this.#lost.delete(`${from} ${to}`)
	}

	joined(a: string, b: string): boolean {
		return this.nodes.has(a) && this.nodes.has(b) && !this.#cuts.has(pair(a, b))
	}

	loses(from: string, to: string): boolean {
		return this.#lost.has(`${from} ${to}`)
	}

	/** Every node says its beat to every other. */
	beat(): void {
		for (const links of this.nodes.values()) links.beatNow()
	}
}

export class NetLinks implements Links {
	readonly self: string
	readonly engineRunning = true
	/** Requests made, by verb. */
	readonly asked: string[] = []
	#net: Net
	#ears = new Map<string, Set<Ear>>()
	#answers = new Map<string, Answer>()
	#extras: (() => Record<string, unknown>)[] = []
	#beats = new Set<(beat: Beat) => void>()
	#ups = new Set<(node: string, anew: boolean) => void>()

	constructor(net: Net, self: string) {
		this.#net = net
		this.self = self
	}

	publish(subject: string, payload: Uint8Array): void {
		const copy = Uint8Array.from(payload)
		for (const [node, other] of this.#net.nodes) {
			if (node === this.self || !this.#net.joined(this.self, node) || this.#net.loses(this.self, node))
				continue
			setImmediate(() => other.hear(subject, copy, this.self))
		}
	}

	hear(subject: string, payload: Uint8Array, from: string): void {
		for (const ear of this.#ears.get(subject) ?? []) ear(payload, from)
	}

	subscribe(subject: string, hear: Ear): () => void {
		const ears = this.#ears.get(subject) ?? new Set()
		this.#ears.set(subject, ears.add(hear))
		return () => ears.delete(hear)
	}

	async request(node: string, verb: string, payload: Uint8Array): Promise<Uint8Array> {
		this.asked.push(verb)
		const copy = Uint8Array.from(payload)
		await new Promise(setImmediate)
		const other = this.#net.nodes.get(node)
		const answer = other?.answerTo(verb)
		if (!answer || !this.#net.joined(this.self, node)) throw new Error(`nobody answers at ${node}`)
		const answered = Uint8Array.from(await answer(copy, this.self))
		if (!this.#net.joined(this.self, node)) throw new Error(`nobody answers at ${node}`)
		return answered
	}

	answerTo(verb: string): Answer | undefined {
		return this.#answers.get(verb)
	}

	answer(verb: string, answer: Answer): void {
		this.#answers.set(verb, answer)
	}

	addToBeat(extra: () => Record<string, unknown>): void {
		this.#extras.push(extra)
	}

	beatNow(): void {
		const extra = Object.assign({}, ...this.#extras.map(one => one()))
		const beat: Beat = { node: this.self, now: 0, version: 'test', incarnation: this.self, extra }
		for (const [node, other] of this.#net.nodes) {
			if (node !== this.self && this.#net.joined(this.self, node)) {
				setImmediate(() => other.hearBeat(structuredClone(beat)))
			}
		}
	}

	hearBeat(beat: Beat): void {
		for (const hear of this.#beats) hear(beat)
	}

	onBeat(hear: (beat: Beat) => void): () => void {
		this.#beats.add(hear)
		return () => this.#beats.delete(hear)
	}

	isUp(node: string): void {
		for (const hear of this.#ups) hear(node, false)
	}

	onPeerUp(hear: (node: string, anew: boolean) => void): () => void {
		this.#ups.add(hear)
		return () => this.#ups.delete(hear)
	}

	onPeerDown(): () => void {
		return () => {}
	}

	peers(): PeerState[] {
		return [...this.#net.nodes.keys()].flatMap(id =>
			id === this.self
				? []
				: [
						{
							id,
							state: this.#net.joined(this.self, id) ? ('up' as const) : ('unreachable' as const),
							heard: null,
							clockOff: (this.#net.wrong.get(id) ?? 0) - (this.#net.wrong.get(this.self) ?? 0),
							roundTripMs: null,
							version: null,
							webPort: null,
							extra: {},
						},
					],
		)
	}

	connect(): Promise<never> {
		return Promise.reject(new Error('no sockets here'))
	}
}

function pair(a: string, b: string): string {
	return a < b ? `${a} ${b}` : `${b} ${a}`
}
