import type { Account } from '../../directory/index.ts'
import { jmap } from '../../wire/index.ts'
import type { House } from '../types.ts'

/** One method call under way: who asks, what earlier calls of the request made. */
export type Call = {
	house: House
	account: Account
	/** The real client's address. */
	client: string
	/** What he showed; as in `who.ts`. */
	credential: string
	/** Creation ids of this request, and what became of them. */
	createdIds: Map<string, string>
	/** What its answers may still have of messages and blobs. */
	room: jmap.Budget
}

/** What a method answers: mostly one response, its own. */
export type Responses = [name: string, args: Record<string, unknown>][]

/** @throws MethodRefused */
export type Method = (call: Call, args: Record<string, unknown>) => Promise<Responses> | Responses

export const LIMITS = {
	maxSizeUpload: 50_000_000,
	maxConcurrentUpload: 4,
	maxSizeRequest: 10_000_000,
	maxConcurrentRequests: 8,
	maxCallsInRequest: 32,
	maxObjectsInGet: 1000,
	maxObjectsInSet: 1000,
} as const

/** Characters of messages and blobs in one answer: it is put together in memory. */
export const MOST_TOLD = 64 * 1024 * 1024

/** What is to be in the answer. @throws MethodRefused requestTooLarge */
export function takeRoom({ room }: Call, value: unknown): void {
	jmap.spend(value, room)
	if (room.left < 0)
		throw new jmap.MethodRefused('requestTooLarge', 'that is too much together: ask for fewer')
}

/** Levels of mailboxes: one that lies on top has depth 1. */
export const MAX_MAILBOX_DEPTH = 20

/** The only account one may ask for is one's own. @throws MethodRefused */
export function checkAccount(call: Call, accountId: string): void {
	if (accountId !== call.account.id) throw new jmap.MethodRefused('accountNotFound')
}

/** The id that `#name` stands for, or the id as it is; null: no such creation id. */
export function idOf(call: Call, id: string): string | null {
	return id.startsWith('#') ? (call.createdIds.get(id.slice(1)) ?? null) : id
}
