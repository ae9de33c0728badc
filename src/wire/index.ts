/**
 * The languages: bytes ⇄ values, both directions, for smtp (and lmtp), imap, pop3, jmap and sasl.
 *
 * Promises: pure; `parse(format(x)) = x`; limits are arguments; whatever bytes come in, a value or a
 * typed refusal comes out. Does not: open sockets, know accounts, decide policy.
 */

export * as imap from './imap/index.ts'
export * as jmap from './jmap/index.ts'
export * as pop3 from './pop3/index.ts'
export * from './sasl/index.ts'
export * from './smtp/index.ts'
