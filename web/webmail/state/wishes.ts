import { type Ref, ref, watch } from 'vue'
import { kept } from '../../shared/kept.ts'
import { zone, zoneHere } from '../../shared/zone.ts'

/** How this person likes the page: kept here for the next visit, and with the account for every device (preferences.ts). */
export const densities = ['comfortable', 'compact'] as const
export const density = wish('density', densities)
export const layouts = ['three', 'two'] as const
/** Panes on a wide screen: with the message beside the list, or in its place. */
export const layout = wish('layout', layouts)
/** Messages of a conversation are one line. */
export const conversations = ref(kept.get('conversations') !== 'no')
watch(conversations, on => kept.set('conversations', on ? 'yes' : 'no'))

/** null = as the browser has it. */
export const timeZone = ref(known(kept.get('zone')))
watch(timeZone, name => kept.set('zone', name ?? ''))
watch(timeZone, name => (zone.value = name ?? zoneHere()), { immediate: true })

/** New mail is told on the desktop: a wish of this browser alone, and only when it was made. */
export const notifications = ref(kept.get('notifications') === 'yes')
watch(notifications, on => kept.set('notifications', on ? 'yes' : 'no'))

function wish<Name extends string>(key: string, names: readonly Name[]): Ref<Name> {
	const found = names.find(name => name === kept.get(key))
	const chosen = ref(found ?? names[0]!) as Ref<Name>
	watch(chosen, name => kept.set(key, name))
	return chosen
}

/** A time zone the browser knows by this name. */
export function known(name: string | null): string | null {
	if (!name) return null
	try {
		new Intl.DateTimeFormat('en', { timeZone: name })
		return name
	} catch {
		return null
	}
}
