import type { DatabaseSync, StatementSync } from 'node:sqlite'

type Value = string | number

/** Reading statements of one connection, prepared once. */
export class Statements {
	#db: DatabaseSync
	#objects = new Map<string, StatementSync>()
	#arrays = new Map<string, StatementSync>()

	constructor(db: DatabaseSync) {
		this.#db = db
	}

	all<T>(sql: string, ...values: Value[]): T[] {
		return this.#statement(this.#objects, sql).all(...values) as T[]
	}

	get<T>(sql: string, ...values: Value[]): T | undefined {
		return this.#statement(this.#objects, sql).get(...values) as T | undefined
	}

	/** Rows as arrays, for those that are made into something else. */
	arrays<T>(sql: string, ...values: Value[]): T[] {
		return this.#statement(this.#arrays, sql).all(...values) as T[]
	}

	/** One column of many rows, as one string on its way here: that is cheaper than a row for each. */
	list<T>(column: string, rest: string, ...values: Value[]): T[] {
		const [row] = this.arrays<[string]>(`SELECT json_group_array(${column}) ${rest}`, ...values)
		return JSON.parse(row![0])
	}

	#statement(prepared: Map<string, StatementSync>, sql: string): StatementSync {
		let statement = prepared.get(sql)
		if (!statement) {
			statement = this.#db.prepare(sql)
			statement.setReturnArrays(prepared === this.#arrays)
			prepared.set(sql, statement)
		}
		return statement
	}
}
