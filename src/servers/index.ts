/**
 * Where the world comes in: SMTP, submission, LMTP, IMAP, POP3 and the web port: sockets, sessions, one file per command.
 *
 *   listen.ts   the doors: who may come in, how many, how they close     connection.ts   what all connections share
 *   smtp/ imap/ pop3/ http/   the protocols                               walk.ts         on to the account's home
 *
 * Promises: a session works on what lives here; a connection for an account that lives elsewhere is walked there in one
 * place. A fault of ours is a temporary error to the client and says nothing of our inside.
 * Does not: decide policy (delivery and directory do), know SQL, write mail but by Ops.
 */
export { openPlain } from './http/plain.ts'
export { openWeb, type WebOptions } from './http/web.ts'
export { serveImap } from './imap/index.ts'
export { type Door, type Listening, listen } from './listen.ts'
export { servePop3 } from './pop3/index.ts'
export { serveLmtp, serveSmtp, serveSubmission } from './smtp/index.ts'
export type { Entrance, House, Limits } from './types.ts'
