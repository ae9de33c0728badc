import { setImmediate } from 'node:timers/promises'
import { type Clock, newId } from '../kit/index.ts'
import { normalAddress, splitAddress } from '../message/index.ts'
import { type DkimKey, dkimId, makeDkimKey } from './dkim.ts'
import { DirectoryError } from './error.ts'
import type { Touched } from './file.ts'
import { GroupReader } from './group-reader.ts'
import { homeOf, homeValue } from './merge.ts'
import { type QuotaSettings, quotaFields } from './quota.ts'
import { domainOf, normalDomain } from './reader.ts'
import { isDeleted, textOf } from './records.ts'
import { justAfter } from './stamp.ts'
import type { Account, Fields, Kind, NodeInfo, Value } from './types.ts'
import type { Unit } from './units.ts'

export type NewAccount = {
	address: string
	name?: string
	passwordHash?: string
	home?: string
	/** Id. */
	unit?: string
}
export type NodeSettings = Partial<Omit<NodeInfo, 'id'>>

const SETTINGS = [
	'hostname',
	'ip',
	'webPort',
	'clusterPort',
	'description',
	'site',
	'enabled',
	'version',
] as const
const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/
const BATCH = 100

/** What can be said. On disk when it returns, on its way to the others; @throws DirectoryError */
export abstract class DirectoryWriter extends GroupReader {
	/** One transaction of our own; then the others and the listeners are told. */
	protected abstract write(work: () => void): Touched

	addDomain(domain: string): void {
		const name = normalDomain(domain)
		const labels = name.split('.')
		if (name.length > 253 || labels.length < 2 || !labels.every(label => LABEL.test(label))) {
			throw new DirectoryError('invalid-domain', `"${domain}" is no domain; give one like example.com`)
		}
		if (this.isOurDomain(name)) throw new DirectoryError('exists', `the domain ${name} is here already`)
		this.write(() => this.put('domain', name, { created: this.now(), deleted: false }))
	}

	removeDomain(domain: string): void {
		const name = normalDomain(domain)
		if (!this.isOurDomain(name)) throw new DirectoryError('nonexistent', `there is no domain ${name} here`)
		const accounts = this.countAccounts({ domain: name })
		const aliases = this.aliases().filter(alias => domainOf(alias.address) === name).length
		const groups = this.groups({ domain: name }).length
		if (accounts + aliases + groups > 0) {
			const users = `${accounts} accounts, ${aliases} aliases and ${groups} groups`
			throw new DirectoryError('in-use', `${name} is used by ${users}; remove or rename them first`)
		}
		this.write(() => this.#remove('domain', name))
	}

	/** A key pair more for the domain; it signs when those before it are retired. */
	async addDkimKey(domain: string): Promise<DkimKey> {
		const name = normalDomain(domain)
		if (!this.isOurDomain(name)) throw new DirectoryError('nonexistent', `there is no domain ${name} here`)
		const { selector, privateKey } = await makeDkimKey()
		this.write(() => this.put('dkim', dkimId(name, selector), { key: privateKey, created: this.now() }))
		return this.dkimKeys(name).find(key => key.selector === selector)!
	}

	/** It signs nothing more, and is forgotten. The last one stays. */
	retireDkimKey(domain: string, selector: string): void {
		const name = normalDomain(domain)
		const keys = this.dkimKeys(name)
		if (!keys.some(key => key.selector === selector))
			throw new DirectoryError('nonexistent', `${name} has no key with the selector ${selector}`)
		if (keys.length === 1)
			throw new DirectoryError('in-use', `${selector} is the only key of ${name}; make another one first`)
		this.write(() => this.put('dkim', dkimId(name, selector), { deleted: true, key: '' }))
	}

	addAccount(account: NewAccount): Account {
		const made = this.#checked(account)
		this.write(() => this.put('account', made.id, made.values))
		return this.account(made.id)!
	}

	/** Many at once: a hundred in a transaction, others get their turn between. Each as if it were added alone. */
	async addAccounts(accounts: Iterable<NewAccount>): Promise<(Account | DirectoryError)[]> {
		const results: (string | DirectoryError)[] = []
		const waiting = [...accounts]
		for (let at = 0; at < waiting.length; at += BATCH) {
			this.write(() => {
				for (const account of waiting.slice(at, at + BATCH)) {
					try {
						const made = this.#checked(account)
						this.put('account', made.id, made.values)
						results.push(made.id)
					} catch (error) {
						if (!(error instanceof DirectoryError)) throw error
						results.push(error)
					}
				}
			})
			await setImmediate()
		}
		return results.map(result =>
			typeof result === 'string'
				? (this.account(result) ?? new DirectoryError('nonexistent', 'the account was removed meanwhile'))
				: result,
		)
	}

	/**
	 * Would it be added?
	 * @param planned accounts that are to be in a unit beside those that are
	 * @throws DirectoryError
	 */
	checkAccount(account: NewAccount, planned: (unit: string) => number = () => 0): void {
		this.#checked(account)
		if (account.unit) this.roomIn(account.unit, 1, '', planned)
	}

	/** Many in one transaction. The ids are of accounts that are there; what a limit says was asked before. */
	changeAccounts(
		changes: { id: string; values: { name?: string; unit?: string; disabled?: boolean } }[],
	): void {
		if (changes.length === 0) return
		this.write(() => {
			for (const { id, values } of changes) this.put('account', id, values)
		})
	}

	#checked({ address, name = '', passwordHash = '', home = this.self, unit = '' }: NewAccount) {
		const normal = this.free(address)
		this.#activeNode(home)
		if (unit !== '') this.roomIn(this.livingUnit(unit).id, 1)
		const created = this.now()
		const values = { address: normal, name, passwordHash, home: homeValue(home, 1), created, disabled: false }
		return { id: newId(created), values: unit === '' ? values : { ...values, unit } }
	}

