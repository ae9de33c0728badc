import { request } from 'node:http'
import { isIP } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { z } from 'zod'
import { type Clock, normalAddress } from '../kit/index.ts'
import { fingerprint, signNode } from './certificates.ts'
import {
	ACCEPT,
	type acceptShape,
	HELLO,
	type HelloAnswer,
	helloAnswerShape,
	type helloShape,
	JOIN_NAME,
	JoinFailed,
	refusalShape,
} from './join.ts'
import { type JoinCode, parseJoinCode } from './join-code.ts'
import type { Keys } from './keys.ts'
import { plainReason } from './reason.ts'
import type { Member } from './types.ts'

/** What the admin types, and what the caller knows of the nodes there are. */
export type Invitation = {
	ip: string
	webPort: number
	code: string
	/** Our own name, address (null: the one the newcomer sees us at) and ports. */
	hostname: string
	address: string | null
	ports: { web: number; cluster: number }
	/** Every node of the directory, disabled ones included. */
	members: { id: string; hostname: string }[]
}

/** The newcomer, as its peers reach it and as it describes itself. */
export type Invited = Member & {
	hostname: string
	version: string
	description: string
	site: string
	/** Our own address, as the newcomer was told. */
	ourAddress: string
}

export type Inviter = {
	keys: Keys
	clock: Clock
	self: string
	version: string
	/** Every member's entry but ours. */
	others(): Member[]
	engineInstalled(): boolean
}

const TOO_FAR = 10 * 60_000
const TIME_OUT = 10_000
const LONGEST_ANSWER = 65_536
const NEW_CODE = 'Get a new one on the new node (panpipe node code) and try again.'

/** The member's side: lets a newcomer in. @throws JoinFailed */
export async function inviteNode(us: Inviter, invitation: Invitation): Promise<Invited> {
	const code = parseJoinCode(invitation.code)
	if (!code) {
		throw new JoinFailed(
			'wrong-code',
			'This is not a join code: it has 42 letters and digits in seven groups. Copy it again from the new node (panpipe node code).',
		)
	}
	if (!us.engineInstalled()) throw noEngine('this machine')
	const secret = code.secret.toString('base64url')
	const asked = us.clock.now()
	const hello = await post(us, invitation, code, HELLO, {
		secret,
		now: asked,
		version: us.version,
		clusterId: us.keys.clusterId,
		memberId: us.self,
	})
	const parsed = helloAnswerShape.safeParse(hello.body)
	if (!parsed.success) throw notPanpipe(invitation)
	const newcomer = parsed.data
	check(us, invitation, newcomer, (asked + us.clock.now()) / 2)

	const self: Member = {
		id: us.self,
		ip: invitation.address ?? normalAddress(hello.localAddress),
		webPort: invitation.ports.web,
		clusterPort: invitation.ports.cluster,
	}
	const { ca } = await us.keys.found(self)
	const you: Member = {
		id: newcomer.nodeId,
		ip: invitation.ip,
		webPort: invitation.webPort,
		clusterPort: newcomer.clusterPort,
	}
	await post(us, invitation, code, ACCEPT, {
		secret,
		certificate: await signNode(ca, newcomer.publicKey, newcomer.nodeId, [invitation.ip]),
		caCertificate: ca.certificate,
		caKey: ca.key,
		members: [self, ...us.others().filter(member => member.id !== you.id)],
		you,
	})
	const { hostname, version, description, site } = newcomer
	return { ...you, hostname, version, description, site, ourAddress: self.ip }
}

function check(us: Inviter, invitation: Invitation, newcomer: HelloAnswer, now: number): void {
	if (newcomer.nodeId === us.self) {
		throw new JoinFailed(
			'same-node',
			'This is the node you are working at, or a copy of its data directory. Give the address of the new node; a new node starts with an empty data directory.',
		)
	}
	if (!compatible(us.version, newcomer.version)) {
		throw new JoinFailed(
			'version',
			`The new node runs Panpipe ${newcomer.version}, this one ${us.version}; they cannot work together. Install the same version on both and try again.`,
			{ version: newcomer.version, ours: us.version },
		)
	}
	const off = newcomer.now - now
	if (Math.abs(off) > TOO_FAR) {
		throw new JoinFailed(
			'clock',
			`The clock of the new node is ${spoken(Math.abs(off))} ${off > 0 ? 'ahead of' : 'behind'} ours. Set the clocks of both (for example with chrony or systemd-timesyncd) and try again.`,
			{ seconds: Math.round(off / 1000) },
		)
	}
	const ours = newcomer.clusterId !== '' && newcomer.clusterId === us.keys.clusterId
	if (ours && invitation.members.some(node => node.id === newcomer.nodeId)) {
		throw new JoinFailed('in-this-cluster', 'This node is a member of this cluster already.')
	}
	if (!ours && !newcomer.alone) {
		throw new JoinFailed(
			'already-member',
			'The new node is a member of another cluster. Remove it there first (panpipe node remove) and try again.',
		)
	}
	const nodes = [{ id: us.self, hostname: invitation.hostname }, ...invitation.members]
	const namesake = nodes.find(
		node => node.id !== newcomer.nodeId && node.hostname.toLowerCase() === newcomer.hostname.toLowerCase(),
	)
	if (namesake) {
		throw new JoinFailed(
			'same-name',
			`There is a node named ${newcomer.hostname} already. Give the new node another hostname in its panpipe.toml, restart it and try again.`,
		)
	}
	if (!newcomer.engine) throw noEngine('the new node’s machine')
}

