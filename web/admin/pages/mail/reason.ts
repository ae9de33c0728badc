import { t } from '../../../shared/i18n.ts'
import type { Waiting } from '../../api/queue.ts'

/** It goes out by itself as soon as its node is back, not at a time. */
export const waitsForNode = ({ why }: Waiting): boolean => why === 'node-unreachable'

/** Why it waits: what another server said as it said it, everything else in the reader's language. */
export function reasonOf({ why, at, reason }: Waiting): string {
	return (why === 'told' && reason) || t(`queue.why.${why}`, { at: at ?? '' })
}
