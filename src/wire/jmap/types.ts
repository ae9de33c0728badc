/** RFC 8620 section 3.2. */
export type Invocation = [name: string, args: Record<string, unknown>, callId: string]

/** Section 3.3. */
export type Request = {
	using: string[]
	methodCalls: Invocation[]
	createdIds: Record<string, string> | null
	/** RFC 8887 section 4.3.1: only on a WebSocket. */
	id: string | null
}

/** Section 3.6.1: the request as a whole is refused, as RFC 7807 says. */
export class RequestRefused extends Error {
	readonly type: 'notJSON' | 'notRequest' | 'unknownCapability' | 'limit'
	readonly status = 400
	/** With `limit`: the name of it. */
	readonly limit: string | null

	constructor(type: RequestRefused['type'], detail: string, limit: string | null = null) {
		super(detail)
		this.type = type
		this.limit = limit
	}

	/** The problem details object. */
	problem(): Record<string, unknown> {
		return {
			type: `urn:ietf:params:jmap:error:${this.type}`,
			status: this.status,
			detail: this.message,
			...(this.limit ? { limit: this.limit } : null),
		}
	}
}

/** Section 3.6.2: one method call is refused. */
export class MethodRefused extends Error {
	readonly type: string
	readonly more: Record<string, unknown>

	constructor(type: string, description = '', more: Record<string, unknown> = {}) {
		super(description)
		this.type = type
		this.more = more
	}

	answer(): Record<string, unknown> {
		return { type: this.type, ...(this.message ? { description: this.message } : null), ...this.more }
	}
}

/** Section 5.3: one record is refused. */
export type SetError = { type: string; description?: string; properties?: string[]; [more: string]: unknown }

/** A record is refused, as an exception: what creates or updates it catches it. */
export class RecordRefused extends Error {
	readonly error: SetError

	constructor(error: SetError) {
		super(error.description ?? error.type)
		this.error = error
	}
}

export function invalidProperties(properties: string[], description: string): RecordRefused {
	return new RecordRefused({ type: 'invalidProperties', properties, description })
}
