import { z } from 'zod'
import { type Limits, UNIT_KINDS, type Unit } from '../directory/index.ts'
import { CannotBeDone, type Office, verb } from './verb.ts'

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
	run(office, { name, kind, parent, ...limits }) {
		const above = parent ? unitNamed(office, parent).id : null
		return view(office, office.directory.addUnit({ name, kind, parent: above, limits: given(limits) }))
	},
})

export const listUnits = verb({
	about: 'the tree of units: limits of their own, and what holds with those above',
	input: z.object({ below: unit.exactOptional() }),
	run(office, { below }) {
		const top = below ? unitNamed(office, below).id : null
		const { directory } = office
		const units = directory
			.units()
			.filter(({ id }) => !top || directory.unitPath(id).some(one => one.id === top))
		return units.map(unit => view(office, unit))
	},
})

export const editUnit = verb({
	about: 'change a unit; a limit can only be tighter than those above',
	input: z.object({ unit, name: z.string().exactOptional(), kind: kind.exactOptional(), ...limits }),
	run(office, { unit, name, kind, ...limits }) {
		const { id } = unitNamed(office, unit)
		const settings = { ...(name === undefined ? {} : { name }), ...(kind === undefined ? {} : { kind }) }
		return view(office, office.directory.editUnit(id, { ...settings, limits: given(limits) }))
	},
})

export const moveUnit = verb({
	about: 'put a unit, with all below it, below another one or at the top',
	input: z.object({ unit, parent: z.string().nullable() }),
	run(office, { unit, parent }) {
		const { id } = unitNamed(office, unit)
		const above = parent === null || parent === '' || parent === '/' ? null : unitNamed(office, parent).id
		return view(office, office.directory.moveUnit(id, above))
	},
})

export const removeUnit = verb({
	about: 'remove a unit that nobody belongs to and that has none below it',
	input: z.object({ unit }),
	run(office, { unit }) {
		const { id, path } = unitNamed(office, unit)
		office.directory.removeUnit(id)
		return { id, path }
	},
})

/** A unit is named by its id, its path (`Acme/Hong Kong/Sales`), or its name where only one has it. */
export function unitNamed({ directory }: Office, name: string): Unit {
	const normal = name.normalize('NFC').trim()
	const units = directory.units()
	const exact = units.filter(unit => unit.id === normal || unit.path === normal)
	const matches = exact.length > 0 ? exact : units.filter(unit => unit.name === normal)
	if (matches.length === 1) return matches[0]!
	if (matches.length > 1)
		throw new CannotBeDone(`"${name}" fits ${matches.length} units; use the path or the id from "unit list"`)
	throw new CannotBeDone(`there is no unit "${name}"; "unit list" shows them all`)
}

function view({ directory }: Office, { id, name, kind, parent, path, limits }: Unit) {
	const holds = directory.limitsOfUnit(id)
	return { id, path, name, kind, parent, accounts: directory.countAccounts({ unit: id }), limits, holds }
}

/** Only what was said; zod leaves out the rest. */
function given(limits: { [Name in keyof Limits]?: Limits[Name] | undefined }): Partial<Limits> {
	return Object.fromEntries(Object.entries(limits).filter(([, limit]) => limit !== undefined))
}
