import { t, te } from '../../../shared/i18n.ts'
import type { Step, Traced } from '../../api/trace.ts'

/** `here`, `node:Hong Kong`, `mx:example.org`, `smtp` in words. */
export function wayOf(via: string): string {
	const [kind = '', ...rest] = via.split(':')
	const name = rest.join(':')
	if (name) return t(`trace.ways.${kind === 'node' ? 'node' : 'mx'}`, { name })
	return te(`trace.ways.${kind}`) ? t(`trace.ways.${kind}`) : via
}

/** Where a message went from here: `here:a@test.com node:Hong Kong b@test.com` in words; other answers as they are. */
export function detailOf({ event, detail }: Step): string {
	if (event !== 'accepted' || !/\b(here|node|mx):/.test(detail)) return detail
	return detail
		.replace(/\bhere:(\S+)/g, (_, address) => t('trace.into', { address }))
		.replace(/\bmx:(\S+) (\S+)/g, (_, name, address) => t('trace.toWorld', { name, address }))
		.replace(/\bnode:(.+?) (\S+@\S+)/g, (_, name, address) => t('trace.toNode', { name, address }))
}

export function kindOf({ state }: Traced): 'good' | 'warn' | 'bad' | 'plain' {
	if (state.some(one => one === 'failed' || one === 'refused' || one === 'dropped')) return 'bad'
	if (state.includes('waits')) return 'warn'
	return state.length > 0 ? 'good' : 'plain'
}

export const KINDS: Record<Step['event'], 'good' | 'warn' | 'bad' | 'plain'> = {
	accepted: 'plain',
	delivered: 'good',
	deferred: 'warn',
	refused: 'bad',
	failed: 'bad',
	dropped: 'bad',
}
