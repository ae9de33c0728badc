import type { DatabaseSync } from 'node:sqlite'

/** How many accounts there are of each home and domain: counted as they change, so that asking costs nothing. */
export class Tally {
	#db: DatabaseSync
	#counts = new Map<string, Map<string, number>>()

	constructor(db: DatabaseSync) {
		this.#db = db
	}

	load(): void {
		this.#counts = new Map()
		const rows = this.#db
			.prepare('SELECT home, domain, count(*) AS count FROM account GROUP BY home, domain')
			.all()
		for (const { home, domain, count } of rows) {
			this.add({ home: home as string, domain: domain as string }, count as number)
		}
	}

	add({ home, domain }: { home: string; domain: string }, by: number): void {
		let domains = this.#counts.get(home)
		if (!domains) this.#counts.set(home, (domains = new Map()))
		domains.set(domain, (domains.get(domain) ?? 0) + by)
	}

	/** @param counts which homes and domains to count */
	sum(counts: (home: string, domain: string) => boolean): number {
		let sum = 0
		for (const [home, domains] of this.#counts) {
			for (const [domain, count] of domains) if (counts(home, domain)) sum += count
		}
		return sum
	}
}
