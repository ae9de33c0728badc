import type { QuotaSetting, QuotaSettings } from '../../api/quota.ts'

/** Storage is typed in megabytes. */
const MEGABYTE = 1024 * 1024

export const CHOICES = ['default', 'none', 'limit'] as const
type Typed = { choice: (typeof CHOICES)[number]; most: string }
export type TypedQuota = { storage: Typed; messages: Typed }

const typed = (setting: QuotaSetting, unit: number): Typed =>
	typeof setting === 'number'
		? { choice: 'limit', most: String(setting / unit) }
		: { choice: setting, most: '' }
const untyped = ({ choice, most }: Typed, unit: number): QuotaSetting =>
	choice === 'limit' ? Math.round(Number(most) * unit) : choice

export const typedQuota = ({ storage, messages }: QuotaSettings): TypedQuota => ({
	storage: typed(storage, MEGABYTE),
	messages: typed(messages, 1),
})
export const untypedQuota = ({ storage, messages }: TypedQuota): QuotaSettings => ({
	storage: untyped(storage, MEGABYTE),
	messages: untyped(messages, 1),
})
