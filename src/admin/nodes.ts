import { isIP } from 'node:net'
import { z } from 'zod'
import type { PeerState } from '../cluster/index.ts'
import type { NodeInfo } from '../directory/index.ts'
import { keepAdministrator } from './place.ts'
import { CannotBeDone, type Office, type Target, verb } from './verb.ts'

/** One that others can go to. */
export const nodeAddress = z
	.string()
	.refine(
		ip => isIP(ip) !== 0 && ip !== '0.0.0.0' && ip !== '::',
		'an IPv4 or IPv6 address that other nodes can go to is wanted',
	)

/** A node is named by its id, its IP address, its host name or its description. */
export function nodeNamed({ directory }: Office, name: string): NodeInfo {
	const matches = directory
		.nodes()
		.filter(node => [node.id, node.ip, node.hostname, node.description].includes(name))
	if (matches.length === 1) return matches[0]!
	if (matches.length > 1)
		throw new CannotBeDone(
			`"${name}" fits ${matches.length} nodes; use the id from "node list"`,
			'node-ambiguous',
		)
	throw new CannotBeDone(`there is no node "${name}"; "node list" shows them all`, 'no-such-node')
}

/** How a node is named to people who see what lives there. */
export function placeOfNode(
	{ directory }: Office,
	id: string,
): { node: string; ip: string; description: string } {
	const node = directory.nodes().find(one => one.id === id)
	return { node: node?.ip || id, ip: node?.ip ?? '', description: node?.description ?? '' }
}

function target({ directory }: Office, { node: name }: { node: string }): Target {
	const found = directory
		.nodes()
		.find(node => [node.id, node.ip, node.hostname, node.description].includes(name))
	return { place: {}, object: found?.ip || name, state: found ?? null }
}

export const nodeCode = verb({
	about: 'show the join code of this node: paste it at any member of the cluster',
	input: z.object({}),
	act: 'nodes:change',
	async run({ cluster, directory, address, ports }) {
		if (directory.nodes().length > 1) {
			throw new CannotBeDone(
				'this node is a member of a cluster already; a join code is for a node that is alone',
				'already-member',
			)
		}
		return { code: await cluster.joinCode(), ...(address ? { ip: address } : {}), webPort: ports.web }
	},
})

export const listNodes = verb({
	about: 'all nodes, and how old our copy of the user list of each is (milliseconds)',
	input: z.object({}),
	act: 'nodes:read',
	run: nodesNow,
})

/** Every member, as it looks from here. */
export function nodesNow(office: Office) {
	const { cluster, directory, self, clock } = office
	const peers = new Map(cluster.links.peers().map(peer => [peer.id, peer]))
	return directory.nodes().map(node => {
		const peer = peers.get(node.id)
		const mine = node.id === self
		const state: 'disabled' | PeerState['state'] = !node.enabled ? 'disabled' : mine ? 'up' : stateOf(peer)
		return {
			id: node.id,
			ip: node.ip,
			webPort: node.webPort,
			clusterPort: node.clusterPort,
			hostname: node.hostname,
			description: node.description,
			site: node.site,
			enabled: node.enabled,
			state,
			self: mine,
			copyAgeMs: mine ? 0 : directory.copyAge(node.id),
			lastHeardMs: mine ? 0 : peer?.heard ? clock.now() - peer.heard : null,
			clockOffMs: mine ? 0 : (peer?.clockOff ?? null),
			roundTripMs: mine ? 0 : (peer?.roundTripMs ?? null),
			accounts: directory.countAccounts({ node: node.id }),
			/** Messages that wait there; null = not heard. */
			queue: mine ? office.store.reader.queue.length() : ((peer?.extra.queue as number | undefined) ?? null),
			/** Why its web port cannot be reached though it is heard: mail and people go there. */
			webPortProblem: peer?.state === 'up' ? peer.webPort : null,
			version: mine ? office.version : (peer?.version ?? node.version),
		}
	})
}

