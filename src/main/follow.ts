import type { Office } from '../admin/index.ts'
import { removeInSlices } from '../store/index.ts'
import { type Identity, writeIdentity } from './identity.ts'

/** Says of this node what its configuration says, where that has changed since the last time. */
export function announce(office: Office, data: string, identity: Identity): void {
	const { directory, self, hostname, address, ports, version } = office
	const now: Record<string, string | number> = {
		hostname,
		webPort: ports.web,
		clusterPort: ports.cluster,
		version,
		...(address ? { ip: address } : {}),
	}
	const changed = Object.fromEntries(
		Object.entries(now).filter(([name, value]) => identity.announced[name] !== value),
	)
	if (Object.keys(changed).length === 0 || isRemoved(office)) return
	directory.putNode(self, changed)
	writeIdentity(data, { ...identity, announced: now })
}

/**
 * The directory changed, here or elsewhere: the cluster's list of members, the queue's routes and the mail that lives here
 * follow. Returns the function that ends it.
 */
export function followDirectory(office: Office): () => void {
	const { directory, cluster, queue, store, log } = office

	const members = () => {
		const removed = directory.nodeRecords().flatMap(node => (node.removed ? [node.id] : []))
		void cluster.setMembers(directory.nodes(), removed).catch(failed)
	}
	const forget = async (accounts: string[]) => {
		for (const account of accounts)
			if (store.reader.hasAccount(account)) await removeInSlices(store, { do: 'account.remove', account })
	}
	const failed = (error: unknown) => log.error({ err: error }, 'following the directory')

	// The news came, and the power failed before we went.
	if (isRemoved(office)) void office.leaveCluster().catch(failed)
	members()
	forget(directory.deletedAccounts()).catch(failed)
	cluster.links.answer('node.removed', () => {
		setImmediate(() => office.leaveCluster().catch(failed)) // the answer first
		return new Uint8Array()
	})
	return directory.changed.on(({ kinds, gone }) => {
		if (kinds.has('node')) {
			if (isRemoved(office)) return void office.leaveCluster().catch(failed)
			members()
		}
		if (gone.length > 0) forget(gone).catch(failed)
		queue.directoryChanged(kinds.has('node') || kinds.has('domain'))
	})
}

function isRemoved({ directory, self }: Office): boolean {
	return directory.nodeRecords().some(node => node.id === self && node.removed)
}