	setPassword(id: string, passwordHash: string): void {
		this.changeAccount(id, { passwordHash })
	}

	/**
	 * The same password, hashed as we do it today. It is as old as the hash before: whoever changed the password
	 * meanwhile, at a node we do not hear, has the newer one.
	 */
	protected completeHash(id: string, from: string, to: string): void {
		const [hash, stamp] = this.livingAccount(id).passwordHash ?? []
		if (hash !== from) return
		this.write(() => {
			this.file.put('account', id, { passwordHash: [to, justAfter(stamp!, this.self)] })
		})
	}

	setName(id: string, name: string): void {
		this.changeAccount(id, { name })
	}

	setDisabled(id: string, disabled: boolean): void {
		this.changeAccount(id, { disabled })
	}

	/** How much mail it may hold: what is named is changed. */
	setQuota(id: string, settings: Partial<QuotaSettings>): void {
		this.changeAccount(id, quotaFields(settings))
	}

	/** What holds for accounts of a domain that nothing else is said of. */
	setDomainQuota(domain: string, settings: Partial<QuotaSettings>): void {
		const name = normalDomain(domain)
		if (!this.isOurDomain(name)) throw new DirectoryError('nonexistent', `there is no domain ${name} here`)
		this.write(() => this.put('domain', name, quotaFields(settings)))
	}

	/** @param unit its id; '' = none */
	setUnit(id: string, unit: string): void {
		this.checkUnit(id, unit)
		this.changeAccount(id, { unit })
	}

	/** May the account belong to it? @throws DirectoryError */
	checkUnit(id: string, unit: string): void {
		const account = this.account(id)
		if (!account) throw new DirectoryError('nonexistent', 'there is no such account')
		if (unit !== '') this.roomIn(this.livingUnit(unit).id, 1, account.unit)
	}

	protected livingUnit(id: string): Unit {
		const unit = this.unit(id)
		if (!unit) throw new DirectoryError('nonexistent', 'there is no such unit')
		return unit
	}

