import { statfsSync } from 'node:fs'
import { nodesNow } from './nodes.ts'
import type { Office } from './verb.ts'

/** Something that is not well, in a sentence that says what to do. */
export type Trouble = {
	/** The same as long as it is the same trouble. */
	key: string
	code:
		| 'engine'
		| 'unreachable'
		| 'clock'
		| 'certificate'
		| 'conflict'
		| 'disk'
		| 'queue'
		| 'left'
		| 'audit'
		| 'mail'
	/** `cluster`: other nodes see it too. */
	scope: 'node' | 'cluster'
	en: string
	zh: string
}

// Stamps of a clock ten minutes ahead are not taken any more; people are told long before.
const CLOCK_OFF_MS = 60_000
const CERTIFICATE_ENDS_MS = 14 * 86_400_000
const MIB = 2 ** 20

export function troublesOf(office: Office): Trouble[] {
	const { cluster } = office
	const engine: Trouble[] = cluster.problem
		? [
				{
					key: 'engine',
					code: 'engine',
					scope: 'node',
					en: cluster.problem,
					zh: `集群引擎：${cluster.problem}`,
				},
			]
		: []
	return [
		...engine,
		...peers(office),
		...certificate(office),
		...conflicts(office),
		...disk(office),
		...queue(office),
		...leftBehind(office),
		...auditLog(office),
		...unowned(office),
	]
}

function peers(office: Office): Trouble[] {
	const found: Trouble[] = []
	for (const { id, self, description, ip, webPort, state, webPortProblem, clockOffMs } of nodesNow(office)) {
		if (self) continue
		const name = description || ip
		if (state === 'unreachable' && webPortProblem !== null) {
			// From here; another node may have a way, and says nothing of it.
			found.push({
				key: `web-port:${id}`,
				code: 'unreachable',
				scope: 'node',
				en: `${name} runs, and its web port cannot be reached at ${ip} port ${webPort}: ${webPortProblem}. Mail for it, and people who live there, wait here. Check address and web port ("node edit"), and that firewalls let port ${webPort} through.`,
				zh: `节点 ${name} 在运行，但无法连接它的 Web 端口（${ip} 端口 ${webPort}）：${webPortProblem}。发往它的邮件在此等待，归属该节点的用户也无法从此处使用邮箱。请检查它的节点IP和 Web 端口（node edit），以及防火墙是否放行端口 ${webPort}。`,
			})
		} else if (state === 'unreachable') {
			found.push({
				key: `unreachable:${id}`,
				code: 'unreachable',
				scope: 'cluster',
				en: `${name} cannot be reached; mail for it waits here. Check that it runs, and the line to ${ip} port ${webPort}.`,
				zh: `无法连接节点 ${name}，发往它的邮件在此等待。请检查它是否在运行，以及到 ${ip} 端口 ${webPort} 的线路。`,
			})
		}
		if (clockOffMs !== null && Math.abs(clockOffMs) > CLOCK_OFF_MS) {
			const seconds = Math.round(Math.abs(clockOffMs) / 1000)
			const ahead = clockOffMs > 0
			found.push({
				key: `clock:${id}`,
				code: 'clock',
				scope: 'cluster',
				en: `The clock of ${name} is ${seconds} seconds ${ahead ? 'ahead of' : 'behind'} ours. Set both right (chrony, systemd-timesyncd).`,
				zh: `节点 ${name} 的时钟比本节点${ahead ? '快' : '慢'} ${seconds} 秒。请校准两边的时钟（chrony、systemd-timesyncd）。`,
			})
		}
	}
	return found
}

function certificate({ cluster: { certificate, acme }, clock }: Office): Trouble[] {
	const about = { key: 'certificate', code: 'certificate', scope: 'node' } as const
	if (acme.problem) return [{ ...about, en: acme.problem, zh: `证书续期失败：${acme.problem}` }]
	const { validTo } = certificate.about()
	if (validTo - clock.now() > CERTIFICATE_ENDS_MS) return []
	const day = new Date(validTo).toISOString().slice(0, 10)
	return [
		{
			...about,
			en: `The certificate that mail programs see ends on ${day}. Give another one ("certificate use"), or order one ("certificate order").`,
			zh: `邮件客户端看到的证书将于 ${day} 到期。请更换（certificate use）或申请证书（certificate order）。`,
		},
	]
}

