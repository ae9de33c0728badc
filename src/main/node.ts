import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { hostname as machineName } from 'node:os'
import { join } from 'node:path'
import { AuditLog, answerLooks, hearOthers, type Office, Watch } from '../admin/index.ts'
import { openCluster } from '../cluster/index.ts'
import { makeReceiver, Queue } from '../delivery/index.ts'
import { type Directory, openDirectory } from '../directory/index.ts'
import { followMerges, publishLog } from '../home/index.ts'
import { makeLog, newId, systemClock } from '../kit/index.ts'
import { Journal, openStore, type TraceRow } from '../store/index.ts'
import { type Config, certificateFiles } from './config.ts'
import { closeControl, openControl } from './control.ts'
import { openDoors } from './doors.ts'
import { announce, followDirectory } from './follow.ts'
import { type Identity, readIdentity, writeIdentity } from './identity.ts'
import { lockData } from './lock.ts'
import { openMetrics } from './metrics.ts'

export const VERSION: string = JSON.parse(
	readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'),
).version

export type RunningNode = {
	id: string
	office: Office
	stop(): Promise<void>
}

/** Runs one node until the process is told to end (SIGTERM, SIGINT), then stops it in good order. */
export async function serve(config: Config): Promise<void> {
	let stopping = false
	let again: () => void
	const restart = () => again()
	const ended = new Promise<void>(resolve => {
		for (const signal of ['SIGTERM', 'SIGINT'] as const) {
			process.on(signal, () => {
				if (stopping) process.exit(130) // asked twice: at once
				stopping = true
				resolve()
			})
		}
	})
	while (!stopping) {
		const restarted = new Promise<void>(resolve => (again = resolve))
		const node = await startNode(config, restart)
		await Promise.race([ended, restarted])
		await node.stop()
	}
}

/**
 * Start order: what is on disk, then who the others are, then the queue, then the doors. Stop order is the reverse.
 * @param restart called when the node has become another one (it left its cluster) and must start anew
 */
