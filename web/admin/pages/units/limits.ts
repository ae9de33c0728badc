import { t, tn } from '../../../shared/i18n.ts'
import { number, size } from '../../../shared/written.ts'
import type { Limits } from '../../api/units.ts'

/** Sizes are typed in megabytes; empty = no limit. */
const MEGABYTE = 1024 * 1024

export type Typed = { [Name in keyof Limits]: Name extends 'outside' ? boolean : string }
const SIZES = new Set(['storage', 'messageSize'])
export const NUMBERS = ['storage', 'messages', 'accounts', 'recipients', 'messageSize'] as const

export function typed(limits: Limits | undefined): Typed {
	const text = (name: (typeof NUMBERS)[number]) => {
		const value = limits?.[name]
		return value === null || value === undefined ? '' : String(SIZES.has(name) ? value / MEGABYTE : value)
	}
	return {
		storage: text('storage'),
		messages: text('messages'),
		accounts: text('accounts'),
		recipients: text('recipients'),
		messageSize: text('messageSize'),
		outside: limits?.outside ?? true,
	}
}

export function untyped(form: Typed): Limits {
	const value = (name: (typeof NUMBERS)[number]) => {
		if (form[name].trim() === '') return null
		return Math.round(Number(form[name]) * (SIZES.has(name) ? MEGABYTE : 1))
	}
	return {
		storage: value('storage'),
		messages: value('messages'),
		accounts: value('accounts'),
		recipients: value('recipients'),
		messageSize: value('messageSize'),
		outside: form.outside,
	}
}

export const limitInWords = (name: (typeof NUMBERS)[number], limit: number): string =>
	SIZES.has(name) ? size(limit) : number(limit)

/** Only those there are. */
export function limitsInWords(limits: Limits): string[] {
	const words: string[] = []
	if (limits.storage !== null) words.push(t('units.words.storage', { size: size(limits.storage) }))
	if (limits.messages !== null) words.push(tn('units.words.messages', limits.messages))
	if (limits.accounts !== null) words.push(tn('units.words.accounts', limits.accounts))
	if (limits.recipients !== null) words.push(tn('units.words.recipients', limits.recipients))
	if (limits.messageSize !== null)
		words.push(t('units.words.messageSize', { size: size(limits.messageSize) }))
	if (!limits.outside) words.push(t('units.words.inside'))
	return words
}
