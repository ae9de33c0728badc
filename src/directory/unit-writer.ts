import { newId } from '../kit/index.ts'
import { DirectoryError } from './error.ts'
import type { Value } from './types.ts'
import { LIMIT_NUMBERS, type Limits, UNIT_KINDS, type Unit, type UnitKind } from './units.ts'
import { DirectoryWriter } from './writer.ts'

export type NewUnit = { name: string; kind: UnitKind; parent?: string | null; limits?: Partial<Limits> }
export type UnitSettings = { name?: string; kind?: UnitKind; limits?: Partial<Limits> }

const LONGEST_NAME = 100
const DEEPEST = 20

/** The tree of units: written at any node, acyclic on all of them. @throws DirectoryError */
export abstract class UnitWriter extends DirectoryWriter {
	addUnit({ name, kind, parent = null, limits = {} }: NewUnit): Unit {
		const above = parent === null ? null : this.livingUnit(parent)
		const values = {
			name: this.#freeName(name, above, null),
			kind: fitting(kind, above),
			parent: [above?.id ?? ''],
			...this.#tightening(limits, above),
		}
		const created = this.now()
		const id = newId(created)
		this.write(() => this.put('unit', id, { ...values, created }))
		return this.unit(id)!
	}

	/** What is not named stays as it is; a limit of null (for `outside`: true) is taken away. */
	editUnit(id: string, { name, kind, limits = {} }: UnitSettings): Unit {
		const unit = this.livingUnit(id)
		const above = unit.parent === null ? null : this.livingUnit(unit.parent)
		const values: Record<string, Value> = this.#tightening(limits, above)
		if (name !== undefined && name !== unit.name) values.name = this.#freeName(name, above, id)
		if (kind !== undefined && kind !== unit.kind) {
			values.kind = fitting(kind, above)
			for (const below of this.#below(id)) fitting(below.kind, { ...unit, kind })
		}
		if (Object.keys(values).length > 0) this.write(() => this.put('unit', id, values))
		return this.livingUnit(id)
	}

	/** With all that stands below it and all who belong to it. @param parent null = to the top */
	moveUnit(id: string, parent: string | null): Unit {
		const unit = this.livingUnit(id)
		const above = parent === null ? null : this.livingUnit(parent)
		if (unit.parent === (above?.id ?? null)) return unit
		if (above && this.unitPath(above.id).some(one => one.id === id)) {
			throw new DirectoryError('invalid-unit', `${unit.path} cannot stand below itself`)
		}
		this.#freeName(unit.name, above, id)
		fitting(unit.kind, above)
		if (above) this.roomIn(above.id, this.countAccounts({ unit: id }), id)
		const wished = [above?.id ?? '', unit.parent ?? '']
		this.write(() => this.put('unit', id, { parent: wished }))
		return this.livingUnit(id)
	}

	removeUnit(id: string): void {
		const unit = this.livingUnit(id)
		const accounts = this.countAccounts({ unit: id })
		const below = this.#below(id).length
		if (accounts + below > 0) {
			const what = `${accounts} accounts and ${below} units below it`
			throw new DirectoryError('in-use', `${unit.path} has ${what}; move or remove them first`)
		}
		this.write(() => this.put('unit', id, { deleted: true }))
	}

	#below(id: string): Unit[] {
		return this.units().filter(unit => unit.parent === id)
	}

	/** A name is one level of a path, and no two that stand together share it. */
	#freeName(name: string, above: Unit | null, self: string | null): string {
		const normal = name.normalize('NFC').trim()
		if (normal === '' || normal.length > LONGEST_NAME || /[/\x00-\x1f\x7f]/.test(normal)) {
			const words = `"${name}" is no name for a unit: 1 to ${LONGEST_NAME} characters, without "/"`
			throw new DirectoryError('invalid-unit', words)
		}
		if (above && this.unitPath(above.id).length >= DEEPEST)
			throw new DirectoryError('invalid-unit', `${above.path} stands too deep already (${DEEPEST} levels)`)
		const beside = this.units().find(
			unit => unit.id !== self && unit.parent === (above?.id ?? null) && unit.name === normal,
		)
		if (beside) throw new DirectoryError('exists', `${beside.path} is there already; choose another name`)
		return normal
	}

	/** The fields that were given. A limit wider than what holds above would say what is not so. */
	#tightening(limits: Partial<Limits>, above: Unit | null): Record<string, Value> {
		const holds = this.limitsOfUnit(above?.id ?? '')
		const values: Record<string, Value> = {}
		for (const name of LIMIT_NUMBERS) {
			const limit = limits[name]
			if (limit === undefined) continue
			if (limit !== null && (!Number.isSafeInteger(limit) || limit < 0))
				throw new DirectoryError('limit', `the limit ${name} is a whole number, not ${limit}`)
			const most = holds[name]
			if (limit !== null && most !== null && limit > most) {
				const words = `${above!.path} allows ${name} of ${most}; a unit below it can only have less, not ${limit}`
				throw new DirectoryError('limit', words)
			}
			values[name] = limit
		}
		if (limits.outside !== undefined) values.outside = limits.outside
		return values
	}
}

function fitting(kind: UnitKind, above: Unit | null): UnitKind {
	if (above && UNIT_KINDS.indexOf(kind) < UNIT_KINDS.indexOf(above.kind)) {
		throw new DirectoryError(
			'invalid-unit',
			`a ${kind} cannot stand below ${above.path}, which is a ${above.kind}`,
		)
	}
	return kind
}
