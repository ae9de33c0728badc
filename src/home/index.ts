/**
 * Accounts that live here, seen by those who follow them: the log of this node's Ops goes to its stream in the engine.
 *
 * Promises: rows are published in order, each once as far as a follower's cursor can tell; nothing waits for it; what the
 * engine loses is published again from the store. Does not: follow other nodes' logs yet (standby, move and
 * takeover will); carry bodies (rows name them by hash).
 */
export { publishLog, unpackRow } from './publish.ts'
