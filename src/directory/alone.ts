import type { DirectoryFile } from './file.ts'
import { memberId } from './groups.ts'
import { homeOf, homeValue } from './merge.ts'

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
	const { db } = file
	const node = file.get('node', oldSelf)
	// There may be a million of others' accounts: by the table, not one by one.
	db.prepare(
		`DELETE FROM record WHERE kind = 'node' OR (json_extract(fields, '$.deleted[0]') AND kind <> 'unit')
		 OR kind IN ('session', 'key')
		 OR (kind = 'account' AND id NOT IN (SELECT id FROM account WHERE home = ?1))
		 OR (kind IN ('grant', 'token') AND json_extract(fields, '$.account[0]') NOT IN (SELECT id FROM account WHERE home = ?1))`,
	).run(oldSelf)
	file.startAnew()
	if (node) {
		const { deleted: _, ...settings } = node
		file.put('node', newSelf, settings)
	}
	for (const { id } of db.prepare('SELECT id FROM account').all()) {
		const { epoch } = homeOf(file.get('account', id as string)!.home?.[0])
		file.put('account', id as string, { home: [homeValue(newSelf, epoch + 1), file.stamps.next()] })
	}
	// Each alias or group that goes may leave another without an end.
	for (let erased = true; erased; ) {
		erased = false
		for (const row of db.prepare('SELECT address FROM alias').all()) {
			const address = row.address as string
			if (options.leadsSomewhere(address)) continue
			file.erase('address', address)
			erased = true
		}
		for (const row of file.claims.groups.all()) {
			const { id } = row
			if (options.leadsSomewhere(file.claims.viewGroup(row).address)) continue
			for (const member of file.claims.groups.members(id)) file.erase('member', memberId(id, member))
			file.erase('group', id)
			erased = true
		}
	}
}
