import type { DatabaseSync } from 'node:sqlite'

type Place = { home: string; domain: string; unit: string }

/** How many accounts there are of each unit, home and domain: counted as they change, so that asking costs nothing. */
export class Tally {
	#db: DatabaseSync
	#counts = new Map<string, Map<string, Map<string, number>>>()

	constructor(db: DatabaseSync) {
		this.#db = db
	}

	load(): void {
		this.#counts = new Map()
		const rows = this.#db
			.prepare('SELECT unit, home, domain, count(*) AS count FROM account GROUP BY unit, home, domain')
			.all()
		for (const { count, ...place } of rows) this.add(place as Place, count as number)
	}

	add({ unit, home, domain }: Place, by: number): void {
		let homes = this.#counts.get(unit)
		if (!homes) this.#counts.set(unit, (homes = new Map()))
		let domains = homes.get(home)
		if (!domains) homes.set(home, (domains = new Map()))
		domains.set(domain, (domains.get(domain) ?? 0) + by)
	}

	/** Those that accounts name. */
	units(): Iterable<string> {
		return this.#counts.keys()
	}

	/**
	 * @param counts which homes and domains to count
	 * @param units only of these
	 */
	sum(
		counts: (home: string, domain: string) => boolean,
		units: Iterable<string> = this.#counts.keys(),
	): number {
		let sum = 0
		for (const unit of units) {
			for (const [home, domains] of this.#counts.get(unit) ?? []) {
				for (const [domain, count] of domains) if (counts(home, domain)) sum += count
			}
		}
		return sum
	}
}
