import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import { isPublic } from './address.ts'

export type DnsType = 'MX' | 'A' | 'AAAA' | 'TXT' | 'SRV' | 'PTR'

/** What is to be published under one name. */
export type Wanted = {
	/** What it is for, for programs and translators; the same for all nodes. */
	key:
		| 'mx'
		| 'host'
		| 'spf'
		| 'dkim'
		| 'dmarc'
		| 'mta-sts'
		| 'mta-sts-host'
		| 'tls-rpt'
		| 'autoconfig'
		| 'autodiscover'
		| 'srv'
		| 'ptr'
	name: string
	type: DnsType
	/** As in a zone file, a TXT in one piece. Empty: anything, but something (an address only its owner knows). */
	values: string[]
	/** One line of why. */
	about: string
	/** Mail does not work, or is refused by many, without it. */
	required: boolean
}

export type DnsNode = { id: string; hostname: string; ip: string; webPort: number }
export type MailPorts = Record<'submission' | 'submissions' | 'imap' | 'imaps' | 'pop3' | 'pop3s', number>
export type StsMode = 'none' | 'testing' | 'enforce'

/** Everything a domain should publish so that its mail finds all nodes, and is believed. Pure. */
export function wantedRecords(options: {
	domain: string
	nodes: DnsNode[]
	ports: MailPorts
	/** Selector and record of each key. */
	dkim: { selector: string; record: string }[]
	stsMode: StsMode
}): Wanted[] {
	const { domain, dkim, ports } = options
	const nodes = options.nodes.filter(node => hasName(node))
	const hosts = nodes.map(({ hostname }) => hostname)
	const records: Wanted[] = []
	const add = (
		key: Wanted['key'],
		name: string,
		type: DnsType,
		values: string[],
		about: string,
		required = false,
	) => void records.push({ key, name, type, values, about, required })

	const mx = hosts.map(host => `10 ${host}`)
	add('mx', domain, 'MX', mx, 'mail for the domain may come to any node', true)
	for (const node of nodes) {
		const { values, type } = addressOf(node)
		add('host', node.hostname, type, values, 'the address of a node', true)
	}
	for (const { ip, hostname } of nodes) {
		if (isPublic(ip))
			add(
				'ptr',
				reverseName(ip),
				'PTR',
				[hostname],
				'many servers take no mail from an address without a name',
				true,
			)
	}
	add('spf', domain, 'TXT', [spf(nodes)], 'these nodes send mail for the domain (SPF)', true)
	for (const { selector, record } of dkim)
		add(
			'dkim',
			`${selector}._domainkey.${domain}`,
			'TXT',
			[record],
			'the key the mail is signed with (DKIM)',
			true,
		)
	const reports = `postmaster@${domain}`
	const dmarc = `v=DMARC1; p=quarantine; rua=mailto:${reports}`
	add(
		'dmarc',
		`_dmarc.${domain}`,
		'TXT',
		[dmarc],
		'what others do with mail that only says it is yours (DMARC)',
		true,
	)
	const id = stsId(stsPolicy(hosts, options.stsMode))
	add('mta-sts', `_mta-sts.${domain}`, 'TXT', [`v=STSv1; id=${id}`], 'others send only under TLS (MTA-STS)')
	everyAddress(nodes, `mta-sts.${domain}`, (name, type, values) =>
		add('mta-sts-host', name, type, values, 'where the policy of MTA-STS is read'),
	)
	add(
		'tls-rpt',
		`_smtp._tls.${domain}`,
		'TXT',
		[`v=TLSRPTv1; rua=mailto:${reports}`],
		'reports of failing TLS',
	)
	for (const key of ['autoconfig', 'autodiscover'] as const) {
		everyAddress(nodes, `${key}.${domain}`, (name, type, values) =>
			add(key, name, type, values, 'mail programs find their settings by themselves'),
		)
	}
	for (const [service, port] of services(ports)) {
		const values = hosts.map(host => `0 1 ${port} ${host}`)
		add('srv', `${service}._tcp.${domain}`, 'SRV', values, 'mail programs find the servers (RFC 6186)')
	}
	const web = nodes.map(({ hostname, webPort }) => `0 1 ${webPort} ${hostname}`)
	add('srv', `_jmap._tcp.${domain}`, 'SRV', web, 'JMAP programs find the servers (RFC 8620)')
	add('srv', `_autodiscover._tcp.${domain}`, 'SRV', web, 'Outlook finds its settings')
	return records
}

function services(ports: MailPorts): [name: string, port: number][] {
	const all: [string, number][] = [
		['_submissions', ports.submissions],
		['_submission', ports.submission],
		['_imaps', ports.imaps],
		['_imap', ports.imap],
		['_pop3s', ports.pop3s],
		['_pop3', ports.pop3],
	]
	return all.filter(([, port]) => port !== 0)
}

/** A name others can look up has a dot. */
export function hasName({ hostname }: Pick<DnsNode, 'hostname'>): boolean {
	return hostname.includes('.') && isIP(hostname) === 0
}

function addressOf({ ip }: DnsNode): { type: 'A' | 'AAAA'; values: string[] } {
	return { type: isIP(ip) === 6 ? 'AAAA' : 'A', values: isPublic(ip) ? [ip] : [] }
}

function everyAddress(
	nodes: DnsNode[],
	name: string,
	add: (name: string, type: DnsType, values: string[]) => void,
) {
	const found = nodes.map(addressOf)
	for (const type of ['A', 'AAAA'] as const) {
		const these = found.filter(one => one.type === type)
		if (these.length > 0)
			add(name, type, these.every(one => one.values.length > 0) ? these.flatMap(one => one.values) : [])
	}
}

/** By address where that is known: names cost the reader look-ups, of which it makes ten at most (RFC 7208). */
function spf(nodes: DnsNode[]): string {
	const terms = nodes.map(({ ip, hostname }) =>
		isPublic(ip) ? `${isIP(ip) === 6 ? 'ip6' : 'ip4'}:${ip}` : `a:${hostname}`,
	)
	return ['v=spf1', ...terms, '-all'].join(' ')
}

/** RFC 8461 section 3.2. */
export function stsPolicy(hosts: string[], mode: StsMode): string {
	const lines = [
		'version: STSv1',
		`mode: ${mode}`,
		...hosts.map(host => `mx: ${host}`),
		'max_age: 604800',
		'',
	]
	return lines.join('\r\n')
}

/** Others fetch the policy again when this changes, so it follows from the policy. */
export function stsId(policy: string): string {
	return createHash('sha256').update(policy).digest('hex').slice(0, 20)
}

/** RFC 1035 section 3.5, RFC 3596 section 2.5. */
export function reverseName(ip: string): string {
	if (isIP(ip) === 4) return `${ip.split('.').reverse().join('.')}.in-addr.arpa`
	const [head = '', tail] = ip.toLowerCase().split('::')
	const words = (text: string | undefined) => (text ? text.split(':') : [])
	const [left, right] = [words(head), words(tail)]
	const zeros = tail === undefined ? 0 : 8 - left.length - right.length
	const all = [...left, ...Array(zeros).fill('0'), ...right].map(word => word.padStart(4, '0')).join('')
	return `${[...all].reverse().join('.')}.ip6.arpa`
}
