/**
 * Accounts that live here, seen by those who follow them: the log of this node's Ops goes to its stream in the engine;
 * and an account that becomes part of another (`merge.ts`): its mail goes there, parcel by parcel.
 *
 * Promises: rows are published in order, each once as far as a follower's cursor can tell; nothing waits for it; what the
 * engine loses is published again from the store. A message that is brought over is here until it is on the other's disk,
 * and is filed there once. Does not: follow other nodes' logs yet (standby, move and takeover will); carry bodies in the
 * stream (rows name them by hash).
 */
export { followMerges } from './merge.ts'
export { PARCEL, takeIn, willTakeIn } from './parcel.ts'
export { publishLog, unpackRow } from './publish.ts'
