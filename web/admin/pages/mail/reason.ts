import { t } from '../../../shared/i18n.ts'

type Waits = { reason: string }

/** The node it is for, when that is what it waits for. */
function nodeAway({ reason }: Waits): { ip: string; port: string } | null {
	const [, ip, port] = /^no connection to \S+ at (\S+) port (\d+)/.exec(reason) ?? []
	return ip && port ? { ip, port } : null
}

/** It goes out by itself as soon as its node is back, not at a time. */
export const waitsForNode = (one: Waits): boolean => nodeAway(one) !== null

/** Why it waits: what another server said as it said it, a node that is away in the reader's language. */
export function reasonOf(one: Waits): string {
	const away = nodeAway(one)
	return away ? t('queue.noConnection', away) : one.reason || t('queue.onItsWay')
}
