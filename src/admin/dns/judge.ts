import { isInNet, isPublic } from './address.ts'
import type { DnsNode, Wanted } from './records.ts'

/** `unknown`: the question got no answer. */
export type DnsState = 'ok' | 'missing' | 'different' | 'unknown'

/** Does what is there serve? More generous than a comparison: what does the same is right too. Pure. */
export function judgeRecord(wanted: Wanted, found: string[], nodes: DnsNode[]): DnsState {
	const there = relevant(wanted, found)
	if (there.length === 0) return 'missing'
	if (wanted.values.length === 0) return 'ok'
	switch (wanted.key) {
		case 'spf':
			return there.length === 1 && nodes.every(node => passesSpf(there[0]!, node)) ? 'ok' : 'different'
		case 'dkim':
			return there.length === 1 && tag(there[0]!, 'p') === tag(wanted.values[0]!, 'p') ? 'ok' : 'different'
		case 'dmarc':
			return there.length === 1 && /^(none|quarantine|reject)$/i.test(tag(there[0]!, 'p'))
				? 'ok'
				: 'different'
		case 'mta-sts':
			return there.length === 1 && tag(there[0]!, 'id') === tag(wanted.values[0]!, 'id') ? 'ok' : 'different'
		case 'tls-rpt':
			return there.length === 1 && tag(there[0]!, 'rua') !== '' ? 'ok' : 'different'
		case 'mx':
			return isEqualMx(wanted.values, there) ? 'ok' : 'different'
		case 'ptr':
			return there.some(name => name.toLowerCase() === wanted.values[0]) ? 'ok' : 'different'
		default: {
			const normal = (values: string[]) => values.map(value => value.toLowerCase()).sort()
			return normal(wanted.values).join('\n') === normal(there).join('\n') ? 'ok' : 'different'
		}
	}
}

const MARKS: Partial<Record<Wanted['key'], RegExp>> = {
	spf: /^v=spf1(\s|$)/i,
	dkim: /(^|;)\s*p\s*=/i,
	dmarc: /^v\s*=\s*DMARC1\b/i,
	'mta-sts': /^v\s*=\s*STSv1\b/i,
	'tls-rpt': /^v\s*=\s*TLSRPTv1\b/i,
}

/** A name may have other texts that are none of our business. */
export function relevant({ key }: Pick<Wanted, 'key'>, found: string[]): string[] {
	const mark = MARKS[key]
	return mark ? found.filter(text => mark.test(text)) : found
}

/** All nodes, and with one preference: none of them stands behind another. */
function isEqualMx(wanted: string[], there: string[]): boolean {
	const split = (value: string) => value.toLowerCase().split(' ') as [string, string]
	const preferences = new Set(there.map(value => split(value)[0]))
	const hosts = (values: string[]) => values.map(value => split(value)[1]).sort()
	return preferences.size === 1 && hosts(wanted).join() === hosts(there).join()
}

function tag(text: string, name: string): string {
	for (const part of text.split(';')) {
		const equals = part.indexOf('=')
		if (equals > 0 && part.slice(0, equals).trim().toLowerCase() === name)
			return part.slice(equals + 1).replace(/\s+/g, '')
	}
	return ''
}

/** By what the record says itself: of an `include` nobody knows what it will say tomorrow. */
function passesSpf(text: string, { ip, hostname }: DnsNode): boolean {
	return text.split(/\s+/).some(term => {
		const [, mechanism = '', value = ''] = /^\+?([a-z0-9]+)(?:[:/](.*))?$/i.exec(term) ?? []
		switch (mechanism.toLowerCase()) {
			case 'ip4':
			case 'ip6':
				return isPublic(ip) && isInNet(ip, value)
			case 'a':
				return value.toLowerCase() === hostname
			case 'mx':
				return value === '' // the nodes are the mail exchangers
			case 'all':
				return true
			default:
				return false
		}
	})
}
