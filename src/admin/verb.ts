import type { z } from 'zod'
import type { Cluster } from '../cluster/index.ts'
import type { Queue } from '../delivery/index.ts'
import type { Directory } from '../directory/index.ts'
import type { Clock, Log } from '../kit/index.ts'
import type { Store } from '../store/index.ts'

/** What the verbs work on: the node they are said to. */
export type Office = {
	self: string
	hostname: string
	version: string
	/** Milliseconds since 1970. */
	started: number
	/** Address other nodes reach us by, as configured; null = found out at the first join. */
	address: string | null
	ports: { web: number; cluster: number }
	directory: Directory
	cluster: Cluster
	store: Store
	queue: Queue
	clock: Clock
	log: Log
	/** Directory, mail and routes agree again after something big happened. */
	leaveCluster(): Promise<void>
}

/** One thing an operator can say. `run` is given input that was checked. */
export type Verb<Input = never, Output = unknown> = {
	/** One line of help. */
	about: string
	input: z.ZodType
	run(office: Office, input: Input): Promise<Output> | Output
}

/** Ties `run`'s input to its check. */
export function verb<Schema extends z.ZodType, Output>(definition: {
	about: string
	input: Schema
	run(office: Office, input: z.infer<Schema>): Promise<Output> | Output
}) {
	return definition
}

/** The operator asked for something that cannot be; the message says what to do. */
export class CannotBeDone extends Error {}
