import { connect } from 'node:tls'
import { ImapFlow } from 'imapflow'
import { PORTS, until } from './nodes.ts'

/** A connection of imapflow, STARTTLS. `extra` as ImapFlow takes it. */
export async function flow(ip: string, user: string, extra: { secure?: boolean } = {}): Promise<ImapFlow> {
	const client = new ImapFlow({
		host: ip,
		port: extra.secure ? PORTS.imaps : PORTS.imap,
		secure: extra.secure ?? false,
		auth: { user, pass: 'secret' },
		logger: false,
		tls: { rejectUnauthorized: false },
		disableAutoIdle: true,
	})
	await client.connect()
	return client
}

/** What really is in somebody's mailboxes; against it the programs are judged. */
export class Desk {
	#client: ImapFlow

	constructor(client: ImapFlow) {
		this.#client = client
	}

	static async of(ip: string, user: string): Promise<Desk> {
		return new Desk(await flow(ip, user))
	}

	/** A new mailbox with these messages, UIDs from 1. */
	async fill(path: string, messages: Buffer[], flags: (index: number) => string[] = () => []): Promise<void> {
		await this.#client.mailboxCreate(path)
		for (const [index, message] of messages.entries()) await this.#client.append(path, message, flags(index))
	}

	/** UID → flags, in alphabetical order. */
	async flags(path: string): Promise<Map<number, string[]>> {
		const found = new Map<number, string[]>()
		if ((await this.#client.mailboxOpen(path)).exists === 0) return found
		for await (const { uid, flags } of this.#client.fetch('1:*', { uid: true, flags: true })) {
			found.set(uid, [...flags!].sort())
		}
		return found
	}

	async mark(path: string, uid: number, flags: string[]): Promise<void> {
		await this.#client.mailboxOpen(path)
		await this.#client.messageFlagsAdd(String(uid), flags, { uid: true })
	}

	async remove(path: string, uid: number): Promise<void> {
		await this.#client.mailboxOpen(path)
		await this.#client.messageDelete(String(uid), { uid: true })
	}

	/** All messages, octet for octet, in the order they came. */
	async all(path = 'INBOX'): Promise<Buffer[]> {
		const found: Buffer[] = []
		if ((await this.#client.mailboxOpen(path)).exists === 0) return found
		for await (const { source } of this.#client.fetch('1:*', { source: true })) found.push(source!)
		return found
	}

	/** The one message in INBOX with this in that header field, as soon as it is there. */
	async arrived(field: 'message-id' | 'subject', value: string): Promise<Buffer> {
		await this.#client.mailboxOpen('INBOX')
		let uids: number[] = []
		await until(`a message whose ${field} is ${value}`, 5000, async () => {
			uids = (await this.#client.search({ header: { [field]: value } }, { uid: true })) || []
			return uids.length > 0
		})
		if (uids.length !== 1) throw new Error(`${uids.length} messages whose ${field} is ${value}`)
		const message = await this.#client.fetchOne(String(uids[0]), { source: true }, { uid: true })
		if (!message) throw new Error(`the message whose ${field} is ${value} is gone again`)
		return message.source!
	}

	/** File names and contents of what is attached to that message, as imapflow reads them. */
	async attachments(subject: string): Promise<{ name: string; content: Buffer }[]> {
		await this.#client.mailboxOpen('INBOX')
		const [uid] = (await this.#client.search({ header: { subject } }, { uid: true })) || []
		const message = await this.#client.fetchOne(String(uid), { bodyStructure: true }, { uid: true })
		const found: { name: string; content: Buffer }[] = []
		for (const part of (message && message.bodyStructure!.childNodes) || []) {
			if (part.disposition !== 'attachment') continue
			const { content } = await this.#client.download(String(uid), part.part, { uid: true })
			const name = part.dispositionParameters?.filename ?? ''
			found.push({ name, content: Buffer.concat(content ? await content.toArray() : []) })
		}
		return found
	}

	async close(): Promise<void> {
		await this.#client.logout()
	}
}

/** The certificate shown there, as PEM: for programs that trust only what they are told to. */
export function certificateOf(ip: string): Promise<string> {
	return new Promise((resolve, reject) => {
		const socket = connect({ host: ip, port: PORTS.imaps, rejectUnauthorized: false }, () => {
			const lines = socket.getPeerCertificate().raw.toString('base64').replace(/.{64}/g, '$&\n')
			socket.end()
			resolve(`-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`)
		})
		socket.once('error', reject)
	})
}
