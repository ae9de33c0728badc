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

	/**
	 * The columns of many rows, each column one list, that crosses into JavaScript as one text: much cheaper than a row for
	 * each. @param names of the columns. @param rest from FROM on, ORDER BY included
	 */
	columns(names: string[], rest: string, ...values: Value[]): unknown[][] {
		const inner = names.map((name, i) => `${name} AS c${i}`)
		const lists = names.map((_, i) => `json_group_array(c${i})`)
		const [row] = this.arrays<string[]>(`SELECT ${lists} FROM (SELECT ${inner} ${rest})`, ...values)
		return row!.map(text => JSON.parse(text))
	}

	/** The same where few rows are expected. */
	columnsOfFew(names: string[], rest: string, ...values: Value[]): unknown[][] {
		const rows = this.arrays<unknown[]>(`SELECT ${names} ${rest}`, ...values)
		return names.map((_, i) => rows.map(row => row[i]))
	}

	list<T>(column: string, rest: string, ...values: Value[]): T[] {
		return this.columns([column], rest, ...values)[0] as T[]
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
