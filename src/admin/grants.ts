import { z } from 'zod'
import { type Grant, normalDomain } from '../directory/index.ts'
import { covers, may } from './may.ts'
import { NotAllowed } from './perform.ts'
import { accountNamed, keepAdministrator, placeOfAccount, powerOf } from './place.ts'
import { unitNamed } from './units.ts'
import { type Actor, CannotBeDone, type Office, type Target, verb } from './verb.ts'

const given = z.object({
	address: z.string().min(3).max(320),
	role: z.enum(['admin', 'domain', 'unit', 'helpdesk', 'auditor']),
	domain: z.string().min(1).max(300).exactOptional(),
	unit: z.string().min(1).max(300).exactOptional(),
})

export const grant = verb({
	about: 'let somebody administer: all, a domain, a unit; helpdesk sets passwords only, auditor only reads',
	input: given,
	act: 'grants:change',
	inReach: true,
	on: (office, { address }) => grantsTarget(office, address),
	run(office, { address, role, domain, unit }, by) {
		const account = accountNamed(office, address)
		const wanted = { role, ...placeNamed(office, domain, unit) }
		checkShape(office, wanted)
		if (!covers(by.grants, powerOf(office, wanted))) {
			throw new NotAllowed(`${by.name} cannot give what he has not himself`)
		}
		return view(office, office.directory.access.grant({ ...wanted, account: account.id, by: by.id }))
	},
})

export const revoke = verb({
	about: 'take a right to administer away',
	input: given,
	act: 'grants:change',
	inReach: true,
	on: (office, { address }) => grantsTarget(office, address),
	run(office, { address, role, domain, unit }, by) {
		const account = accountNamed(office, address)
		const named = placeNamed(office, domain, unit)
		const found = office.directory.access
			.grants(account.id)
			.find(one => one.role === role && one.domain === named.domain && one.unit === named.unit)
		if (!found) throw new CannotBeDone(`${account.address} has no such right`, 'no-such-grant')
		return remove(office, found, by)
	},
})

export const revokeById = verb({
	about: 'take a right to administer away, by its id',
	input: z.object({ id: z.string().min(1).max(400) }),
	act: 'grants:change',
	inReach: true,
	on: (office, { id }) => grantsTarget(office, id.split(':')[0]!),
	run(office, { id }, by) {
		const found = office.directory.access.grants().find(one => one.id === id)
		if (!found) throw new CannotBeDone('there is no such right', 'no-such-grant')
		return remove(office, found, by)
	},
})

export const listGrants = verb({
	about: 'who may administer what',
	input: z.object({}),
	act: 'grants:read',
	inReach: true,
	run: (office, _, by) =>
		office.directory.access
			.grants()
			.filter(one => may(by.grants, 'grants:read', powerOf(office, one).place))
			.map(one => view(office, one)),
})

function remove(office: Office, found: Grant, by: Actor) {
	if (!covers(by.grants, powerOf(office, found))) {
		throw new NotAllowed(`${by.name} cannot take what he has not himself`)
	}
	if (found.role === 'admin') keepAdministrator(office, ({ id }) => id !== found.account)
	return view(office, office.directory.access.revokeGrant(found.id))
}

/** Where somebody else's rights are changed nobody needs a right over the person: giving is bounded by what one has. */
function grantsTarget(office: Office, name: string): Target {
	const account = office.directory.accountByAddress(name) ?? office.directory.account(name)
	if (!account) return { place: {}, object: '' }
	const { holds: _, ...place } = placeOfAccount(office, account)
	const state = office.directory.access
		.grants(account.id)
		.map(({ role, domain, unit }) => ({ role, domain, unit }))
	return { place, object: account.address, state }
}

function placeNamed(office: Office, domain: string | undefined, unit: string | undefined) {
	return { domain: domain ? normalDomain(domain) : null, unit: unit ? unitNamed(office, unit).id : null }
}

function checkShape(
	{ directory }: Office,
	{ role, domain, unit }: Pick<Grant, 'role' | 'domain' | 'unit'>,
): void {
	const wrong =
		(role === 'admin' && (domain || unit)) ||
		(role === 'domain' && (!domain || unit)) ||
		(role === 'unit' && (!unit || domain)) ||
		(domain && unit)
	if (wrong) {
		const words =
			'admin is of all, domain wants a domain, unit a unit, helpdesk and auditor one of these or none'
		throw new CannotBeDone(words, 'grant-shape')
	}
	if (domain && !directory.isOurDomain(domain)) {
		throw new CannotBeDone(`${domain} is no domain of ours; add it first`, 'no-such-domain')
	}
}

function view({ directory }: Office, { id, account, role, domain, unit, by, created }: Grant) {
	const name = (one: string) => directory.account(one)?.address ?? one
	return {
		id,
		account,
		address: name(account),
		role,
		domain,
		unit,
		unitPath: unit ? (directory.unit(unit)?.path ?? null) : null,
		by: name(by),
		created: new Date(created).toISOString(),
	}
}