	/** May so many accounts more be in a unit? Those that come from `from` are counted already in what is above both. */
	protected roomIn(unit: string, more: number, from = '', planned: (unit: string) => number = () => 0): void {
		const above = new Set(this.unitPath(from).map(({ id }) => id))
		for (const { id, path, limits } of this.unitPath(unit)) {
			if (limits.accounts === null || above.has(id)) continue
			const present = this.countAccounts({ unit: id }) + planned(id)
			if (present + more <= limits.accounts) continue
			const words = `${path} may have ${limits.accounts} accounts and has ${present}; raise its limit or choose another unit`
			throw new DirectoryError('limit', words)
		}
	}

	/** Also settles a conflict: the account that lost its address gets another. */
	renameAccount(id: string, address: string): void {
		const fields = this.livingAccount(id)
		if (normalAddress(address) === textOf(fields, 'address')) {
			if (!this.account(id)?.conflict) return
			throw new DirectoryError(
				'exists',
				`${normalAddress(address)} belongs to another; choose a different one`,
			)
		}
		// Its own substitute may become its own address.
		const substitute = this.account(id)?.address === normalAddress(address)
		this.changeAccount(id, { address: substitute ? normalAddress(address) : this.free(address) })
	}

	/**
	 * Two accounts of one person become one. From now on what comes for the one is the other's; its home brings over what
	 * is there already and says `merged`. There is no way back.
	 */
	mergeAccount(id: string, into: string): void {
		this.livingAccount(id)
		const [account, target] = [this.account(id), this.account(into)]
		if (!account || !target) throw new DirectoryError('nonexistent', 'there is no such account')
		if (id === into) throw new DirectoryError('exists', 'an account cannot become part of itself')
		if (account.mergesInto === into) return
		if (account.mergesInto || target.mergesInto || this.file.claims.takesIn(id)) {
			const words = 'one of the two is being merged with another account; wait until that is done'
			throw new DirectoryError('in-use', words)
		}
		this.changeAccount(id, { mergeInto: into })
	}

	/** All its mail is over there: the account is no more, what it was reached by is another name of the other. */
	merged(id: string): void {
		const account = this.account(id)
		const target = account?.mergesInto && this.account(account.mergesInto)
		if (!account || !target) throw new DirectoryError('nonexistent', 'there is no such account')
		this.write(() => {
			this.put('account', id, { deleted: true })
			// A substitute that is too long to be written is nobody's.
			if (Buffer.byteLength(account.address) > 254 || account.address === target.address) return
			const values = { targets: [target.address], created: this.now(), deleted: false }
			this.put('address', account.address, values)
		})
	}

	/** Its mail goes where it lives (`DirectoryChange.gone` there). What it is taking in is another's, and stays. */
	removeAccount(id: string): void {
		this.livingAccount(id)
		if (this.file.claims.takesIn(id)) {
			const words =
				'another account is being merged into it, and would lose what came over already; wait until that is done, or remove that one first'
			throw new DirectoryError('in-use', words)
		}
		this.changeAccount(id, { deleted: true })
	}

	/** @param epoch of the new home; greater than the present one, by default by one */
	setHome(id: string, node: string, epoch?: number): void {
		const present = homeOf(this.livingAccount(id).home?.[0]).epoch
		const next = epoch ?? present + 1
		if (!Number.isSafeInteger(next) || next <= present) {
			const words = `the account has moved meanwhile (epoch ${present}, not below ${next}); look again where it lives`
			throw new DirectoryError('out-of-date', words)
		}
		this.#activeNode(node)
		this.changeAccount(id, { home: homeValue(node, next) })
	}

	addAlias(address: string, targets: string[]): void {
		const normal = this.free(address)
		const normalTargets = [...new Set(targets.map(validAddress))]
		if (normalTargets.length === 0 || normalTargets.includes(normal)) {
			throw new DirectoryError('invalid-address', `${normal} needs at least one target, and not itself`)
		}
		this.write(() =>
			this.put('address', normal, { targets: normalTargets, created: this.now(), deleted: false }),
		)
	}

	/** Could it be made? @throws DirectoryError */
	checkAlias(address: string): void {
		this.free(address)
	}

