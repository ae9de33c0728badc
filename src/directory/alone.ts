import type { DirectoryFile } from './file.ts'
import { homeOf, homeValue } from './merge.ts'
import { isDeleted } from './records.ts'
import type { Fields, Kind } from './types.ts'

/**
 * What is left in the file of a node that goes on alone. Inside a transaction of the file.
 *
 * Stamps are kept and nothing is marked deleted: if the node joins its cluster again, its records and those
 * the cluster still has merge as the same accounts, and by the raised epoch they live here.
 */
export function leaveBehind(
	file: DirectoryFile,
	options: { oldSelf: string; newSelf: string; leadsSomewhere: (address: string) => boolean },
): void {
	const { oldSelf, newSelf } = options
	const node = file.get('node', oldSelf)
	const ours: { id: string; fields: Fields }[] = []
	for (const { kind, id, fields } of all(file)) {
		const living = !isDeleted(fields)
		if (kind === 'account' && living && homeOf(fields.home?.[0]).node === oldSelf) ours.push({ id, fields })
		else if (kind === 'account' || kind === 'node' || !living) file.erase(kind, id)
	}
	if (node) {
		const { deleted: _, ...settings } = node
		file.put('node', newSelf, settings)
	}
	for (const { id, fields } of ours) {
		const { epoch } = homeOf(fields.home?.[0])
		file.put('account', id, { home: [homeValue(newSelf, epoch + 1), file.stamps.next()] })
	}
	// Each alias that goes may leave another without an end.
	for (let erased = true; erased; ) {
		erased = false
		for (const { id } of all(file, 'address')) {
			if (options.leadsSomewhere(id)) continue
			file.erase('address', id)
			erased = true
		}
	}
	file.startAnew()
}

function all(file: DirectoryFile, kind?: Kind): { kind: Kind; id: string; fields: Fields }[] {
	const rows = file.db
		.prepare('SELECT kind, id, fields FROM record WHERE ifnull(kind = ?, 1)')
		.all(kind ?? null)
	return rows.map(row => ({
		kind: row.kind as Kind,
		id: row.id as string,
		fields: JSON.parse(row.fields as string) as Fields,
	}))
}
