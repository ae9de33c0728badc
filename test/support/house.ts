import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSecureContext, type SecureContext } from 'node:tls'
import type { Client, Incoming, Receiver, Transaction } from '../../src/delivery/index.ts'
import type { Account } from '../../src/directory/index.ts'
import { Emitter, silentLog } from '../../src/kit/index.ts'
import type { House } from '../../src/servers/index.ts'
import { type Reply, reply } from '../../src/wire/index.ts'

export type Arrived = { client: Client; transaction: Transaction; content: string }

/** A receiver that keeps what arrives in memory. `example.com` is its domain, `nobody@` is not there. */
export class Recorder implements Receiver {
	maxSize = 100_000
	maxRecipients = 5
	maxHoldSeconds = 3600
	arrived: Arrived[] = []
	aborted = 0
	/** What `end` waits for. */
	disk: () => Promise<void> = async () => {}

	mayWriteAs({ account }: Client, address: string): boolean {
		return account?.address === address
	}

	limitsOf(): { maxSize: number; maxRecipients: number } {
		return { maxSize: this.maxSize, maxRecipients: this.maxRecipients }
	}

	judgeSender(client: Client, transaction: Transaction): Reply | null {
		return client.account && client.account.address !== transaction.reversePath
			? reply(553, '5.7.1', 'Not your address')
			: null
	}

	judgeRecipient(_client: Client, _transaction: Transaction, { address }: { address: string }): Reply | null {
		return address.startsWith('nobody@') ? reply(550, '5.1.1', 'No such user') : null
	}

	open(client: Client, transaction: Transaction): Incoming {
		const content: Buffer[] = []
		return {
			write: chunk => void content.push(Buffer.from(chunk)),
			abort: () => void this.aborted++,
			end: async () => {
				await this.disk()
				this.arrived.push({
					client: { ...client },
					transaction,
					content: Buffer.concat(content).toString('latin1'),
				})
				const done = reply(250, '2.0.0', `Ok: ${this.arrived.length}`)
				return client.protocol === 'lmtp' ? transaction.recipients.map(() => done) : [done]
			},
		}
	}
}

export function account(name: string, more: Partial<Account> = {}): Account {
	const address = `${name}@example.com`
	return {
		id: `id-of-${name}`,
		address,
		claimed: address,
		conflict: false,
		name,
		home: 'here',
		epoch: 1,
		disabled: false,
		unit: '',
		passwordHash: '',
		created: 0,
		mergesInto: null,
		...more,
	}
}

/** A house without rooms behind it: everybody's password is `secret`. */
export function house(parts: Partial<House> & { accounts?: Account[] } = {}): House {
	const { accounts = [account('alice'), account('bob')], ...rest } = parts
	const of = (name: string) => accounts.find(({ id, address }) => id === name || address === name) ?? null
	const absent = (): never => {
		throw new Error('this house has no such room')
	}
	return {
		hostname: 'mail.example.com',
		self: 'here',
		version: '0',
		log: silentLog,
		secureContext: certificate,
		authenticate: async (login, password) => {
			const found = of(login)
			if (!found || password !== 'secret') return { ok: false, why: 'wrong' }
			return found.disabled ? { ok: false, why: 'disabled' } : { ok: true, account: found }
		},
		signIn: async () => absent(),
		accountOf: of,
		connect: async () => absent(),
		get reader() {
			return absent()
		},
		write: async () => absent(),
		stage: absent,
		changes: new Emitter(),
		receiver: new Recorder(),
		limits: {
			connectionsPerAddress: 100,
			authFailuresPerAddress: 10,
			countLoopback: false,
			idleMs: 60_000,
			maxMessageSize: 100_000,
			maxRecipients: 5,
			messagesPerCommand: 1_000_000,
		},
		...rest,
	}
}

let context: SecureContext | null = null

/** A self-signed certificate for mail.example.com. */
function certificate(): SecureContext {
	if (context) return context
	const folder = mkdtempSync(join(tmpdir(), 'panpipe-test-'))
	const [key, cert] = [join(folder, 'key'), join(folder, 'cert')]
	const what = [
		'-newkey',
		'ec',
		'-pkeyopt',
		'ec_paramgen_curve:prime256v1',
		'-nodes',
		'-subj',
		'/CN=mail.example.com',
	]
	execFileSync('openssl', ['req', '-x509', ...what, '-keyout', key, '-out', cert, '-days', '2'], {
		stdio: 'ignore',
	})
	context = createSecureContext({ key: readFileSync(key), cert: readFileSync(cert) })
	rmSync(folder, { recursive: true })
	return context
}
