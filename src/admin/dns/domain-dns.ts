import { z } from 'zod'
import { normalDomain } from '../../directory/index.ts'
import { may, WHOLE } from '../may.ts'
import { placeOfDomain } from '../place.ts'
import { CannotBeDone, type Office, type Target, verb } from '../verb.ts'
import { isPublic } from './address.ts'
import { type DnsState, judgeRecord, relevant } from './judge.ts'
import { type Look, lookFrom } from './look.ts'
import { type DnsNode, hasName, type StsMode, stsPolicy, type Wanted, wantedRecords } from './records.ts'

const domain = z.string().min(1).max(300)

/** How a record is seen from one node. */
export type Seen = { node: string; state: DnsState; found: string[]; problem?: string }
export type DnsRecord = Wanted & { state?: DnsState; seen?: Seen[] }

export const domainDns = verb({
	about: 'the DNS records to publish for a domain, and (--check) what is there as seen from every node',
	input: z.object({ domain, check: z.boolean().exactOptional() }),
	act: 'domains:read',
	slow: true,
	on: (_office, { domain }): Target => ({ place: placeOfDomain(domain), object: domain }),
	async run(office, { domain, check }, by) {
		const { directory } = office
		const name = ours(office, domain)
		// Made when somebody looks at what is to be published: a signature that nobody can check helps nobody.
		if (directory.dkimKeys(name).length === 0 && may(by.grants, 'domains:change', WHOLE))
			await directory.addDkimKey(name)
		const nodes = dnsNodes(office)
		const records: DnsRecord[] = wantedRecords({
			domain: name,
			nodes,
			ports: office.ports,
			dkim: directory.dkimKeys(name),
			stsMode: stsMode(office, name),
		})
		if (check) await look(office, records, nodes)
		return { domain: name, records, problems: problemsOf(office, name, nodes) }
	},
})

export const setMtaSts = verb({
	about: 'MTA-STS of a domain: testing (others report what fails), enforce, or none',
	input: z.object({ domain, mode: z.enum(['none', 'testing', 'enforce']) }),
	act: 'domains:change',
	on: (office, { domain }): Target => ({
		place: {},
		object: domain,
		state: { mode: stsMode(office, domain) },
	}),
	run(office, { domain, mode }) {
		const name = ours(office, domain)
		office.directory.setPolicy(`mta-sts.${name}`, mode)
		return { domain: name, mode }
	},
})

export const listDkim = verb({
	about: 'the keys a domain signs with: the first one signs, all are to be published',
	input: z.object({ domain }),
	act: 'domains:read',
	on: (_office, { domain }): Target => ({ place: placeOfDomain(domain), object: domain }),
	run: (office, { domain }) => keys(office, ours(office, domain)),
})

export const addDkim = verb({
	about: 'make a key more; publish it, wait a day, then retire the one before',
	input: z.object({ domain }),
	act: 'domains:change',
	on: keysTarget,
	async run(office, { domain }) {
		const name = ours(office, domain)
		await office.directory.addDkimKey(name)
		return keys(office, name)
	},
})

export const retireDkim = verb({
	about: 'sign no more with a key, and forget it',
	input: z.object({ domain, selector: z.string().min(1).max(100) }),
	act: 'domains:change',
	on: keysTarget,
	run(office, { domain, selector }) {
		const name = ours(office, domain)
		office.directory.retireDkimKey(name, selector)
		return keys(office, name)
	},
})

/** RFC 8461: what is answered at https://mta-sts.<domain>/.well-known/mta-sts.txt; null for a domain of others. */
export function stsPolicyOf(office: Office, domain: string): string | null {
	if (!office.directory.isOurDomain(domain)) return null
	const hosts = dnsNodes(office).filter(hasName)
	return stsPolicy(
		hosts.map(({ hostname }) => hostname),
		stsMode(office, domain),
	)
}

function keysTarget(office: Office, { domain }: { domain: string }): Target {
	return { place: {}, object: domain, state: keys(office, domain) }
}

