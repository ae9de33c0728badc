import { DiskFull } from '../../store/index.ts'
import { jmap } from '../../wire/index.ts'
import type { House } from '../types.ts'
import type { Walker } from '../walk-http.ts'
import { type Call, LIMITS, MOST_TOLD } from './call.ts'
import { methodOf } from './methods.ts'
import { capabilities, sessionState } from './session.ts'

const KNOWN = new Set(Object.keys(capabilities('')))

/**
 * Does what a request asks for, call by call (RFC 8620 section 3).
 * @throws RequestRefused before anything was done
 */
export async function answerRequest(
	house: House,
	{ account, client, credential }: Walker,
	request: jmap.Request,
): Promise<Record<string, unknown>> {
	const unknown = request.using.find(uri => !KNOWN.has(uri))
	if (unknown !== undefined)
		throw new jmap.RequestRefused('unknownCapability', `this server does not know "${unknown}"`)
	if (request.methodCalls.length > LIMITS.maxCallsInRequest) {
		const most = `at most ${LIMITS.maxCallsInRequest} calls in a request`
		throw new jmap.RequestRefused('limit', most, 'maxCallsInRequest')
	}
	const call: Call = {
		house,
		account,
		client,
		credential,
		createdIds: new Map(Object.entries(request.createdIds ?? {})),
		room: { left: MOST_TOLD },
	}
	const responses: jmap.Invocation[] = []
	const budget: jmap.Budget = { left: LIMITS.maxSizeRequest }
	for (const [name, args, callId] of request.methodCalls) {
		for (const [answered, result] of await answerCall(call, name, args, request.using, responses, budget))
			responses.push([answered, result, callId])
	}
	return {
		methodResponses: responses,
		...(request.createdIds ? { createdIds: Object.fromEntries(call.createdIds) } : null),
		sessionState: sessionState(house, account),
	}
}

async function answerCall(
	call: Call,
	name: string,
	args: Record<string, unknown>,
	using: string[],
	earlier: jmap.Invocation[],
	budget: jmap.Budget,
): Promise<[name: string, args: Record<string, unknown>][]> {
	try {
		const method = methodOf(name, using)
		return await method(call, jmap.resolveReferences(args, earlier, budget))
	} catch (error) {
		if (error instanceof jmap.MethodRefused) return [['error', error.answer()]]
		call.house.log.error({ err: error, account: call.account.id, method: name }, 'a JMAP method failed')
		const full = error instanceof DiskFull
		return [
			['error', { type: full ? 'serverUnavailable' : 'serverFail', description: 'please try again later' }],
		]
	}
}
