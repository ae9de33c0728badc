/**
 * The way of one message: receive, judge, queue, hand over, file, relay, report.
 *
 *   submission.ts what is mended in mail of our own users
 *   receive.ts    who may send to whom · receiving.ts from the protocol's seam to the disk: every recipient is filed
 *                 here or queued for elsewhere, the members of a group (group.ts) too · copies.ts who gets which body
 *   judge.ts      a list of checks that may refuse a message, each with its reason
 *   route.ts      the one question "where does mail for this address go from here?"
 *   queue.ts      what waits; a lane (lane.ts) for each route, in order of arrival · outcomes.ts what becomes of it
 *   hand-over.ts  to a node of ours · relay.ts to the world, signed (sign.ts)
 *   report.ts     what has become of it, for the sender · tell.ts brings it there · delays.ts when it takes long
 *   file.ts       into a mailbox of an account that lives here
 *
 * Promises: whoever was answered 250 finds the message on disk here until whoever takes it over has it on theirs.
 * Does not: open sockets for others, know protocols' commands, keep mail (the store does).
 */
export { Queue, type QueueView } from './queue.ts'
export type { Left, QueueOptions } from './queue-options.ts'
export { makeReceiver } from './receive.ts'
export type { Client, Incoming, Receiver, Recipient, Taken, Transaction } from './types.ts'
