import type { ServerResponse } from 'node:http'
import type { Account } from '../../directory/index.ts'
import type { House } from '../types.ts'
import { knownStates, readKnownStates, stateChange, watchStates } from './states.ts'

/** Milliseconds between pings, whatever the client asks for. */
const PING = { least: 5_000, most: 900_000 }

export type EventsQuery = { types: string; closeafter: string; ping: string }

/** Null: not as RFC 8620 section 7.3 has it. */
export function readEventsQuery(query: Record<string, string | undefined>): EventsQuery | null {
	const { types = '*', closeafter = 'no', ping = '0' } = query
	const fine =
		/^(?:\*|[A-Za-z]+(?:,[A-Za-z]+)*)$/.test(types) &&
		/^(?:state|no)$/.test(closeafter) &&
		/^\d{1,9}$/.test(ping)
	return fine ? { types, closeafter, ping } : null
}

/** Sends an event for every change of state until the client goes (RFC 8620 section 7.3). */
export function sendEvents(
	house: House,
	account: Account,
	{ types, closeafter, ping }: EventsQuery,
	lastEventId: string | undefined,
	response: ServerResponse,
): void {
	response.writeHead(200, {
		'content-type': 'text/event-stream; charset=utf-8',
		'cache-control': 'no-store',
		'x-accel-buffering': 'no',
	})
	response.flushHeaders()
	const wanted = types === '*' ? null : types.split(',')
	const end = watchStates(house, account, wanted, readKnownStates(lastEventId), (changed, all) => {
		response.write(
			`event: state\nid: ${knownStates(all)}\ndata: ${JSON.stringify(stateChange(account, changed))}\n\n`,
		)
		if (closeafter === 'state') response.end()
	})
	const interval = Number(ping) * 1000
	const every = Math.min(PING.most, Math.max(PING.least, interval))
	const pings =
		interval > 0
			? setInterval(
					() => response.write(`event: ping\ndata: ${JSON.stringify({ interval: every / 1000 })}\n\n`),
					every,
				)
			: undefined
	response.on('close', () => {
		end()
		clearInterval(pings)
	})
}
