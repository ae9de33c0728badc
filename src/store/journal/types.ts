/** One thing that happened to a message at this node, as somebody asks for it who looks for his mail. */
export type TraceRow = {
	/** Milliseconds since 1970. */
	time: number
	/** The message's id on all nodes; of what was refused before it had one, the connection's. */
	id: string
	event: 'accepted' | 'refused' | 'delivered' | 'deferred' | 'failed' | 'dropped'
	/** How it came (smtp, submission, lmtp), or the route it went. */
	via: string
	from: string
	/** Recipients, a space between; the first thousand. */
	to: string
	subject: string
	/** With its angle brackets. */
	messageId: string
	/** Who was at the other end: an address, a node of ours, a server's name. */
	peer: string
	/** What was answered; of `accepted`: where it went from here, as `here:address` or `route address`. */
	detail: string
	size: number
}

/** What to look for: all that is given must be so. Text is found as a part, in any case. */
export type TraceQuery = {
	ids?: string[]
	/** In sender, recipients, or where it went. */
	address?: string
	subject?: string
	messageId?: string
	/** Milliseconds. */
	since?: number
	until?: number
	/** Messages, the newest first. */
	limit: number
}

/** So much of something in an hour (`hour` = when it began, milliseconds). */
export type Figure = { hour: number; name: string; value: number }

/** What a row counts as in the figures. */
export function figuresOf({ event, via, detail }: Pick<TraceRow, 'event' | 'via' | 'detail'>): string[] {
	if (event === 'accepted') {
		return [via === 'smtp' ? 'in' : via === 'submission' ? 'submitted' : 'from nodes']
	}
	if (event === 'delivered') {
		return via.startsWith('mx:') ? ['out'] : via.startsWith('node:') ? ['to nodes', `to ${via}`] : []
	}
	if (event !== 'refused') return [event]
	const code = /^\d{3} (\d\.\d{1,3}\.\d{1,3})/.exec(detail)?.[1]
	return code ? ['refused', `refused ${code}`] : ['refused']
}

/** Something that was not well for a while, as this node saw it. */
export type Alert = {
	id: string
	/** Who saw it. */
	node: string
	/** The same as long as it is the same trouble. */
	key: string
	code: string
	scope: 'node' | 'cluster'
	/** A sentence that says what to do. */
	en: string
	zh: string
	/** Milliseconds; null = it is so still. */
	began: number
	ended: number | null
}
