import { z } from 'zod'
import { newId } from '../kit/index.ts'
import { problemOf } from './perform.ts'
import { type Actor, CannotBeDone, type Office, type Progress, verb } from './verb.ts'

/** Something that takes longer than a person waits for an answer. It is this node's and goes with it. */
export type Job = {
	id: string
	/** The verb that was said. */
	what: string
	/** Where it is to be asked after. */
	node: string
	state: 'running' | 'done' | 'failed'
	done: number
	/** 0 = nobody can tell how much there is to do. */
	total: number
	started: string
	ended: string | null
	result: unknown
	/** Why it failed: a sentence, and the code of it; null = nothing went wrong. */
	problem: string | null
	code: string | null
}

type Kept = Job & { by: string }

// Of finished ones the latest are kept: whoever started it looks again and again, and then has the result.
const MOST = 20
const jobs = new WeakMap<Office, Map<string, Kept>>()

/**
 * Begins something in the background. `ended` is what comes of it, for whoever would rather wait a little.
 * The job as it is when the first step is done: what is refused at once is thrown at once.
 */
export function startJob<Result>(
	office: Office,
	by: Actor,
	what: string,
	work: (progress: Progress) => Promise<Result>,
): { job: Job; ended: Promise<Result> } {
	const all = jobs.get(office) ?? new Map<string, Kept>()
	jobs.set(office, all)
	const iso = () => new Date(office.clock.now()).toISOString()
	const kept: Kept = {
		id: newId(office.clock.now()),
		what,
		node: office.self,
		state: 'running',
		done: 0,
		total: 0,
		started: iso(),
		ended: null,
		result: null,
		problem: null,
		code: null,
		by: by.id,
	}
	all.set(kept.id, kept)
	const ended = work((done, total) => Object.assign(kept, { done, total }))
	ended
		.then(
			result => Object.assign(kept, { state: 'done', result: result ?? null, done: kept.total }),
			error => {
				const known = problemOf(error)
				if (!known) office.log.error({ err: error, job: what }, 'job failed')
				const problem = known?.detail ?? 'this failed inside the node; its log says more'
				Object.assign(kept, { state: 'failed', problem, code: known?.code ?? 'internal' })
			},
		)
		.finally(() => {
			kept.ended = iso()
			const over = [...all.values()].filter(one => one.state !== 'running')
			for (const { id } of over.slice(0, Math.max(0, over.length - MOST))) all.delete(id)
		})
	return { job: kept, ended }
}

export const showJob = verb({
	about: 'how far is a job of yours at this node, and what came of it',
	input: z.object({ id: z.string().min(1).max(100) }),
	act: null,
	run(office, { id }, by) {
		const job = jobs.get(office)?.get(id)
		if (!job || !isTheirs(job, by)) {
			throw new CannotBeDone('there is no such job at this node (any more)', 'no-such-job')
		}
		return jobView(job)
	},
})

export const listJobs = verb({
	about: 'your jobs at this node that run, and the latest that are over; "job show" has the result',
	input: z.object({}),
	act: null,
	run: (office, _, by) =>
		[...(jobs.get(office)?.values() ?? [])]
			.filter(job => isTheirs(job, by))
			.reverse()
			.map(job => ({ ...jobView(job), result: null })),
})

function isTheirs(job: Job, by: Actor): boolean {
	return (job as Kept).by === by.id || by.via === 'root'
}

/** As it is told. */
export function jobView(job: Job): Job {
	const { by: _, ...view } = job as Kept
	return view
}
