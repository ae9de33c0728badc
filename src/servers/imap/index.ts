/**
 * IMAP4rev1 (RFC 3501) and IMAP4rev2 (RFC 9051) with the extensions that daily work wants: sockets and sessions. One
 * file per command is in commands/; how a selected mailbox is told to its client is in view.ts and sync.ts, what is
 * told without being asked in tidings.ts and notification.ts.
 *
 * Promises: commands of one connection run one after another, pipelined ones wait; a slow or greedy client costs
 * others nothing; message octets go in and out as they are, large ones in a stream; an idle session keeps only
 * four octets a message. People whose account lives at another node are walked there (../walk.ts).
 *
 * Does not: know where accounts live but by the house, write mail but by Ops.
 */
export { serveImap } from './serve.ts'
