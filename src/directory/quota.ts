import type { Fields } from './types.ts'
import type { Limits } from './units.ts'
import { tighter } from './units.ts'

/** What an account may hold: octets and messages, null = without limit. */
export type Quota = { storage: number | null; messages: number | null }

/** How an account's or a domain's limit is set; null = not at all, then the next level says: account, domain. */
export type QuotaSetting = number | 'none' | null
export type QuotaSettings = { storage: QuotaSetting; messages: QuotaSetting }

/** The field names of accounts' and domains' records. */
const FIELDS = { storage: 'quotaStorage', messages: 'quotaMessages' } as const

export function quotaSettings(fields: Fields | null): QuotaSettings {
	const read = (name: string): QuotaSetting => {
		const value = fields?.[name]?.[0]
		return typeof value === 'number' || value === 'none' ? value : null
	}
	return { storage: read(FIELDS.storage), messages: read(FIELDS.messages) }
}

/** As fields of a record; what is not named stays as it is. */
export function quotaFields(settings: Partial<QuotaSettings>): Record<string, QuotaSetting> {
	const fields: Record<string, QuotaSetting> = {}
	for (const name of ['storage', 'messages'] as const) {
		const setting = settings[name]
		if (setting !== undefined) fields[FIELDS[name]] = setting
	}
	return fields
}

/** What holds: the account's own setting, else its domain's; its units can only make it tighter. */
export function quotaOf(account: QuotaSettings, domain: QuotaSettings, units: Limits): Quota {
	const holds = (name: 'storage' | 'messages') => {
		const set = account[name] ?? domain[name]
		return tighter(typeof set === 'number' ? set : null, units[name])
	}
	return { storage: holds('storage'), messages: holds('messages') }
}
