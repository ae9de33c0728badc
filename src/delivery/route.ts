import type { Directory, Members, Resolved } from '../directory/index.ts'
import type { Route } from '../store/index.ts'

/** One place a message goes to, for one recipient address. */
export type Destination =
	| { to: 'here'; account: string; address: string }
	| { to: 'queue'; route: Route; address: string }

/** The only question "is it remote?" of the way of a message: where does mail for this address go from this node? */
export function destinations(resolved: Resolved, address: string, self: string): Destination[] {
	switch (resolved.is) {
		case 'account':
			// <postmaster> alone means an account only to whoever looks it up: on its way it has a domain.
			return [
				destinationOf(
					resolved.account.id,
					resolved.account.home,
					address.includes('@') ? address : resolved.account.address,
					self,
				),
			]
		case 'alias':
			return destinationsOf(resolved, self)
		case 'group':
			return destinationsOf(resolved.members, self)
		case 'foreign':
			return [{ to: 'queue', route: mxRoute(address), address }]
		case 'unknown':
			return []
	}
}

function destinationsOf({ accounts, foreign }: Members, self: string): Destination[] {
	return [
		...accounts.map(({ id, home, address }) => destinationOf(id, home, address, self)),
		...foreign.map(address => ({ to: 'queue' as const, route: mxRoute(address), address })),
	]
}

function destinationOf(account: string, home: string, address: string, self: string): Destination {
	return home === self ? { to: 'here', account, address } : { to: 'queue', route: nodeRoute(home), address }
}

export function nodeRoute(node: string): Route {
	return `node:${node}`
}

/** This way led to a node of a cluster that this node has left: nobody here knows of it, not even that it was removed. */
export function leadsToStrangers(directory: Pick<Directory, 'nodeRecords'>, route: string): boolean {
	if (!route.startsWith('node:')) return false
	return !directory.nodeRecords().some(({ id }) => nodeRoute(id) === route)
}

function mxRoute(address: string): Route {
	return `mx:${address.slice(address.lastIndexOf('@') + 1).toLowerCase()}`
}
