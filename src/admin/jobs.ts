import { z } from 'zod'
import { newId } from '../kit/index.ts'
import { problemOf } from './perform.ts'
import { type Actor, CannotBeDone, type Office, verb } from './verb.ts'

/** Something that takes longer than a person waits for an answer. It is this node's and goes with it. */
export type Job = {
	id: string
	what: string
	state: 'running' | 'done' | 'failed'
	done: number
	total: number
	started: string
	ended: string | null
	result: unknown
	/** A sentence; null = nothing went wrong. */
	problem: string | null
}

// Of finished ones the latest are kept: whoever started it looks again and again, and then has the result.
const MOST = 20
const jobs = new WeakMap<Office, Map<string, Job & { by: string }>>()

export function startJob(
	office: Office,
	by: Actor,
	what: string,
	total: number,
	work: (progress: (done: number) => void) => Promise<unknown>,
): Job {
	const all = jobs.get(office) ?? new Map<string, Job & { by: string }>()
	jobs.set(office, all)
	const iso = () => new Date(office.clock.now()).toISOString()
	const fresh = {
		state: 'running' as const,
		done: 0,
		total,
		started: iso(),
		ended: null,
		result: null,
		problem: null,
	}
	const job: Job & { by: string } = { id: newId(office.clock.now()), what, ...fresh, by: by.id }
	all.set(job.id, job)
	work(done => {
		job.done = done
	})
		.then(
			result => Object.assign(job, { state: 'done', result, done: total }),
			error => {
				const known = problemOf(error)
				if (!known) office.log.error({ err: error, job: what }, 'job failed')
				const problem = known?.detail ?? 'this failed inside the node; its log says more'
				Object.assign(job, { state: 'failed', problem })
			},
		)
		.finally(() => {
			job.ended = iso()
			const ended = [...all.values()].filter(one => one.state !== 'running')
			for (const { id } of ended.slice(0, Math.max(0, ended.length - MOST))) all.delete(id)
		})
	return view(job)
}

export const showJob = verb({
	about: 'how far is a job of yours at this node, and what came of it',
	input: z.object({ id: z.string().min(1).max(100) }),
	act: null,
	run(office, { id }, by) {
		const job = jobs.get(office)?.get(id)
		if (!job || (job.by !== by.id && by.via !== 'root')) {
			throw new CannotBeDone('there is no such job at this node (any more)', 'no-such-job')
		}
		return view(job)
	},
})

function view({ by: _, ...job }: Job & { by: string }): Job {
	return job
}
