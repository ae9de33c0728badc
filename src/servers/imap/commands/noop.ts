import type { imap } from '../../../wire/index.ts'
import { type Done, ok } from '../done.ts'
import type { Session } from '../session.ts'

/** NOOP and CHECK: what is new is told after every command anyhow, and the disk has everything. */
export function noop(_session: Session, command: imap.CommandOf<'NOOP'>): Done {
	return ok(`${command.name} completed`)
}
