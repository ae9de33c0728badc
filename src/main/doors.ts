import type { SecureContext } from 'node:tls'
import type { Office } from '../admin/index.ts'
import type { Receiver } from '../delivery/index.ts'
import type { SignIn } from '../directory/index.ts'
import { takeIn, willTakeIn } from '../home/index.ts'
import {
	type Door,
	type House,
	listen,
	openPlain,
	openWeb,
	serveImap,
	serveLmtp,
	servePop3,
	serveSmtp,
	serveSubmission,
} from '../servers/index.ts'
import type { Config } from './config.ts'
import { membershipOf, watchMembership } from './membership.ts'
import type { Metrics } from './metrics.ts'
import { Patience, type TooMany } from './patience.ts'

export type DoorsOptions = {
	office: Office
	receiver: Receiver
	metrics: Metrics
	config: Config
	setupToken: string
}

/** Opens every port of the node. @throws an Error that names the port and says what to do */
export async function openDoors({
	office,
	receiver,
	metrics,
	config,
	setupToken,
}: DoorsOptions): Promise<{ close(): Promise<void> }> {
	const { cluster, log } = office
	const house = makeHouse(office, receiver, config, () => cluster.webTls.secureContext())
	const listening = await listen(house, doors(config))
	try {
		const web = await openWeb({
			log,
			office,
			house,
			firstStart: {
				needed: () => !office.directory.access.hasAdministrator,
				token: setupToken,
				trustLoopback: !config.limits.countLoopback,
			},
			tls: cluster.webTls,
			admit: socket => listening.admit(socket),
			nodeOf: socket => cluster.webTls.nodeOf(socket),
			enter: {
				lmtp: (socket, node) => listening.adopt({ socket, implicitTls: true, node }, serveLmtp),
				imap: (socket, node) => listening.adopt({ socket, implicitTls: true, node }, serveImap),
				pop3: (socket, node) => listening.adopt({ socket, implicitTls: true, node }, servePop3),
			},
			answerJoin: (path, body, client) => cluster.answerJoin(path, body, client),
			async takeIn(account, parcel) {
				if (!willTakeIn(office.directory, account)) return false
				await takeIn(office.store, account, parcel)
				return true
			},
			metrics: () => metrics.text(office),
			metricsForAnyone: config.metrics.anyone,
			membership: socket => membershipOf(office, socket),
			healthy: () => cluster.problem === null,
			address: config.listen,
			port: config.ports.web,
		})
		const plain = await plainDoor(office, config).catch(async error => {
			await web.close()
			throw error
		})
		const end = watchMembership(office)
		return {
			async close() {
				end()
				await Promise.all([listening.close(), web.close(), plain?.close()])
			},
		}
	} catch (error) {
		await listening.close(0)
		throw error
	}
}

async function plainDoor({ cluster }: Office, { listen: address, ports }: Config) {
	if (ports.http === 0) return null
	const answer = (token: string) => cluster.acme.answer(token)
	return openPlain({ address, port: ports.http, webPort: ports.web, answer })
}

function doors({ listen: address, ports }: Config): Door[] {
	const all: Door[] = [
		{
			name: 'smtp',
			address,
			port: ports.smtp,
			implicitTls: false,
			serve: serveSmtp,
			busy: '421 4.7.0 Too many connections',
		},
		{
			name: 'submission',
			address,
			port: ports.submission,
			implicitTls: false,
			serve: serveSubmission,
			busy: '421 4.7.0 Too many connections',
		},
		{
			name: 'submissions',
			address,
			port: ports.submissions,
			implicitTls: true,
			serve: serveSubmission,
			busy: '',
		},
		{
			name: 'imap',
			address,
			port: ports.imap,
			implicitTls: false,
			serve: serveImap,
			busy: '* BYE Too many connections',
		},
		{ name: 'imaps', address, port: ports.imaps, implicitTls: true, serve: serveImap, busy: '' },
		{
			name: 'pop3',
			address,
			port: ports.pop3,
			implicitTls: false,
			serve: servePop3,
			busy: '-ERR [SYS/TEMP] Too many connections',
		},
		{ name: 'pop3s', address, port: ports.pop3s, implicitTls: true, serve: servePop3, busy: '' },
	]
	return all.filter(door => door.port !== 0)
}

function makeHouse(
	office: Office,
	receiver: Receiver,
	config: Config,
	secureContext: () => SecureContext,
): House {
	const { directory, cluster, store, clock } = office
	const { limits } = config
	const patience = new Patience({
		clock,
		failuresPerAddress: limits.authFailuresPerAddress,
		countLoopback: limits.countLoopback,
	})
	const told = <Result extends SignIn | TooMany>(result: Result, login: string, client: string): Result => {
		office.journal.count(result.ok ? 'sign-ins' : 'sign-ins failed')
		if (!result.ok) office.log.info({ login, client, why: result.why }, 'sign-in failed')
		return result
	}
	/** A mail program; that it has to wait is told to people only. */
	const attempt = async (login: string, client: string, check: () => Promise<SignIn>): Promise<SignIn> => {
		const result = await patience.attempt(login, client, check)
		return result.ok || result.why !== 'too-many' ? told(result, login, client) : { ok: false, why: 'wrong' }
	}
	const { tokens } = directory
	return {
		hostname: office.hostname,
		self: office.self,
		version: office.version,
		log: office.log,
		secureContext,
		authenticate(login, password, client) {
			return attempt(login, client, () => directory.authenticate(login, password))
		},
		async signIn(login, password, code, client) {
			const result = await patience.attempt(login, client, () => directory.signIn(login, password, code))
			return told(result, login, client)
		},
		scram(login, client) {
			const scram = directory.scram(login)
			return { ...scram, signIn: key => attempt(login, client, async () => scram.signIn(key)) }
		},
		...(tokens && {
			bearer: {
				check: (login, token, client) =>
					attempt(login, client, () => directory.authenticateToken(login, token)),
				error: {
					status: 'invalid_token',
					...(tokens.scope && { scope: tokens.scope }),
					...(tokens.configuration && { 'openid-configuration': tokens.configuration }),
				},
			},
		}),
		accountOf: idOrAddress =>
			directory.account(idOrAddress) ?? directory.accountByAddress(idOrAddress) ?? null,
		crowds: {
			id: name => directory.crowdNamed(name),
			name: id => directory.crowdName(id),
			of: account => directory.crowdsOf(account),
		},
		connect: (node, protocol) => cluster.links.connect(node, protocol),
		...(office.ports.web !== 0 && {
			jmapUrl: `https://${office.hostname}${office.ports.web === 443 ? '' : `:${office.ports.web}`}/jmap/session`,
		}),
		reader: store.reader,
		write: ops => store.write(ops),
		stage: () => store.stage(),
		changes: store.changes,
		receiver,
		quota(account) {
			const { storage: octets, messages } = directory.quotaOf(account)
			return { octets, messages }
		},
		limits: {
			connectionsPerAddress: limits.connectionsPerAddress,
			authFailuresPerAddress: limits.authFailuresPerAddress,
			countLoopback: limits.countLoopback,
			idleMs: limits.idleSeconds * 1000,
			maxMessageSize: limits.maxMessageSize,
			maxRecipients: limits.maxRecipients,
			messagesPerCommand: limits.messagesPerCommand,
			pushToPrivate: limits.pushToPrivate,
		},
	}
}
