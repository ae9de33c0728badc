import { randomInt } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import {
	type Account,
	DirectoryError,
	hashPassword,
	type NewAccount,
	normalAddress,
} from '../directory/index.ts'
import { type ImportRow, yesOrNo } from './import-rows.ts'
import { may } from './may.ts'
import { nodeNamed } from './nodes.ts'
import { placeOfAccount, placeOfAddress, unitsFrom } from './place.ts'
import { unitNamed } from './units.ts'
import { type Actor, CannotBeDone, type Office } from './verb.ts'

export type ImportOptions = {
	/** Only says what would become of each line. */
	dryRun: boolean
	/** New accounts without a password get one; it stands in the report, and nowhere else. */
	generate: boolean
	/** Passwords of accounts that are there already are set too. */
	resetPasswords: boolean
	/** Told after each hundred lines. */
	progress(done: number): void
}

export type LineReport = {
	line: number
	address: string
	outcome: 'created' | 'changed' | 'unchanged' | 'refused'
	/** What was changed. */
	fields?: string[]
	/** Why it was refused, or what was left as it is; for those who say it in another language, its code. */
	why?: string
	code?: string
	/** Generated. */
	password?: string
}

type Change = { id: string; values: { name?: string; unit?: string; disabled?: boolean } }
type Planned = { report: LineReport; row: ImportRow; aliases: string[] } & (
	| { create: NewAccount; disabled: boolean; change?: never; account?: never }
	| { change: Change; account: Account; create?: never }
)

// In one transaction; then others have their turn.
const AT_ONCE = 100

/** Brings accounts to what a file says of them, line by line; the same file once more changes nothing. */
export async function importAccounts(
	office: Office,
	by: Actor,
	rows: ImportRow[],
	options: ImportOptions,
): Promise<LineReport[]> {
	const { directory } = office
	const plan = new Plan(office, by, options)
	const reports: LineReport[] = []
	for (let at = 0; at < rows.length; at += AT_ONCE) {
		const planned: Planned[] = []
		for (const row of rows.slice(at, at + AT_ONCE)) {
			const report: LineReport = { line: row.line, address: row.address, outcome: 'unchanged' }
			reports.push(report)
			refusable(report, () => planned.push(plan.line(row, report)))
		}
		await passwords(office, planned, options)
		if (!options.dryRun) {
			await create(office, planned, options)
			const changes = planned.flatMap(({ change }) =>
				change && Object.keys(change.values).length ? [change] : [],
			)
			directory.changeAccounts(changes)
			for (const one of planned) addAliases(office, one)
		}
		options.progress(Math.min(rows.length, at + AT_ONCE))
		await setImmediate()
	}
	return reports
}

/** Looks at one line at a time: what would it do, and may whoever asks? */
class Plan {
	#office: Office
	#by: Actor
	#options: ImportOptions
	#units = new Map<string, string>()
	#seen = new Map<string, number>()
	/** New accounts of a trial run, by unit with those above it: limits hold for them too. */
	#more = new Map<string, number>()

	constructor(office: Office, by: Actor, options: ImportOptions) {
		this.#office = office
		this.#by = by
		this.#options = options
	}

	/** @throws CannotBeDone, DirectoryError */
	line(row: ImportRow, report: LineReport): Planned {
		const { directory } = this.#office
		const domains = directory.domains()
		const bare = row.address !== '' && !row.address.includes('@') && domains.length === 1
		const address = normalAddress(bare ? `${row.address}@${domains[0]}` : row.address)
		report.address = address
		const before = this.#seen.get(address)
		if (before !== undefined)
			throw new CannotBeDone(`line ${before} is about ${address} already`, 'twice-in-file')
		this.#seen.set(address, row.line)
		const disabled = yesOrNo(row.disabled)
		if (disabled === null)
			throw new CannotBeDone(`"${row.disabled}" is neither yes (是) nor no (否)`, 'yes-or-no')
		const unit = row.unit ? this.#unit(row.unit) : undefined
		const account = directory.accountByAddress(address)
		return account
			? this.#change(row, report, account, unit, disabled)
			: this.#create(row, report, address, unit ?? '', disabled ?? false)
	}

