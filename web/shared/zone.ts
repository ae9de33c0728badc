import { ref } from 'vue'

/** The time zone by whose clock times are written: the one the person chose, else the browser's. */
export const zone = ref(zoneHere())

export function zoneHere(): string {
	return Intl.DateTimeFormat().resolvedOptions().timeZone
}
