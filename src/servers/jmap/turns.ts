import type { Account } from '../../directory/index.ts'
import { jmap } from '../../wire/index.ts'
import { LIMITS } from './call.ts'

const running = new Map<string, number>()

/** So many requests of one account at a time (section 2, maxConcurrentRequests). @throws RequestRefused limit */
export async function inTurn<T>(
	{ id }: Account,
	work: () => Promise<T>,
	limit: 'maxConcurrentRequests' | 'maxConcurrentUpload' = 'maxConcurrentRequests',
): Promise<T> {
	const key = `${limit} ${id}`
	const now = running.get(key) ?? 0
	if (now >= LIMITS[limit])
		throw new jmap.RequestRefused('limit', `at most ${LIMITS[limit]} at a time`, limit)
	running.set(key, now + 1)
	try {
		return await work()
	} finally {
		const left = running.get(key)! - 1
		if (left > 0) running.set(key, left)
		else running.delete(key)
	}
}
