import pino from 'pino'

export type Log = pino.Logger

// Lines are gathered this long: a busy node would spend more on writing its log than on reading commands.
const GATHER = { minLength: 8 * 1024, periodicFlush: 100 }
// Lines that cannot be written are kept up to this many octets, then new ones are dropped.
const MOST_WAITING = 4 * 1024 * 1024

/**
 * Structured log, one JSON object a line on stderr. What is still gathered is written when the process ends.
 * A disk too full for the log stops nothing else: neither the mail nor the end of the process.
 */
export function makeLog(options: { level?: string; node?: string }): Log {
	// Of text it would put together again, with every line, all that it has gathered; of octets it keeps a list.
	const how = { sync: false, contentMode: 'buffer', maxLength: MOST_WAITING, ...GATHER } as const
	const stderr = pino.destination({ dest: 2, ...how })
	const { flushSync } = stderr
	stderr.on('error', () => {
		stderr.flushSync = () => {} // at the end of the process it would wait for room for ever
	})
	stderr.on('write', () => {
		stderr.flushSync = flushSync
	})
	const write = (line: string) => void stderr.write(Buffer.from(line) as never)
	return pino({ level: options.level ?? 'info', base: options.node ? { node: options.node } : {} }, { write })
}

export const silentLog: Log = pino({ level: 'silent' })