	#create(row: ImportRow, report: LineReport, address: string, unit: string, disabled: boolean): Planned {
		const { directory, self } = this.#office
		const units = unitsFrom(this.#office, unit)
		this.#allowed(may(this.#by.grants, 'accounts:change', { ...placeOfAddress(address), units }))
		const home = row.node ? nodeNamed(this.#office, row.node).id : self
		const create = { address, name: row.name ?? '', home, unit }
		directory.checkAccount(create, id => this.#more.get(id) ?? 0)
		if (this.#options.dryRun) for (const id of units) this.#more.set(id, (this.#more.get(id) ?? 0) + 1)
		report.outcome = 'created'
		return { report, row, create, disabled, aliases: this.#aliases(row, report) }
	}

	#change(
		row: ImportRow,
		report: LineReport,
		account: Account,
		unit: string | undefined,
		disabled: boolean | undefined,
	): Planned {
		const place = placeOfAccount(this.#office, account)
		this.#allowed(may(this.#by.grants, 'accounts:change', place))
		const values: Change['values'] = {}
		if (row.name && row.name !== account.name) values.name = row.name
		if (disabled !== undefined && disabled !== account.disabled) values.disabled = disabled
		if (unit !== undefined && unit !== account.unit) {
			const units = unitsFrom(this.#office, unit)
			this.#allowed(may(this.#by.grants, 'accounts:change', { ...place, units }))
			this.#office.directory.checkUnit(account.id, unit)
			values.unit = unit
		}
		if (row.node && nodeNamed(this.#office, row.node).id !== account.home) {
			report.why = 'it lives at another node and stays there'
			report.code = 'stays-there'
		}
		const aliases = this.#aliases(row, report)
		report.fields = [...Object.keys(values), ...(aliases.length > 0 ? ['aliases'] : [])]
		if (report.fields.length > 0) report.outcome = 'changed'
		return { report, row, aliases, account, change: { id: account.id, values } }
	}

	/** Those to be made; what is another's already is told. */
	#aliases(row: ImportRow, report: LineReport): string[] {
		const { directory } = this.#office
		const wanted = (row.aliases ?? '').split(/[;,\s]+/).map(normalAddress)
		return wanted.filter(alias => {
			if (alias === '') return false
			const found = directory.lookup(alias)
			const theirs = found.is === 'alias' && found.accounts.length === 1 && found.accounts[0]
			if (theirs && theirs.address === report.address) return false
			const failed: LineReport = { ...report }
			refusable(failed, () => {
				this.#allowed(may(this.#by.grants, 'accounts:change', placeOfAddress(alias)))
				directory.checkAlias(alias)
			})
			if (failed.outcome !== 'refused') return true
			report.why = [report.why, failed.why].filter(Boolean).join('; ')
			report.code = 'alias-left-out'
			return false
		})
	}

	#unit(name: string): string {
		if (name === '/') return ''
		let id = this.#units.get(name)
		if (id === undefined) this.#units.set(name, (id = unitNamed(this.#office, name).id))
		return id
	}

	#allowed(is: boolean): void {
		if (!is)
			throw new CannotBeDone(
				'you have no right to this account, or to the unit it should belong to',
				'not-allowed',
			)
	}
}

async function create({ directory }: Office, planned: Planned[], options: ImportOptions): Promise<void> {
	const fresh = planned.filter(one => one.create !== undefined)
	// Two at a time, on other threads: the hashing of a password takes as long as a hundred lines do.
	const hashed = await Promise.all(
		fresh.map(async ({ create, row, report }): Promise<NewAccount> => {
			if (!row.password && options.generate) report.password = generated()
			const password = row.password || report.password
			return { ...create, passwordHash: password ? await hashPassword(password) : '' }
		}),
	)
	const made = await directory.addAccounts(hashed)
	const off: Change[] = []
	for (const [index, { report, disabled }] of fresh.entries()) {
		const account = made[index]!
		if (account instanceof DirectoryError) {
			report.outcome = 'refused'
			report.why = account.message
			report.code = account.code
			delete report.password
		} else if (disabled) off.push({ id: account.id, values: { disabled } })
	}
	directory.changeAccounts(off)
}

/** Of accounts that were there. */
async function passwords({ directory }: Office, planned: Planned[], options: ImportOptions): Promise<void> {
	if (!options.resetPasswords) return
	const set = planned.map(async ({ account, row, report }) => {
		if (!account || !row.password || (await directory.isPassword(account.id, row.password))) return
		report.outcome = 'changed'
		report.fields = [...(report.fields ?? []), 'password']
		if (!options.dryRun) await directory.changePassword(account.id, row.password)
	})
	await Promise.all(set)
}

function addAliases({ directory }: Office, { report, aliases }: Planned): void {
	if (report.outcome === 'refused') return
	for (const alias of aliases) {
		try {
			directory.addAlias(alias, [report.address])
		} catch (error) {
			if (!(error instanceof DirectoryError)) throw error
			report.why = [report.why, error.message].filter(Boolean).join('; ')
			report.code = 'alias-left-out'
		}
	}
}

function refusable(report: LineReport, act: () => unknown): void {
	try {
		act()
	} catch (error) {
		if (!(error instanceof CannotBeDone || error instanceof DirectoryError)) throw error
		report.outcome = 'refused'
		report.why = error.message
		report.code = error.code
	}
}

// Without what looks alike: somebody types it from paper.
const LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789'

/** 16 characters in groups of four: 79 random bits. */
function generated(): string {
	const part = () => Array.from({ length: 4 }, () => LETTERS[randomInt(LETTERS.length)]).join('')
	return [part(), part(), part(), part()].join('-')
}
