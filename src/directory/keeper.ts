import type { Clock } from '../kit/index.ts'
import type { DirectoryFile } from './file.ts'
import { isDeleted } from './records.ts'
import type { Account, Fields, Kind, Value } from './types.ts'

export type KeeperOptions = {
	file: DirectoryFile
	clock: Clock
	self: () => string
	/** One transaction of our own, told to the others. */
	write: (work: () => void) => void
	account: (id: string) => Account | null
}

/** Records of a kind that nothing is derived from: read and written as they are. */
export class Keeper {
	protected file: DirectoryFile
	protected clock: Clock
	protected self: () => string
	protected account: (id: string) => Account | null
	#write: (work: () => void) => void

	constructor({ file, clock, self, write, account }: KeeperOptions) {
		this.file = file
		this.clock = clock
		this.self = self
		this.account = account
		this.#write = write
	}

	protected living(kind: Kind, id: string): Fields | null {
		const fields = this.file.get(kind, id)
		return fields && !isDeleted(fields) ? fields : null
	}

	/** Those whose ids begin so. */
	protected each(kind: Kind, prefix: string): { id: string; fields: Fields }[] {
		const rows = this.file.db
			.prepare('SELECT id, fields FROM record WHERE kind = ? AND id >= ? AND id < ? ORDER BY id')
			.all(kind, prefix, `${prefix}\uffff`)
		return rows
			.map(row => ({ id: row.id as string, fields: JSON.parse(row.fields as string) as Fields }))
			.filter(({ fields }) => !isDeleted(fields))
	}

	protected put(kind: Kind, id: string, values: Record<string, Value>): void {
		this.#write(() => {
			const stamp = this.file.stamps.next()
			const fields: Fields = {}
			for (const [name, value] of Object.entries(values)) fields[name] = [value, stamp]
			this.file.put(kind, id, fields)
		})
	}
}