export async function startNode(config: Config, restart: () => void = () => {}): Promise<RunningNode> {
	// Mail and passwords' hashes are nobody else's on this machine, also in a directory that others may enter.
	process.umask(0o077)
	mkdirSync(config.data, { recursive: true, mode: 0o700 })
	const unlock = lockData(config.data)
	let identity = readIdentity(config.data)
	const self = identity.id
	const hostname = config.hostname ?? defaultHostname(self)
	const log = makeLog({ level: config.log.level, node: hostname })
	const clock = systemClock
	const delayReportMs = config.limits.delayReportHours * 3600_000
	const address = config.advertise ?? (isWildcard(config.listen) ? null : config.listen)
	const undo: (() => Promise<void> | void)[] = [unlock]
	const stop = async () => {
		for (const step of undo.splice(0).reverse()) {
			try {
				await step()
			} catch (error) {
				log.error({ err: error }, 'stopping')
			}
		}
	}

	let aboutUs = () => ({ description: '', site: '' })
	try {
		const store = await openStore({ dir: config.data, node: self, log })
		undo.push(() => store.close())
		void store.died.then(error => {
			log.fatal({ err: error }, 'the writer of the store has died; this node starts anew')
			restart()
		})
		const cluster = await openCluster({
			dataDir: config.data,
			self,
			hostname,
			log,
			clock,
			listen: config.listen,
			webPort: config.ports.web,
			clusterPort: config.ports.cluster,
			advertise: config.advertise ?? null,
			version: VERSION,
			about: () => aboutUs(),
			certificateFiles: certificateFiles(config),
		})
		undo.push(() => cluster.close())
		const directory = openDirectory({
			file: join(config.data, 'directory.sqlite'),
			self,
			clock,
			log,
			links: cluster.links,
		})
		undo.push(() => directory.close())
		identity = leave(directory, config.data, identity)
		aboutUs = () => {
			const { description, site } = directory.nodes().find(node => node.id === self) ?? {
				description: '',
				site: '',
			}
			return { description, site }
		}
		const metrics = openMetrics()
		const journal = new Journal({
			dir: config.data,
			clock,
			failed: why => log.warn({ why }, 'the journal could not be kept; mail is not concerned'),
		})
		undo.push(() => journal.close())
		const note = (row: Omit<TraceRow, 'time'>) => journal.note(row)

		const queue = new Queue({
			hostname,
			self,
			store,
			directory,
			links: cluster.links,
			log,
			clock,
			dnsServers: config.dns.servers,
			relayPort: config.relay.port,
			queueLifetimeMs: config.limits.queueLifetimeHours * 3600_000,
			watchEveryMs: Math.min(60_000, Math.max(500, delayReportMs / 4)),
			count: metrics.count,
			left: identity.left ?? null,
			note,
		})
		undo.push(() => queue.stop())

		const audit = new AuditLog({
			path: join(config.data, 'audit.sqlite'),
			self,
			links: cluster.links,
			clock,
			log,
		})
		undo.push(() => audit.close())

		let leaving = false
		let doors: Awaited<ReturnType<typeof openDoors>> | null = null
		const closeDoors = async () => {
			const open = doors
			doors = null
			await open?.close()
		}
		let watch: Watch
		const office: Office = {
			self,
			hostname,
			version: VERSION,
			dataDir: config.data,
			started: clock.now(),
			address,
			ports: config.ports,
			dnsServers: config.dns.servers,
			directory,
			cluster,
			store,
			queue,
			journal,
			get watch() {
				return watch
			},
			audit,
			clock,
			log,
			async leaveCluster() {
				if (leaving) return
				leaving = true
				log.warn('this node was taken out of its cluster; it goes on alone with its own users and mail')
				await closeDoors() // nobody may come in while the node is changing its name
				const id = newId()
				// What it will be comes first: wherever the power fails, the next start goes on from there.
				const next = { id, announced: {}, left: { id: self, at: clock.now(), leaving: true } }
				writeIdentity(config.data, next)
				leave(directory, config.data, next)
				await cluster.leave(id)
				restart()
			},
		}
		announce(office, config.data, identity)
		hearOthers(office)
		cluster.links.addToBeat(() => ({ queue: store.reader.queue.length() }))
		undo.push(followDirectory(office))
		answerLooks(office)
		const { everySeconds, graceSeconds, mail, ...thresholds } = config.alerts
		watch = new Watch(office, {
			everyMs: everySeconds * 1000,
			graceMs: graceSeconds * 1000,
			mail,
			thresholds,
		})
		undo.push(() => watch.close())
		undo.push(followMerges({ store, directory, links: cluster.links, log }))
		undo.push(publishLog({ store, stream: cluster.logStream, self, log }))

		const control = await openControl(config.data, office)
		undo.push(() => closeControl(control))
		const receiver = makeReceiver({
			hostname,
			self,
			store,
			directory,
			log,
			clock,
			maxSize: config.limits.maxMessageSize,
			maxRecipients: config.limits.maxRecipients,
			queueLifetimeMs: config.limits.queueLifetimeHours * 3600_000,
			delayReportMs,
			maxHoldSeconds: Math.floor(config.limits.maxHoldDays * 86_400),
			queued: routes => queue.wake(routes),
			count: metrics.count,
			note,
		})
		const setupToken = randomBytes(16).toString('hex')
		doors = await openDoors({ office, receiver, metrics, config, setupToken })
		undo.push(closeDoors)
		queue.start()
		log.info(
			{ id: self, version: VERSION, data: config.data, listen: config.listen, ports: config.ports },
			'serving',
		)
		if (!directory.access.hasAdministrator && config.ports.web !== 0) invite(office, setupToken)
		return { id: self, office, stop }
	} catch (error) {
		await stop()
		throw error
	}
}

/** Brings the directory to what `node.json` says where that is leaving a cluster; says who we are then. */
function leave(directory: Directory, data: string, identity: Identity): Identity {
	const { left } = identity
	if (!left?.leaving) return identity
	// A directory that has left knows none of the former cluster's nodes.
	if (directory.nodeRecords().some(({ id }) => id === left.id)) directory.becomeAlone(identity.id, left.id)
	const gone = { ...identity, left: { ...left, leaving: false } }
	writeIdentity(data, gone)
	return gone
}

/** Nobody administers this node yet: whoever reads what it prints may do the first start, from anywhere. */
function invite({ address, hostname, ports }: Office, token: string): void {
	const host = `${address ?? hostname}${ports.web === 443 ? '' : `:${ports.web}`}`
	process.stdout.write(
		`This node has no administrator yet. Set it up at\n  https://${host}/admin/setup?token=${token}\nor say: panpipe setup --domain DOMAIN --admin ADDRESS\n`,
	)
}

/** A name without a domain says little; with a part of the id it is at least this node's own. */
function defaultHostname(self: string): string {
	const name = machineName()
	return name.includes('.') ? name : `${name}-${self.slice(-4)}`
}

function isWildcard(address: string): boolean {
	return address === '0.0.0.0' || address === '::' || address === ''
}
