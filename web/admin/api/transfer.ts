import { ask } from '../../shared/api.ts'
import { BASE } from './list.ts'

export type Outcome = 'created' | 'changed' | 'unchanged' | 'refused'
export type Line = {
	line: number
	address: string
	outcome: Outcome
	fields?: string[]
	why?: string
	code?: string
	/** Generated for a new account. */
	password?: string
}
export type Report = Record<Outcome, number> & { dryRun: boolean; ignored: string[]; lines: Line[] }
export type Job = {
	id: string
	state: 'running' | 'done' | 'failed'
	done: number
	total: number
	result: Report | null
	problem: string | null
}
export type ImportWish = { file: string; dryRun: boolean; generate: boolean; resetPasswords: boolean }

// People see it move; the node hardly notices.
const LOOK_EVERY_MS = 300

const startImport = (body: ImportWish) => ask<Job>('POST', `${BASE}/accounts/import`, { body })
const showJob = (id: string) => ask<Job>('GET', `${BASE}/jobs/${encodeURIComponent(id)}`)

/** Runs an import to its end. `hear` is told how far it is. @throws Problem */
export async function runImport(wish: ImportWish, hear: (job: Job) => void): Promise<Job> {
	let job = await startImport(wish)
	for (;;) {
		hear(job)
		if (job.state !== 'running') return job
		await new Promise(resolve => setTimeout(resolve, LOOK_EVERY_MS))
		job = await showJob(job.id)
	}
}

export const exportFile = (filter: Record<string, string>): string =>
	`${BASE}/accounts/export?${new URLSearchParams(Object.entries(filter).filter(([, value]) => value !== ''))}`

/** The octets of a file in base64, as the API takes them. */
export async function base64Of(file: File): Promise<string> {
	const octets = new Uint8Array(await file.arrayBuffer())
	let text = ''
	// A call takes so many arguments and no more.
	for (let at = 0; at < octets.length; at += 0x8000)
		text += String.fromCharCode(...octets.subarray(at, at + 0x8000))
	return btoa(text)
}