/** Versions 1.x work with each other; before 1.0, those of one minor version. */
export function compatible(ours: string, theirs: string): boolean {
	const [major, minor] = ours.split('.')
	const [theirMajor, theirMinor] = theirs.split('.')
	return major === theirMajor && (major !== '0' || minor === theirMinor)
}

function spoken(ms: number): string {
	const minutes = Math.round(ms / 60_000)
	if (minutes < 120) return `${minutes} minutes`
	const hours = Math.round(minutes / 60)
	return hours < 48 ? `${hours} hours` : `${Math.round(hours / 24)} days`
}

function noEngine(where: string): JoinFailed {
	return new JoinFailed(
		'no-engine',
		`nats-server, which carries what nodes tell each other, is not installed on ${where}. Install it there (apt-get install nats-server) and try again.`,
	)
}

function notPanpipe(to: Invitation): JoinFailed {
	return new JoinFailed(
		'not-panpipe',
		`What answers at ${to.ip} port ${to.webPort} is not a Panpipe node of this version. Check the address and the web port.`,
		{ ip: to.ip, port: to.webPort },
	)
}

type Sent = z.infer<typeof helloShape> | z.infer<typeof acceptShape>

async function post(us: Inviter, to: Invitation, code: JoinCode, path: string, body: Sent) {
	const socket = await open(to)
	try {
		const certificate = socket.getPeerX509Certificate()
		// Before anything secret is sent: whoever has another key is not the node whose code this is.
		if (!certificate || !fingerprint(certificate).subarray(0, 16).equals(code.fingerprint)) {
			const self = certificate && fingerprint(certificate).equals(fingerprint(us.keys.identity.certificate))
			throw new JoinFailed(
				self ? 'same-node' : 'wrong-code',
				self
					? 'The address is that of the node you are working at. Give the address of the new node.'
					: `The node at ${to.ip} port ${to.webPort} is not the one this code was made on. Check the address and copy the code again (panpipe node code).`,
			)
		}
		const localAddress = socket.localAddress ?? ''
		const answer = await exchange(socket, to, path, JSON.stringify(body))
		if (answer.status === 200) return { body: answer.body, localAddress }
		throw failureOf(answer, to)
	} finally {
		socket.destroy()
	}
}

function failureOf(answer: { status: number; body: unknown }, to: Invitation): JoinFailed {
	const refusal = refusalShape.safeParse(answer.body)
	switch (refusal.data?.why) {
		case 'used':
			return new JoinFailed('code-used', `This join code has been used already. ${NEW_CODE}`)
		case 'expired':
			return new JoinFailed('code-ended', `This join code is older than a day. ${NEW_CODE}`)
		case 'void':
			return new JoinFailed('code-ended', `Too many wrong codes were tried at the new node. ${NEW_CODE}`)
		case 'already-member':
			return new JoinFailed(
				'already-member',
				'The new node has joined another cluster meanwhile. Remove it there first and try again.',
			)
	}
	if (answer.status === 404 || answer.status === 403) {
		return new JoinFailed('wrong-code', `The new node does not know this code. ${NEW_CODE}`)
	}
	return notPanpipe(to)
}

const NO_ANSWER = Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })

/** What each tells an admin to look at differs: the program, the machine and the way to it, the address. */
function noWay(to: Invitation, error: unknown): JoinFailed {
	const { code = '' } = error as NodeJS.ErrnoException
	return new JoinFailed(
		code === 'ECONNREFUSED'
			? 'closed'
			: /^(EPROTO$|ERR_SSL_|HPE_)/.test(code)
				? 'not-panpipe'
				: 'unreachable',
		`Cannot reach the new node at ${to.ip} port ${to.webPort}: ${plainReason(error)}. Check that it runs, its address and web port, and firewalls between.`,
		{ ip: to.ip, port: to.webPort },
	)
}

function open(to: Invitation): Promise<TLSSocket> {
	return new Promise((resolve, reject) => {
		const socket = connectTls({
			host: to.ip,
			port: to.webPort,
			servername: JOIN_NAME,
			// There is no authority yet that could vouch for the newcomer: its key is compared instead.
			rejectUnauthorized: false,
			ALPNProtocols: ['http/1.1'],
			timeout: TIME_OUT,
		})
		const fail = (error: unknown) => {
			socket.destroy()
			reject(noWay(to, error))
		}
		socket.once('timeout', () => fail(NO_ANSWER))
		socket.once('error', fail)
		socket.once('secureConnect', () => {
			socket.removeAllListeners('error')
			socket.on('error', () => {}) // from here on the request reports it
			resolve(socket)
		})
	})
}

function exchange(socket: TLSSocket, to: Invitation, path: string, body: string) {
	return new Promise<{ status: number; body: unknown }>((resolve, reject) => {
		const fail = (error: unknown) => reject(noWay(to, error))
		const sent = request({
			createConnection: () => socket,
			method: 'POST',
			path,
			headers: {
				host: `${isIP(to.ip) === 6 ? `[${to.ip}]` : to.ip}:${to.webPort}`,
				'content-type': 'application/json',
				'content-length': Buffer.byteLength(body),
				connection: 'close',
			},
			timeout: TIME_OUT,
		})
		sent.once('timeout', () => fail(NO_ANSWER))
		sent.once('error', fail)
		sent.once('response', response => {
			let text = ''
			response.setEncoding('utf8')
			response.on('data', (chunk: string) => {
				text += chunk
				if (text.length > LONGEST_ANSWER) reject(notPanpipe(to))
			})
			response.once('error', fail)
			response.once('end', () => resolve({ status: response.statusCode ?? 0, body: parseJson(text) }))
		})
		sent.end(body)
	})
}

function parseJson(text: string): unknown {
	try {
		return JSON.parse(text)
	} catch {
		return null
	}
}
