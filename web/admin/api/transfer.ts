import { ask } from '../../shared/api.ts'
import { type Job, jobDone } from './jobs.ts'
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
export type ImportWish = { file: string; dryRun: boolean; generate: boolean; resetPasswords: boolean }

/** Runs an import to its end. `hear` is told how far it is. @throws Problem */
export async function runImport(body: ImportWish, hear: (job: Job<Report>) => void): Promise<Report> {
	return jobDone(await ask<Job<Report>>('POST', `${BASE}/accounts/import`, { body }), hear)
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
