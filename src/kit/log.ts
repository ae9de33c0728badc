import pino from 'pino'

export type Log = pino.Logger

/** Structured log, one JSON object a line on stderr. */
export function makeLog(options: { level?: string; node?: string }): Log {
	return pino(
		{ level: options.level ?? 'info', base: options.node ? { node: options.node } : {} },
		pino.destination({ dest: 2, sync: false }),
	)
}

export const silentLog: Log = pino({ level: 'silent' })
