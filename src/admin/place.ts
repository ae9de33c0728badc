import { type Account, type Grant, normalDomain } from '../directory/index.ts'
import type { Place, Power } from './may.ts'
import { type Actor, CannotBeDone, type Office, type Target } from './verb.ts'

/** A unit and all above it. */
export function unitsFrom({ directory }: Office, unit: string): string[] {
	return directory.unitPath(unit).map(({ id }) => id)
}

/** Where an account belongs, and what its owner may administer himself. */
export function placeOfAccount(office: Office, account: Account): Place {
	return {
		domain: domainOf(account.claimed),
		units: unitsFrom(office, account.unit),
		holds: office.directory.access.grants(account.id).map(grant => powerOf(office, grant)),
	}
}

export function placeOfAddress(address: string): Place {
	return { domain: domainOf(address) }
}

export function placeOfDomain(domain: string): Place {
	return { domain: normalDomain(domain) }
}

export function powerOf(
	office: Office,
	{ role, domain, unit }: Pick<Grant, 'role' | 'domain' | 'unit'>,
): Power {
	return {
		role,
		place: { ...(domain ? { domain } : {}), ...(unit ? { units: unitsFrom(office, unit) } : {}) },
	}
}

/** By its address or its id. */
export function accountNamed({ directory }: Office, name: string): Account {
	const account = directory.accountByAddress(name) ?? directory.account(name)
	if (!account) throw new CannotBeDone(`there is no account ${name}`, 'no-such-account')
	return account
}

/** The account a verb is about, as the audit log keeps it. */
export function accountTarget(office: Office, name: string): Target {
	const account = office.directory.accountByAddress(name) ?? office.directory.account(name)
	// One that is not there: only those hear so who could have seen it.
	if (!account) return { place: placeOfAddress(name), object: name, state: null }
	const { address, claimed, conflict, disabled, home, unit } = account
	const into = account.mergesInto && office.directory.account(account.mergesInto)?.address
	const merging = into ? { mergesInto: into } : {}
	const state = { address, claimed, conflict, name: account.name, disabled, home, unit, ...merging }
	return { place: placeOfAccount(office, account), object: account.address, account: account.id, state }
}

/**
 * Somebody must be left who may administer all, and can sign in.
 * @param stays is that administrator still there afterwards?
 * @throws CannotBeDone
 */
export function keepAdministrator({ directory }: Office, stays: (account: Account) => boolean): void {
	const admins = directory.access.administrators()
	if (admins.length === 0 || admins.some(stays)) return
	throw new CannotBeDone(
		'this would leave nobody who may administer all; make another administrator first',
		'last-administrator',
	)
}

/** What the command line is: whoever may open the node's data directory may do all. */
export const ROOT: Actor = {
	id: 'root',
	name: 'root',
	grants: [{ role: 'admin', domain: null, unit: null }],
	scopes: null,
	via: 'root',
	client: '',
}

function domainOf(address: string): string {
	return normalDomain(address.slice(address.lastIndexOf('@') + 1))
}
