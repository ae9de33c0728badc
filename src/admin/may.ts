import type { Grant, Role } from '../directory/index.ts'

/** What verbs are about; scopes of API tokens name these too. */
export const AREAS = [
	'accounts',
	'groups',
	'units',
	'domains',
	'nodes',
	'queue',
	'mail',
	'grants',
	'settings',
	'audit',
] as const
export type Area = (typeof AREAS)[number]

/** `accounts:password` is what a helpdesk may: set the password of somebody who administers nothing. */
export type Act = `${Area}:${'read' | 'change'}` | 'accounts:password'

/** Where a verb acts. Neither domain nor unit: on the whole, or on what belongs to no one part of it. */
export type Place = {
	domain?: string
	/** The unit and all above it, up to the top. */
	units?: string[]
	/** What the person there may administer: nobody lays hands on somebody who may more than he himself. */
	holds?: Power[]
}

/** A role and where it holds. */
export type Power = { role: Role; place: Place }

export const WHOLE: Place = {}

type Held = Pick<Grant, 'role' | 'domain' | 'unit'>

/** What a role may do, where it holds. */
const ROLES: Record<Role, (act: Act) => boolean> = {
	admin: () => true,
	domain: act => /^(accounts|groups|grants):|^domains:read$/.test(act),
	unit: act => /^(accounts|groups|grants|units):|^domains:read$/.test(act),
	helpdesk: act => act === 'accounts:read' || act === 'accounts:password',
	auditor: act => act.endsWith(':read'),
}

/** May somebody who has been granted this do that there? Pure, and the only place where it is decided. */
export function may(grants: Held[], act: Act, on: Place): boolean {
	if (!grants.some(grant => ROLES[grant.role]?.(act) && isWithin(grant, on))) return false
	return act.endsWith(':read') || (on.holds ?? []).every(power => covers(grants, power))
}

/** May he do it anywhere at all? What he sees there is another question. */
export function maySomewhere(grants: Held[], act: Act): boolean {
	return grants.some(grant => ROLES[grant.role]?.(act))
}

/** Has he at least this power himself: may he give it, and touch those who have it? */
export function covers(grants: Held[], { role, place }: Power): boolean {
	return grants.some(grant => {
		if (grant.role === 'admin') return true
		const gives = grant.role === 'domain' || grant.role === 'unit'
		const same = grant.role === role || role === 'helpdesk' || role === 'auditor'
		return gives && same && isWithin(grant, place)
	})
}

/** Does a token with these scopes reach that far? Null = no token: as far as the person. */
export function inScope(scopes: string[] | null, act: Act): boolean {
	if (scopes === null) return true
	const [area, how] = act.split(':')
	return scopes.some(
		scope => scope === 'all' || scope === act || scope === area || (scope === 'read' && how === 'read'),
	)
}

/** Everything a token's scope may be called; `mail` is one's own mail, by JMAP. */
export const SCOPES: string[] = [
	'all',
	'read',
	'mail',
	...AREAS.flatMap(area => [area, `${area}:read`]),
	'accounts:password',
]

function isWithin(grant: Held, place: Place): boolean {
	if (grant.unit) return place.units?.includes(grant.unit) ?? false
	if (grant.domain) return place.domain === grant.domain
	return grant.role !== 'domain' && grant.role !== 'unit'
}
