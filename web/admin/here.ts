import { computed, ref } from 'vue'
import { onSignedOut } from '../shared/api.ts'
import { type Role, type Session, signOut, whoAmI } from '../shared/session.ts'

/** Who sits here. Undefined = not known yet; null = nobody is signed in. */
export const session = ref<Session | null>()

/** Asks the node. Must be called before the first page is drawn. */
export function startSession(): void {
	onSignedOut(() => (session.value = null))
	whoAmI().then(
		found => (session.value = found),
		() => (session.value = null),
	)
}

export async function leave(): Promise<void> {
	await signOut().catch(() => {})
	session.value = null
}

const roles = computed(() => new Set((session.value?.grants ?? []).map(grant => grant.role)))

/** What to show; what is really allowed the node decides at every request. */
export const holds = (...wanted: Role[]): boolean => wanted.some(role => roles.value.has(role))
export const administersAll = computed(() => holds('admin'))
