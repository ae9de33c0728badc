import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'
import { csvLine } from '../kit/index.ts'
import { importAccounts, type LineReport } from './import-accounts.ts'
import { EXPORT_COLUMNS, readRows } from './import-rows.ts'
import { may } from './may.ts'
import { nodeNamed } from './nodes.ts'
import { placeOfAccount } from './place.ts'
import { unitNamed } from './units.ts'
import { type Actor, type Office, verb } from './verb.ts'

const PAGE = 1000

export const importFile = verb({
	about: 'make and change accounts by a CSV file (UTF-8 or GB18030), with a report by line',
	input: z.object({
		/** The file's octets in base64. */
		file: z.base64().max(20_000_000),
		dryRun: z.boolean().exactOptional(),
		generate: z.boolean().exactOptional(),
		resetPasswords: z.boolean().exactOptional(),
	}),
	act: 'accounts:change',
	inReach: true,
	slow: true,
	async run(office, { file, dryRun = false, generate = false, resetPasswords = false }, by, progress) {
		const { rows, ignored } = readRows(Buffer.from(file, 'base64'))
		const told = (done: number) => progress(done, rows.length)
		told(0)
		const options = { dryRun, generate, resetPasswords, progress: told }
		const lines = await importAccounts(office, by, rows, options)
		if (!dryRun) await writeDownLines(office, by, lines)
		return { dryRun, ...counted(lines), ignored, lines }
	},
})

/** Each account that came or changed, as if it had been done by itself. */
async function writeDownLines(office: Office, by: Actor, lines: LineReport[]): Promise<void> {
	const { id, name, via, client } = by
	const done = lines.filter(({ outcome }) => outcome === 'created' || outcome === 'changed')
	for (let at = 0; at < done.length; at += PAGE) {
		office.audit.writeAll(
			done.slice(at, at + PAGE).map(({ address, outcome, fields = [] }) => ({
				by: id,
				name,
				via,
				client,
				verb: 'account import',
				object: address,
				outcome: 'done',
				before: null,
				after: outcome === 'created' ? { created: true } : { changed: fields },
			})),
		)
		await setImmediate()
	}
}

export const exportFile = verb({
	about: 'accounts as a CSV file that "account import" reads again; passwords are not in it',
	input: z.object({
		node: z.string().exactOptional(),
		domain: z.string().exactOptional(),
		unit: z.string().exactOptional(),
		search: z.string().max(300).exactOptional(),
	}),
	act: 'accounts:read',
	inReach: true,
	async run(office, { node, unit, ...filter }, by) {
		const { directory } = office
		const where = {
			...filter,
			...(node ? { node: nodeNamed(office, node).id } : {}),
			...(unit ? { unit: unitNamed(office, unit).id } : {}),
		}
		const nodes = new Map(directory.nodes().map(one => [one.id, one.ip || one.hostname || one.id]))
		const aliases = new Map<string, string[]>()
		for (const { address, targets } of directory.aliases()) {
			if (targets.length === 1) aliases.set(targets[0]!, [...(aliases.get(targets[0]!) ?? []), address])
		}
		let csv = `\ufeff${csvLine(EXPORT_COLUMNS)}`
		let accounts = 0
		for (let after: string | undefined; ; ) {
			const page = directory.accounts({ ...where, ...(after === undefined ? {} : { after }), limit: PAGE })
			for (const account of page) {
				if (!may(by.grants, 'accounts:read', placeOfAccount(office, account))) continue
				const { address, name, home, disabled } = account
				const path = directory.unit(account.unit)?.path ?? ''
				const others = (aliases.get(address) ?? []).join(';')
				csv += csvLine([address, name, path, nodes.get(home) ?? home, disabled ? 'yes' : 'no', others])
				accounts++
			}
			if (page.length < PAGE) return { accounts, csv }
			after = page.at(-1)!.id
			await setImmediate()
		}
	},
})

function counted(lines: LineReport[]): Record<LineReport['outcome'], number> {
	const counts = { created: 0, changed: 0, unchanged: 0, refused: 0 }
	for (const { outcome } of lines) counts[outcome]++
	return counts
}