	removeAlias(address: string): void {
		const normal = normalAddress(address)
		const fields = this.file.get('address', normal)
		if (!fields || isDeleted(fields)) throw new DirectoryError('nonexistent', `there is no alias ${normal}`)
		this.write(() => this.#remove('address', normal))
	}

	/** Settings of this node or another; what is as it was is not written again. */
	putNode(id: string, settings: NodeSettings): void {
		const present = this.file.places.nodes.get(id)
		if (present?.removed) {
			throw new DirectoryError(
				'removed',
				`node ${id} was removed; it can come back under a new id, by a join code`,
			)
		}
		this.welcome(id)
		const values: Record<string, Value> = present ? {} : { created: this.now() }
		for (const name of SETTINGS) {
			const value = settings[name]
			if (value !== undefined && value !== present?.[name]) values[name] = value
		}
		if (Object.keys(values).length > 0) this.write(() => this.put('node', id, values))
	}

	/** The cluster goes on without it; accounts that live there are no longer anybody's until they get another home. */
	removeNode(id: string): void {
		const present = this.file.places.nodes.get(id)
		if (!present || present.removed) throw new DirectoryError('nonexistent', `there is no node ${id}`)
		this.write(() => this.put('node', id, { deleted: true }))
	}

	setPolicy(name: string, value: Value): void {
		if (!/^[\w.-]{1,200}$/.test(name)) throw new Error(`not a policy's name: ${name}`)
		this.write(() => this.put('policy', name, { value }))
	}

	protected abstract readonly clock: Clock

	/** Hears a node again that was left behind with an earlier cluster. */
	protected abstract welcome(node: string): void

	protected put(kind: Kind, id: string, values: Record<string, Value>): void {
		const stamp = this.file.stamps.next()
		const fields: Fields = {}
		for (const [name, value] of Object.entries(values)) fields[name] = [value, stamp]
		this.file.put(kind, id, fields)
	}

	/**
	 * A node alone has nobody who must hear of it, and forgets: otherwise a domain it tried out and removed would
	 * be removed from the whole cluster on the day it joins one.
	 */
	#remove(kind: 'domain' | 'address', id: string): void {
		if (this.nodes().some(node => node.id !== this.self)) this.put(kind, id, { deleted: true })
		else this.file.erase(kind, id)
	}

	protected changeAccount(id: string, values: Record<string, Value>): void {
		const fields = this.livingAccount(id)
		const news = Object.entries(values).filter(([name, value]) => fields[name]?.[0] !== value)
		if (news.length > 0) this.write(() => this.put('account', id, Object.fromEntries(news)))
	}

	/** @throws DirectoryError */
	protected livingAccount(id: string): Fields {
		const fields = this.file.get('account', id)
		if (!fields || isDeleted(fields)) throw new DirectoryError('nonexistent', 'there is no such account')
		return fields
	}

	/** The normal form of an address that nobody has, in a domain of ours. */
	protected free(address: string): string {
		const normal = validAddress(address)
		const domain = domainOf(normal)
		if (!this.file.places.domains.has(domain)) {
			throw new DirectoryError('no-such-domain', `${domain} is no domain of ours; add it first`)
		}
		if (this.file.claims.holder(normal)) {
			throw new DirectoryError('exists', `the address ${normal} is taken; choose another`)
		}
		return normal
	}

	#activeNode(id: string): void {
		const node = this.file.places.nodes.get(id)
		if (!node || node.removed)
			throw new DirectoryError('no-such-node', `there is no node ${id} in the cluster`)
	}

	protected now(): number {
		return this.clock.now()
	}
}

export function validAddress(address: string): string {
	const normal = normalAddress(address.trim())
	const parts = splitAddress(normal)
	// RFC 5321 section 4.5.3.1. A tab would end a field on the way to other nodes.
	if (
		!parts ||
		Buffer.byteLength(parts.local) > 64 ||
		Buffer.byteLength(normal) > 254 ||
		/[\t\r\n]/.test(normal)
	) {
		throw new DirectoryError('invalid-address', `"${address}" is no address; give one like alice@example.com`)
	}
	return normal
}
