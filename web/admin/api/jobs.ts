import { ask, Problem } from '../../shared/api.ts'
import { BASE } from './list.ts'

/** Something a node does that takes long. */
export type Job<Result> = {
	id: string
	state: 'running' | 'done' | 'failed'
	done: number
	/** 0 = nobody can tell how much there is to do. */
	total: number
	result: Result | null
	problem: string | null
	code: string | null
}

// People see it move; the node hardly notices.
const LOOK_EVERY_MS = 300

/** Looks again and again until it is over; `hear` is told how far it is. What came of it. @throws Problem */
export async function jobDone<Result>(
	job: Job<Result>,
	hear: (job: Job<Result>) => void = () => {},
): Promise<Result> {
	for (let now = job; ; now = await ask<Job<Result>>('GET', `${BASE}/jobs/${encodeURIComponent(job.id)}`)) {
		hear(now)
		if (now.state === 'failed') throw new Problem(500, now.code ?? 'ours', now.problem ?? '')
		if (now.state === 'done') return now.result!
		await new Promise(resolve => setTimeout(resolve, LOOK_EVERY_MS))
	}
}