/** Heard is not enough: what mail and people go by is its web port. */
export function stateOf(peer: PeerState | undefined): PeerState['state'] {
	return peer?.state === 'up' && peer.webPort === null ? 'up' : 'unreachable'
}

export const nameNodes = verb({
	about: 'what the nodes are called, for whoever administers people that live there',
	input: z.object({}),
	act: 'accounts:read',
	inReach: true,
	run: ({ directory }) =>
		directory.nodes().map(({ id, ip, description, site }) => ({ id, ip, description, site })),
})

export const editNode = verb({
	about: 'change what is known of a node, of this or any other',
	input: z.object({
		node: z.string().min(1),
		description: z.string().exactOptional(),
		site: z.string().exactOptional(),
		ip: nodeAddress.exactOptional(),
		webPort: z.number().int().min(1).max(65535).exactOptional(),
		clusterPort: z.number().int().min(1).max(65535).exactOptional(),
	}),
	act: 'nodes:change',
	on: target,
	run(office, { node, ...changes }) {
		const { id } = nodeNamed(office, node)
		office.directory.putNode(id, changes)
		return office.directory.nodes().find(one => one.id === id)!
	},
})

export const enableNode = verb({
	about: 'a disabled node gets no new mail from the others; theirs waits for it',
	input: z.object({ node: z.string().min(1), enabled: z.boolean() }),
	act: 'nodes:change',
	on: target,
	run(office, { node, enabled }) {
		const { id } = nodeNamed(office, node)
		office.directory.putNode(id, { enabled })
		return { id, enabled }
	},
})

export const refreshNodes = verb({
	about: 'distributed user refresh 分布式用户刷新: fetch the user list of every node anew and give ours',
	input: z.object({}),
	act: 'nodes:change',
	slow: true,
	async run({ directory }, _, _by, progress) {
		const named = new Map(directory.nodes().map(node => [node.id, node]))
		const others = named.size - 1
		let done = 0
		progress(done, others)
		const results = await directory.refresh(() => progress(++done, others))
		const conflicts = directory.conflicts()
		return results.map(result => ({
			...result,
			/** Accounts that live there and lost their address. */
			conflicts: conflicts.filter(({ home }) => home === result.node).length,
			ip: named.get(result.node)?.ip ?? '',
			description: named.get(result.node)?.description ?? '',
		}))
	},
})

export const removeNode = verb({
	about: 'take a node out of the cluster; it goes on alone with its own users and mail',
	input: z.object({
		node: z.string().min(1),
		/** Also when mail waits there that only the cluster can deliver, or an account is torn in two. */
		anyway: z.boolean().exactOptional(),
	}),
	act: 'nodes:change',
	on: target,
	async run(office, { node, anyway }) {
		const { id, ip } = nodeNamed(office, node)
		if (id === office.self) {
			throw new CannotBeDone(
				'this node cannot take itself out; say "node remove" at another member',
				'this-node',
			)
		}
		keepAdministrator(office, ({ home }) => home !== id)
		const present = nodesNow(office).find(one => one.id === id)
		const waiting = present?.queue ?? 0
		if (waiting > 0 && !anyway) {
			throw new CannotBeDone(
				`${waiting} recipients' mail waits at ${ip || id} ("queue everywhere" says why): let it go first, or say "node remove" with --anyway; then what is for users of this cluster waits there until that node is let in again`,
				'mail-waits',
				{ waiting },
			)
		}
		// While it is there that is soon done. One that is gone for good must not be held by it.
		if (present?.state === 'up' && !anyway && office.directory.mergesAcross(id)) {
			throw new CannotBeDone(
				'an account that lives there is being merged with one that does not; wait until that is done, or say "node remove" with --anyway: then one part of its mail is here and the other there',
				'in-use',
			)
		}
		// It is told first, while it still hears us. One that does not answer learns it when it comes back.
		const told = await office.cluster.links.request(id, 'node.removed', new Uint8Array(), 3000).then(
			() => true,
			() => false,
		)
		office.directory.removeNode(id)
		return { id, ip, told }
	},
})
