/**
 * IMAP4rev1 (RFC 3501), IMAP4rev2 (RFC 9051) and their extensions as a language: bytes ⇄ commands, values → responses.
 *
 * Three stages: `Assembler` (bytes → pieces of a whole command, limits), `parse` (pieces → typed command), and
 * the formatters of what a response is made of. Everything written is a binary string: one character an octet.
 */
export { ASSEMBLER_LIMITS, type Assembled, Assembler, type AssemblerLimits } from './assemble.ts'
export { formatDateTime, parseDateTime, utcDay, writtenDay } from './dates.ts'
export { formatEnvelope, formatMailbox, formatStructure, formatText } from './format.ts'
export { formatCommand, formatFetchItem, formatSection } from './format-command.ts'
export { formatPartial, formatSearchKey } from './format-search.ts'
export { formatSequenceSet } from './format-words.ts'
export { type MessageUrl, parseMessageUrl } from './message-url.ts'
export { parse } from './parse.ts'
export { formatNstring, formatSet, formatString, toUtf8 } from './strings.ts'
export * from './types.ts'
export { decodeUtf7, encodeUtf7 } from './utf7.ts'
