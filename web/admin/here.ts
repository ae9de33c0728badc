import { computed, ref } from 'vue'
import { onSignedOut, Problem } from '../shared/api.ts'
import { type Role, type Session, signOut, whoAmI } from '../shared/session.ts'
import { type FirstStart, firstStart } from './api/setup.ts'

/** Who sits here. Undefined = not known yet; null = nobody is signed in. */
export const session = ref<Session | null>()

/** Set while nobody administers this node yet. */
export const first = ref<Extract<FirstStart, { needed: true }>>()

/** Asks the node. Must be called before the first page is drawn. */
export async function startSession(): Promise<void> {
	onSignedOut(() => (session.value = null))
	first.value = undefined
	try {
		session.value = await whoAmI()
	} catch (error) {
		if (error instanceof Problem && error.code === 'setup-needed') {
			const found = await firstStart().catch(() => null)
			if (found?.needed) first.value = found
		}
		session.value = null
	}
}

export async function leave(): Promise<void> {
	await signOut().catch(() => {})
	session.value = null
}

const roles = computed(() => new Set((session.value?.grants ?? []).map(grant => grant.role)))

/** What to show; what is really allowed the node decides at every request. */
export const holds = (...wanted: Role[]): boolean => wanted.some(role => roles.value.has(role))
export const administersAll = computed(() => holds('admin'))

/** Does this person administer a unit, or one above it? Null: what stands at the top is the whole organisation's. */
export function administersUnit(
	units: { id: string; parent: string | null }[],
	unit: string | null,
): boolean {
	if (administersAll.value) return true
	const grants = session.value?.grants ?? []
	for (let at = unit; at !== null; at = units.find(({ id }) => id === at)?.parent ?? null)
		if (grants.some(grant => grant.role === 'unit' && grant.unit === at)) return true
	return false
}
