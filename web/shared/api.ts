import { t, te } from './i18n.ts'
import { duration } from './written.ts'

// A node answers in milliseconds; a join over a slow line may take its time.
const PATIENCE_MS = 120_000
const NOT_SIGNED_IN = 'not-signed-in'
/** What JMAP says by the status alone. */
const BY_STATUS: Record<number, string> = {
	401: NOT_SIGNED_IN,
	403: 'not-allowed',
	500: 'internal',
	503: 'not-now',
}

/**
 * What the node answered instead of doing it (problem+json, RFC 9457): `code` is stable, `detail` an English sentence.
 * Codes of our own: `network` (no answer), `not-now` (the home of the account gave none), `not-understood` (something else
 * answered).
 */
export class Problem extends Error {
	readonly status: number
	readonly code: string
	readonly detail: string
	/** Everything else the node said about it. */
	readonly more: Record<string, unknown>

	constructor(status: number, code: string, detail = '', more: Record<string, unknown> = {}) {
		super(`${code} ${detail}`)
		this.status = status
		this.code = code
		this.detail = detail
		this.more = more
	}

	/** It may go by itself: what was asked can be asked again. */
	get isPassing(): boolean {
		return this.code === 'network' || this.status === 503
	}
}

type Query = Record<string, string | number | boolean | null | undefined>
type Extra = { query?: Query; body?: unknown; signal?: AbortSignal; headers?: Record<string, string> }

let whenSignedOut = (): void => {}
/** Called when the node no longer knows us (the session ended), whatever was asked. */
export function onSignedOut(act: () => void): void {
	whenSignedOut = act
}

/** One question to the node. @throws Problem, and nothing else (but AbortError, when `signal` said so) */
export async function ask<T>(method: string, path: string, extra: Extra = {}): Promise<T> {
	try {
		return await askOnce<T>(method, path, extra)
	} catch (error) {
		if (!isSignedOut(error)) throw error
	}
	// Nothing was done. Perhaps it crossed a new cookie on its way (a new password gives one): once more.
	try {
		return await askOnce<T>(method, path, extra)
	} catch (error) {
		if (isSignedOut(error)) whenSignedOut()
		throw error
	}
}

const isSignedOut = (error: unknown) => error instanceof Problem && error.code === NOT_SIGNED_IN

async function askOnce<T>(method: string, path: string, extra: Extra): Promise<T> {
	const response = await send(method, path, extra)
	if (response.status === 204) return undefined as T
	const value = readJson(await response.text().catch(() => ''))
	if (response.ok) {
		if (value === undefined) throw new Problem(response.status, 'not-understood')
		return value as T
	}
	const { code, detail, ...more } = (value ?? {}) as Record<string, unknown>
	const unnamed = BY_STATUS[response.status] ?? 'not-understood'
	throw new Problem(
		response.status,
		typeof code === 'string' ? code : unnamed,
		typeof detail === 'string' ? detail : '',
		more,
	)
}

async function send(
	method: string,
	path: string,
	{ query, body, signal, headers }: Extra,
): Promise<Response> {
	const patience = AbortSignal.timeout(PATIENCE_MS)
	try {
		return await fetch(path + asQuery(query), {
			method,
			credentials: 'same-origin',
			headers: {
				accept: 'application/json',
				// Only a page of this site can send a header of its own: no other site can act in our name.
				'x-panpipe': '1',
				...(body === undefined ? {} : { 'content-type': 'application/json' }),
				...headers,
			},
			...(body === undefined ? {} : { body: JSON.stringify(body) }),
			signal: signal ? AbortSignal.any([signal, patience]) : patience,
		})
	} catch (error) {
		if (signal?.aborted) throw error
		throw new Problem(0, 'network')
	}
}

function asQuery(query: Query = {}): string {
	const said = Object.entries(query).filter(
		([, value]) => value !== undefined && value !== null && value !== '',
	)
	return said.length === 0
		? ''
		: `?${new URLSearchParams(said.map(([name, value]) => [name, String(value)]))}`
}

function readJson(text: string): unknown {
	try {
		return JSON.parse(text)
	} catch {
		return undefined
	}
}

/** What to tell a person: our own sentence for the code; the node's (English) one when we have none. */
export function sentenceOf(problem: unknown): string {
	if (!(problem instanceof Problem)) return t('problem.ours')
	const key = `problem.${problem.code}`
	// `seconds`: a clock that is off, or how long to wait.
	const { seconds } = problem.more
	const off = typeof seconds === 'number' ? duration(seconds * 1000) : ''
	if (te(key)) return t(key, { ...problem.more, off, detail: problem.detail })
	return problem.detail || t('problem.unknown', { code: problem.code })
}
