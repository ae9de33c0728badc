import { ask } from '../../shared/api.ts'
import { BASE } from './list.ts'

export type Step = {
	time: string
	/** Where it happened. */
	node: string
	event: 'accepted' | 'refused' | 'delivered' | 'deferred' | 'failed' | 'dropped'
	/** How it came (smtp, submission, lmtp, jmap …), or the route it went: `here`, `node:…`, `mx:…`. */
	via: string
	to: string
	/** Who was at the other end. */
	peer: string
	/** What was answered. */
	detail: string
}
export type Traced = {
	id: string
	from: string
	to: string
	subject: string
	messageId: string
	size: number
	first: string
	state: ('filed' | 'sent' | 'waits' | 'failed' | 'refused' | 'dropped')[]
	steps: Step[]
}
export type Traces = {
	messages: Traced[]
	/** Nodes that did not answer: what happened there is not in this. */
	missing: string[]
	/** How far back each node remembers; null = nothing has happened there. */
	since: { node: string; since: string | null }[]
}
export type TraceQuestion = {
	address: string
	subject: string
	messageId: string
	since: string
	until: string
}

export const MOST = 100
export const traceMail = (question: TraceQuestion, signal?: AbortSignal) =>
	ask<Traces>('GET', `${BASE}/trace`, { query: { ...question, limit: MOST }, ...(signal ? { signal } : {}) })
