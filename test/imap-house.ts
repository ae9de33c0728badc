import { mkdtemp, rm } from 'node:fs/promises'
import { connect as tcpConnect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSecureContext, type SecureContext, type TLSSocket, connect as tlsConnect } from 'node:tls'
import { makeIdentity } from '../src/cluster/certificates.ts'
import type { Account } from '../src/directory/index.ts'
import { silentLog } from '../src/kit/index.ts'
import { secure } from '../src/servers/connection.ts'
import { serveImap } from '../src/servers/imap/index.ts'
import { type Listening, listen } from '../src/servers/listen.ts'
import { servePop3 } from '../src/servers/pop3/index.ts'
import type { House, Limits } from '../src/servers/types.ts'
import { openStore, type Store } from '../src/store/index.ts'

export type Home = {
	house: House
	store: Store
	port: number
	tlsPort: number
	pop3Port: number
	close(): Promise<void>
}

export const PASSWORD = 'secret'

/** Accounts of a test: `alice` is alice@example.com and may sign in with PASSWORD. */
export function person(name: string, home: string): Account {
	return {
		id: `id-of-${name}`,
		address: `${name}@example.com`,
		claimed: `${name}@example.com`,
		conflict: false,
		name,
		home,
		epoch: 1,
		disabled: false,
		unit: '',
		passwordHash: '',
		created: 0,
		mergesInto: null,
	}
}

let context: Promise<SecureContext> | null = null

async function certificate(): Promise<SecureContext> {
	const { certificate, key } = await makeIdentity('localhost', ['127.0.0.1'])
	return createSecureContext({ cert: certificate, key })
}

/** An IMAP and a POP3 server with a real store on loopback. `connect` leads to other homes. */
export async function startHome(
	self: string,
	accounts: Account[],
	options: {
		connect?: House['connect']
		limits?: Partial<Limits>
		dir?: string
		quota?: NonNullable<House['quota']>
		crowds?: NonNullable<House['crowds']>
		jmapUrl?: string
	} = {},
): Promise<Home> {
	const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'panpipe-imap-')))
	const store = await openStore({ dir, node: self })
	const tls = await (context ??= certificate())
	const house: House = {
		hostname: `${self}.example.com`,
		self,
		version: '0',
		log: silentLog,
		secureContext: () => tls,
		signIn: async () => ({ ok: false, why: 'wrong' }),
		async authenticate(login, password) {
			const account = accounts.find(({ address }) => address === login)
			return account && password === PASSWORD ? { ok: true, account } : { ok: false, why: 'wrong' }
		},
		accountOf: id => accounts.find(account => account.id === id || account.address === id) ?? null,
		connect: options.connect ?? (() => Promise.reject(new Error('nobody is there'))),
		reader: store.reader,
		write: store.write,
		changes: store.changes,
		stage: store.stage,
		receiver: null as never,
		...(options.quota ? { quota: options.quota } : null),
		...(options.crowds ? { crowds: options.crowds } : null),
		...(options.jmapUrl ? { jmapUrl: options.jmapUrl } : null),
		limits: {
			connectionsPerAddress: 100,
			authFailuresPerAddress: 100,
			countLoopback: false,
			idleMs: 1_800_000,
			maxMessageSize: 50 * 1024 * 1024,
			maxRecipients: 100,
			messagesPerCommand: 1_000_000,
			...options.limits,
		},
	}
	const door = { address: '127.0.0.1', port: 0, serve: serveImap, busy: '* BYE busy' }
	const listening: Listening = await listen(house, [
		{ ...door, name: 'imap', implicitTls: false },
		{ ...door, name: 'imaps', implicitTls: true },
		{ ...door, name: 'pop3', serve: servePop3, busy: '-ERR busy', implicitTls: false },
	])
	return {
		house,
		store,
		port: listening.doors[0]!.port,
		tlsPort: listening.doors[1]!.port,
		pop3Port: listening.doors[2]!.port,
		async close() {
			await listening.close(1000)
			await store.close()
			if (!options.dir) await rm(dir, { recursive: true })
		},
	}
}

/** What `connect` of a house does, for a home in this process: TLS, our node known at the other end. */
export function entranceTo(home: () => Home, from: string, serve = serveImap): House['connect'] {
	return async () => {
		const { createServer } = await import('node:net')
		const { house } = home()
		const server = createServer({ allowHalfOpen: true }, socket => {
			server.close()
			socket.on('error', () => {})
			secure(socket, house.secureContext(), tls =>
				serve(house, { socket: tls, implicitTls: true, node: from }),
			)
		})
		await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
		const { port } = server.address() as { port: number }
		return new Promise<TLSSocket>((resolve, reject) => {
			const socket = tlsConnect({ socket: tcpConnect(port, '127.0.0.1'), rejectUnauthorized: false }, () =>
				resolve(socket),
			)
			socket.once('error', reject)
		})
	}
}
