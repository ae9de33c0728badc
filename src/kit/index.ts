/**
 * Tools with no mail in them: log, clock, ids, line reader, CSV, SQLite opener with migrations,
 * back-off, limits, priorities of threads, an ordered queue of async work.
 *
 * Promises: no state of its own, nothing here knows what a message or a node is.
 * Does not: import another room.
 */
export { base32, fromBase32 } from './base32.ts'
export { type Clock, systemClock } from './clock.ts'
export { type CsvRow, csvLine, csvRows, csvText, OpenQuote } from './csv.ts'
export { Emitter } from './emitter.ts'
export { readIfThere, writeFileAtomic } from './files.ts'
export { newId } from './ids.ts'
export { isLoopback, isPrivate, networkOf, normalAddress } from './ip.ts'
export { Limiter } from './limits.ts'
export { LineReader, LineTooLong } from './lines.ts'
export { type Log, makeLog, silentLog } from './log.ts'
export { threadPriority } from './priority.ts'
export { backOff } from './retry.ts'
export { saslprep } from './saslprep.ts'
export { type Migration, openDatabase, transaction } from './sqlite.ts'