function keys({ directory }: Office, domain: string) {
	return directory.dkimKeys(domain).map(({ selector, record, created }, index) => ({
		selector,
		signs: index === 0,
		created: new Date(created).toISOString(),
		name: `${selector}._domainkey.${domain}`,
		record,
	}))
}

function ours({ directory }: Office, domain: string): string {
	const name = directory.domains().find(one => one === normalDomain(domain))
	if (!name)
		throw new CannotBeDone(`there is no domain ${domain} here; "domain list" shows them`, 'no-such-domain')
	return name
}

function stsMode({ directory }: Office, domain: string): StsMode {
	const mode = directory.getPolicy(`mta-sts.${normalDomain(domain)}`)
	return mode === 'none' || mode === 'enforce' ? mode : 'testing'
}

/** Nodes that are to be found in DNS: those that take mail. In one order on all of them: the policy's id follows from it. */
function dnsNodes({ directory }: Office): DnsNode[] {
	return directory
		.nodes()
		.filter(({ enabled }) => enabled)
		.map(({ id, hostname, ip, webPort }) => ({ id, hostname: hostname.toLowerCase(), ip, webPort }))
		.sort((a, b) => (a.hostname < b.hostname ? -1 : 1))
}

function problemsOf({ directory }: Office, domain: string, nodes: DnsNode[]): { en: string; zh: string }[] {
	const problems: { en: string; zh: string }[] = []
	for (const node of nodes) {
		if (!hasName(node)) {
			problems.push({
				en: `The node ${node.ip || node.hostname} has no name that others could look up ("${node.hostname}"); give it one like mail.${domain} (hostname in its panpipe.toml). It is left out here.`,
				zh: `节点 ${node.ip || node.hostname} 没有可供外部查询的主机名（现为“${node.hostname}”）。请在它的 panpipe.toml 中用 hostname 设置，例如 mail.${domain}。下面的记录暂不包含它。`,
			})
		} else if (!isPublic(node.ip)) {
			problems.push({
				en: `${node.hostname} is known by an address of an inner network (${node.ip}); publish its public one, or set advertise in its panpipe.toml.`,
				zh: `${node.hostname} 登记的是内网地址（${node.ip}）。请发布它的公网地址，或在它的 panpipe.toml 中设置 advertise。`,
			})
		}
	}
	const nobody = directory.lookup(`postmaster@${domain}`).is === 'unknown'
	if (nobody && directory.access.administrators().length === 0) {
		problems.push({
			en: `Reports would go to postmaster@${domain}, and nobody has that address; make it an alias.`,
			zh: `报告会发送到 postmaster@${domain}，但没有人使用该地址。请把它设为某个账号的别名。`,
		})
	}
	return problems
}

/** Instead of a code of the resolver. */
const NO_NODE = 'NODE_UNREACHABLE'

/** Asks all nodes at once; those that cannot be asked are named. */
async function look(office: Office, records: DnsRecord[], nodes: DnsNode[]): Promise<void> {
	const askers = office.directory.nodes().map(({ id, hostname, ip }) => ({ id, name: hostname || ip || id }))
	const asked = records.map(({ name, type }) => ({ name, type }))
	const named = nodes.filter(hasName)
	const answers = await Promise.all(
		askers.map(({ id }) =>
			lookFrom(office, id, asked).catch((): Look[] => asked.map(() => ({ problem: NO_NODE }))),
		),
	)
	for (const [index, record] of records.entries()) {
		record.seen = askers.map(({ name }, asker): Seen => {
			const look = answers[asker]![index] ?? { problem: NO_NODE }
			if ('problem' in look) return { node: name, state: 'unknown', found: [], problem: look.problem }
			return {
				node: name,
				state: judgeRecord(record, look.found, named),
				found: relevant(record, look.found),
			}
		})
		record.state = worst(record.seen.map(({ state }) => state))
	}
}

/** As it is where it is worst; a node that knows nothing says nothing against the others. */
function worst(states: DnsState[]): DnsState {
	const order: DnsState[] = ['different', 'missing', 'ok', 'unknown']
	return order.find(state => states.includes(state)) ?? 'unknown'
}