function conflicts({ directory }: Office): Trouble[] {
	const about = (claimed: string) =>
		({ key: `conflict:${claimed}`, code: 'conflict', scope: 'cluster' }) as const
	return [
		// What is being merged is settled.
		...directory
			.conflicts()
			.filter(({ mergesInto }) => mergesInto === null)
			.map(({ claimed, address }) => ({
				...about(claimed),
				en: `${claimed} was made twice; the later account is ${address} for now. Two people: give it another address ("account rename"). One person: merge the two ("account merge").`,
				zh: `地址 ${claimed} 被重复创建，后创建的账号暂用 ${address}。不同的人请改名（account rename），同一个人请合并（account merge）。`,
			})),
		...directory.conflictingGroups().map(({ claimed, address }) => ({
			...about(claimed),
			en: `${claimed} was made twice; the group that came later is ${address} for now. Give it another address ("group edit --address").`,
			zh: `地址 ${claimed} 被重复创建，后创建的群组暂用 ${address}。请给它另一个地址（group edit --address）。`,
		})),
	]
}

/** Octets that are free where the mail lies; null when nobody can tell. */
export function diskFree(dir: string): number | null {
	try {
		const { bavail, bsize } = statfsSync(dir)
		return bavail * bsize
	} catch {
		return null
	}
}

function disk({ dataDir, watch: { thresholds } }: Office): Trouble[] {
	const free = diskFree(dataDir)
	if (free === null || free >= thresholds.diskFreeMiB * MIB) return []
	const left = `${Math.floor(free / MIB)} MiB`
	return [
		{
			key: 'disk',
			code: 'disk',
			scope: 'node',
			en: `Only ${left} are free on the disk of ${dataDir}; when it is full no more mail is taken. Make room, or give it a larger one.`,
			zh: `${dataDir} 所在磁盘只剩 ${left}，写满后将不再接收邮件。请清理或扩容。`,
		},
	]
}

function queue({ watch }: Office): Trouble[] {
	const { growing } = watch
	if (!growing) return []
	return [
		{
			key: 'queue',
			code: 'queue',
			scope: 'node',
			en: `The queue grows: ${growing.now} recipients wait, ${growing.before} did a quarter of an hour ago. "queue list" says why.`,
			zh: `队列在增长：现有 ${growing.now} 个收件人在等待，一刻钟前为 ${growing.before} 个。原因见 queue list。`,
		},
	]
}

function leftBehind({ queue: { leftBehind } }: Office): Trouble[] {
	if (leftBehind === 0) return []
	return [
		{
			key: 'left',
			code: 'left',
			scope: 'node',
			en: `Mail to ${leftBehind} recipients of the cluster that this node was taken out of waits here. Let this node into that cluster again ("node code" here, "node add" there), and it goes; or drop it ("queue drop").`,
			zh: `有 ${leftBehind} 个收件人的邮件在此等待，他们属于本节点原来所在的集群。请让本节点重新加入该集群（在本节点执行 node code，在集群中执行 node add），邮件即会投递；也可以删除（queue drop）。`,
		},
	]
}

function auditLog({ audit }: Office): Trouble[] {
	return [...audit.forked].map(chain => ({
		key: `audit:${chain}`,
		code: 'audit',
		scope: 'node',
		en: `Part ${chain} of the audit log is not the same at all nodes: somebody has changed it. "audit verify" on each says where.`,
		zh: `审计日志的 ${chain} 部分在各节点上不一致，有人改动过。请在各节点执行 audit verify 查明。`,
	}))
}

function unowned({ watch, dataDir }: Office): Trouble[] {
	if (!watch.unowned) return []
	const { accounts, messages } = watch.unowned
	const some = accounts.slice(0, 3).join(', ') + (accounts.length > 3 ? ', …' : '')
	return [
		{
			key: 'mail',
			code: 'mail',
			scope: 'node',
			en: `${messages} messages of ${accounts.length} accounts lie here that the directory does not know (${some}): mail.sqlite and directory.sqlite are not of one node and time. Stop the node, and put the whole folder of one backup back as ${dataDir}, node.json and directory.sqlite with it; the mail is kept meanwhile.`,
			zh: `这里有 ${messages} 封邮件属于用户目录中没有的 ${accounts.length} 个账号（${some}）：mail.sqlite 与 directory.sqlite 不是同一节点、同一时刻的。请停止节点，用同一份备份恢复整个数据目录 ${dataDir}（包括 node.json 和 directory.sqlite）；在此期间这些邮件会保留。`,
		},
	]
}

/** Does the queue grow? By half within the time of the samples, and it is not short. Pure. */
export function growth(samples: { length: number }[], least: number): { before: number; now: number } | null {
	const [first, last] = [samples[0], samples.at(-1)]
	if (!first || !last || last.length < least || last.length < first.length * 1.5) return null
	return { before: first.length, now: last.length }
}
