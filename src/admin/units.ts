import { z } from 'zod'
import { type Limits, UNIT_KINDS, type Unit } from '../directory/index.ts'
import { may } from './may.ts'
import { unitsFrom } from './place.ts'
import { CannotBeDone, type Office, type Target, verb } from './verb.ts'

const count = z.number().int().min(0).nullable().exactOptional()

/** Null takes a limit away. Octets where a size is meant. */
const limits = {
	storage: count,
	messages: count,
	accounts: count,
	recipients: count,
	messageSize: count,
	outside: z.boolean().exactOptional(),
}
const kind = z.enum(UNIT_KINDS)
const unit = z.string().min(1)

export const addUnit = verb({
	about: 'make a unit: a group of companies, a company, a branch or a department',
	input: z.object({
		name: unit,
		kind: kind.default('department'),
		parent: z.string().exactOptional(),
		...limits,
	}),
	act: 'units:change',
	on(office, { name, parent }) {
		const { place, object: above } = placed(office, parent)
		const path = parent ? `${above}/${name}` : name
		const there = office.directory.units().find(unit => unit.path === path)
		return { place, object: path, state: there ? view(office, there) : null }
	},
	run(office, { name, kind, parent, ...limits }) {
		const above = parent ? unitNamed(office, parent).id : null
		return view(office, office.directory.addUnit({ name, kind, parent: above, limits: given(limits) }))
	},
})

export const listUnits = verb({
	about: 'the tree of units: limits of their own, and what holds with those above',
	input: z.object({ below: unit.exactOptional() }),
	act: 'units:read',
	inReach: true,
	run(office, { below }, by) {
		const top = below ? unitNamed(office, below).id : null
		const { directory } = office
		const units = directory
			.units()
			.filter(({ id }) => !top || directory.unitPath(id).some(one => one.id === top))
			.filter(({ id }) => may(by.grants, 'units:read', { units: unitsFrom(office, id) }))
		return units.map(unit => view(office, unit))
	},
})

export const editUnit = verb({
	about: 'change a unit; a limit can only be tighter than those above',
	input: z.object({ unit, name: z.string().exactOptional(), kind: kind.exactOptional(), ...limits }),
	act: 'units:change',
	// What it is called is its own matter, what it may and where it can stand that of whoever is above it.
	on: (office, { unit, name: _, ...decided }) =>
		Object.keys(decided).length === 0 ? placed(office, unit) : placedAbove(office, unit),
	run(office, { unit, name, kind, ...limits }) {
		const { id } = unitNamed(office, unit)
		const settings = { ...(name === undefined ? {} : { name }), ...(kind === undefined ? {} : { kind }) }
		return view(office, office.directory.editUnit(id, { ...settings, limits: given(limits) }))
	},
})

export const moveUnit = verb({
	about: 'put a unit, with all below it, below another one or at the top',
	input: z.object({ unit, parent: z.string().nullable() }),
	act: 'units:change',
	// From under whose limits, and under whose.
	on: (office, { unit, parent }) => [placedAbove(office, unit), { ...placed(office, parent), object: '' }],
	run(office, { unit, parent }) {
		const { id } = unitNamed(office, unit)
		const above = parent === null || parent === '' || parent === '/' ? null : unitNamed(office, parent).id
		return view(office, office.directory.moveUnit(id, above))
	},
})

export const removeUnit = verb({
	about: 'remove a unit that nobody belongs to and that has none below it',
	input: z.object({ unit }),
	act: 'units:change',
	on: (office, { unit }) => placedAbove(office, unit),
	run(office, { unit }) {
		const { id, path } = unitNamed(office, unit)
		office.directory.removeUnit(id)
		return { id, path }
	},
})

/** A unit as the place of an act; none = the whole organisation. One that does not exist is nobody's but the administrator's. */
function placed(office: Office, name: string | null | undefined): Target {
	const [found, ...more] = name && name !== '/' ? unitsNamed(office, name) : []
	if (!found || more.length > 0) return { place: {}, object: name ?? '', state: null }
	return { place: { units: unitsFrom(office, found.id) }, object: found.path, state: view(office, found) }
}

/** A unit that is changed in what only those may decide who administer the one above it. */
function placedAbove(office: Office, name: string): Target {
	const target = placed(office, name)
	const above = target.place.units?.slice(0, -1) ?? []
	return { ...target, place: above.length > 0 ? { units: above } : {} }
}

/** A unit is named by its id, its path (`Acme/Hong Kong/Sales`), or its name where only one has it. */
export function unitNamed(office: Office, name: string): Unit {
	const matches = unitsNamed(office, name)
	if (matches.length === 1) return matches[0]!
	if (matches.length > 1)
		throw new CannotBeDone(
			`"${name}" fits ${matches.length} units; use the path or the id from "unit list"`,
			'unit-ambiguous',
		)
	throw new CannotBeDone(`there is no unit "${name}"; "unit list" shows them all`, 'no-such-unit')
}

/** The same for what is asked about and for what is then done: else a name given twice would lend one unit's right to another. */
function unitsNamed({ directory }: Office, name: string): Unit[] {
	const normal = name.normalize('NFC').trim()
	const units = directory.units()
	const exact = units.filter(unit => unit.id === normal || unit.path === normal)
	return exact.length > 0 ? exact : units.filter(unit => unit.name === normal)
}

function view({ directory }: Office, { id, name, kind, parent, path, limits }: Unit) {
	const holds = directory.limitsOfUnit(id)
	return { id, path, name, kind, parent, accounts: directory.countAccounts({ unit: id }), limits, holds }
}

/** Only what was said; zod leaves out the rest. */
function given(limits: { [Name in keyof Limits]?: Limits[Name] | undefined }): Partial<Limits> {
	return Object.fromEntries(Object.entries(limits).filter(([, limit]) => limit !== undefined))
}
