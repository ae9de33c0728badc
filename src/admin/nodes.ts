import { z } from 'zod'
import type { NodeInfo } from '../directory/index.ts'
import { CannotBeDone, type Office, verb } from './verb.ts'

/** A node is named by its id, its IP address, its host name or its description. */
function nodeNamed({ directory }: Office, name: string): NodeInfo {
	const matches = directory
		.nodes()
		.filter(node => [node.id, node.ip, node.hostname, node.description].includes(name))
	if (matches.length === 1) return matches[0]!
	if (matches.length > 1)
		throw new CannotBeDone(`"${name}" fits ${matches.length} nodes; use the id from "node list"`)
	throw new CannotBeDone(`there is no node "${name}"; "node list" shows them all`)
}

export const nodeCode = verb({
	about: 'show the join code of this node: paste it at any member of the cluster',
	input: z.object({}),
	async run({ cluster, directory, address, ports }) {
		if (directory.nodes().length > 1) {
			throw new CannotBeDone(
				'this node is a member of a cluster already; a join code is for a node that is alone',
			)
		}
		return { code: await cluster.joinCode(), ...(address ? { ip: address } : {}), webPort: ports.web }
	},
})

export const listNodes = verb({
	about: 'all nodes, and how old our copy of the user list of each is (milliseconds)',
	input: z.object({}),
	run(office) {
		const { cluster, directory, self, clock } = office
		const peers = new Map(cluster.links.peers().map(peer => [peer.id, peer]))
		return directory.nodes().map(node => {
			const peer = peers.get(node.id)
			const mine = node.id === self
			const state = !node.enabled ? 'disabled' : mine ? 'up' : (peer?.state ?? 'unreachable')
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
				version: mine ? office.version : (peer?.version ?? node.version),
			}
		})
	},
})

export const editNode = verb({
	about: 'change what is known of a node, of this or any other',
	input: z.object({
		node: z.string().min(1),
		description: z.string().exactOptional(),
		site: z.string().exactOptional(),
		ip: z.string().min(1).exactOptional(),
		webPort: z.number().int().min(1).max(65535).exactOptional(),
		clusterPort: z.number().int().min(1).max(65535).exactOptional(),
	}),
	run(office, { node, ...changes }) {
		const { id } = nodeNamed(office, node)
		office.directory.putNode(id, changes)
		return office.directory.nodes().find(one => one.id === id)!
	},
})

export const enableNode = verb({
	about: 'a disabled node gets no new mail from the others; theirs waits for it',
	input: z.object({ node: z.string().min(1), enabled: z.boolean() }),
	run(office, { node, enabled }) {
		const { id } = nodeNamed(office, node)
		office.directory.putNode(id, { enabled })
		return { id, enabled }
	},
})

export const refreshNodes = verb({
	about: 'distributed user refresh 分布式用户刷新: fetch the user list of every node anew and give ours',
	input: z.object({}),
	async run({ directory }) {
		const named = new Map(directory.nodes().map(node => [node.id, node]))
		const results = await directory.refresh()
		return results.map(result => ({
			...result,
			ip: named.get(result.node)?.ip ?? '',
			description: named.get(result.node)?.description ?? '',
		}))
	},
})

export const removeNode = verb({
	about: 'take a node out of the cluster; it goes on alone with its own users and mail',
	input: z.object({ node: z.string().min(1) }),
	async run(office, { node }) {
		const { id, ip } = nodeNamed(office, node)
		if (id === office.self) {
			throw new CannotBeDone('this node cannot take itself out; say "node remove" at another member')
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
