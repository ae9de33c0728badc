import { t, te } from '../../../shared/i18n.ts'
import type { AuditEntry } from '../../api/audit.ts'

/** A verb in words; one we have no word for as it is typed on the command line. */
export function verbOf({ verb }: AuditEntry): string {
	const key = `audit.verbs.${verb.replaceAll(' ', '-')}`
	return te(key) ? t(key) : verb
}

export function outcomeOf({ outcome }: AuditEntry): string {
	if (outcome === 'done') return t('audit.done')
	return te(`problem.${outcome}`) ? t('audit.notDone') : outcome
}

export type Difference = { name: string; before: string; after: string }

/** What an act changed, field by field. */
export function differences({ before, after }: AuditEntry): Difference[] {
	const [was, is] = [fieldsOf(before), fieldsOf(after)]
	return [...new Set([...was.keys(), ...is.keys()])]
		.map(name => ({ name, before: was.get(name) ?? '', after: is.get(name) ?? '' }))
		.filter(({ before, after }) => before !== after)
}

function fieldsOf(state: unknown, path = ''): Map<string, string> {
	const found = new Map<string, string>()
	if (state === null || state === undefined) return found
	if (Array.isArray(state) && state.every(one => typeof one === 'string')) {
		return found.set(path, state.join(', '))
	}
	if (typeof state !== 'object' || Array.isArray(state)) {
		return found.set(path, typeof state === 'string' ? state : JSON.stringify(state))
	}
	for (const [name, value] of Object.entries(state)) {
		for (const [inner, text] of fieldsOf(value, path ? `${path}.${name}` : name)) found.set(inner, text)
	}
	return found
}
