import { z } from 'zod'
import type { Alert, Figure } from '../store/index.ts'
import { sayEverywhere } from './elsewhere.ts'
import { type Office, verb } from './verb.ts'

const HOUR = 3600_000
const MOST_HOURS = 30 * 24

const span = { hours: z.number().int().min(1).max(MOST_HOURS).default(24) }

export const figuresHere = verb({
	about: 'the figures of this node, by the hour',
	input: z.object(span),
	act: 'nodes:read',
	run: ({ journal, clock }, { hours }) => journal.figures(clock.now() - (hours - 1) * HOUR),
})

/** Sums over an hour; of all other figures there is so much at a time. */
const LEVELS = ['storage', 'messages', 'queue', 'accounts', 'load', 'memory', 'disk free']

/** One value for each of `hours`; of a level null where nobody looked. */
export type Series = Record<string, (number | null)[]>
export type Figures = {
	/** When each begins. */
	hours: string[]
	nodes: { node: string; name: string; series: Series }[]
	/** Of all nodes that answered; without those that cannot be added up. */
	total: Series
	missing: string[]
}

export const figures = verb({
	about:
		'mail in, out and between nodes, refusals, sign-ins, storage and load of all nodes, by the hour (30 days)',
	input: z.object(span),
	act: 'nodes:read',
	async run(office, { hours }, by): Promise<Figures> {
		const { answers, missing } = await sayEverywhere(office, by, 'figures here', { hours })
		const last = office.clock.now() - (office.clock.now() % HOUR)
		const begins = Array.from({ length: hours }, (_, index) => last - (hours - 1 - index) * HOUR)
		const nodes = answers.map(({ node, answer }: { node: string; answer: Figure[] }) => {
			return { node, name: nameOf(office, node), series: seriesOf(answer, begins) }
		})
		return {
			hours: begins.map(time => new Date(time).toISOString()),
			nodes,
			total: totalOf(nodes.map(({ series }) => series)),
			missing: missing.map(node => nameOf(office, node)),
		}
	},
})

function seriesOf(figures: Figure[], begins: number[]): Series {
	const place = new Map(begins.map((time, index) => [time, index]))
	const series: Series = {}
	for (const { hour, name, value } of figures) {
		const at = place.get(hour)
		if (at === undefined) continue
		series[name] ??= begins.map(() => (LEVELS.includes(name) ? null : 0))
		series[name][at] = value
	}
	return series
}

function totalOf(all: Series[]): Series {
	const total: Series = {}
	for (const series of all) {
		for (const [name, values] of Object.entries(series)) {
			if (name === 'load' || name === 'memory' || name === 'disk free') continue
			const sum = (total[name] ??= values.map(() => null))
			for (const [index, value] of values.entries())
				if (value !== null) sum[index] = (sum[index] ?? 0) + value
		}
	}
	return total
}

export const alertsHere = verb({
	about: 'alerts of this node: those that are, and those of the last 30 days',
	input: z.object({ open: z.boolean().exactOptional() }),
	act: 'nodes:read',
	async run({ journal, clock }, { open }) {
		const all = await journal.alerts(clock.now() - MOST_HOURS * HOUR)
		return all.filter(({ ended }) => !open || ended === null)
	},
})

export type AlertView = Omit<Alert, 'node' | 'began' | 'ended'> & {
	/** The nodes that see it. */
	nodes: string[]
	began: string
	ended: string | null
}

export const listAlerts = verb({
	about: 'what is or was not well, with beginning and end, as all nodes see it; the open ones first',
	input: z.object({ open: z.boolean().exactOptional() }),
	act: 'nodes:read',
	async run(office, input, by): Promise<{ alerts: AlertView[]; missing: string[] }> {
		const { answers, missing } = await sayEverywhere(office, by, 'alert here', input)
		const all: Alert[] = answers.flatMap(({ answer }) => answer)
		const open = all.filter(({ ended }) => ended === null)
		const past = all.filter(({ ended }) => ended !== null).sort((a, b) => b.began - a.began)
		return {
			alerts: [
				...together(
					office,
					open.sort((a, b) => b.began - a.began),
				),
				...past.map(one => view(office, [one])),
			],
			missing: missing.map(node => nameOf(office, node)),
		}
	},
})

/** What several nodes see at once is one alert. */
function together(office: Office, open: Alert[]): AlertView[] {
	const groups = new Map<string, Alert[]>()
	for (const alert of open) {
		const key = alert.scope === 'cluster' ? alert.key : `${alert.node} ${alert.key}`
		groups.set(key, [...(groups.get(key) ?? []), alert])
	}
	return [...groups.values()].map(group => view(office, group))
}

function view(office: Office, group: Alert[]): AlertView {
	const { node: _, began, ended, ...first } = group[0]!
	return {
		...first,
		nodes: group.map(({ node }) => nameOf(office, node)),
		began: new Date(Math.min(began, ...group.map(one => one.began))).toISOString(),
		ended: ended === null ? null : new Date(ended).toISOString(),
	}
}

function nameOf({ directory }: Office, id: string): string {
	const node = directory.nodes().find(one => one.id === id)
	return node ? node.description || node.hostname || node.ip : id
}
