import { z } from 'zod'
import { nodeAddress } from './nodes.ts'
import { verb } from './verb.ts'

/**
 * A node becomes a member: its certificate is signed, both directories merge, all others learn of it by themselves.
 * Resolves when the newcomer and we know each other's users.
 */
export const addNode = verb({
	about: 'take a node into the cluster, by its IP address, its web port and its join code',
	input: z.object({
		ip: nodeAddress,
		webPort: z.number().int().min(1).max(65535),
		code: z.string().min(1),
		description: z.string().exactOptional(),
		site: z.string().exactOptional(),
		enabled: z.boolean().exactOptional(),
	}),
	act: 'nodes:change',
	slow: true,
	on: (_, { ip, webPort }) => ({ place: {}, object: ip, state: { ip, webPort } }),
	async run(office, { ip, webPort, code, description, site, enabled }) {
		const { cluster, directory, self, ports } = office
		const newcomer = await cluster.invite({
			ip,
			webPort,
			code,
			hostname: office.hostname,
			address: office.address,
			ports,
			members: directory.nodes(),
		})
		directory.putNode(self, { ip: newcomer.ourAddress, webPort: ports.web, clusterPort: ports.cluster })
		directory.putNode(newcomer.id, {
			ip,
			webPort,
			clusterPort: newcomer.clusterPort,
			hostname: newcomer.hostname,
			version: newcomer.version,
			enabled: enabled ?? true,
			description: description ?? newcomer.description,
			site: site ?? newcomer.site,
		})
		const merged = await directory.mergedWith(newcomer.id, 60_000)
		return { id: newcomer.id, ip, webPort, merged, accounts: directory.countAccounts({ node: newcomer.id }) }
	},
})
