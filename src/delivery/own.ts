import type { Directory } from '../directory/index.ts'

/** Its own addresses, and aliases that lead to it. */
export function isOwn(directory: Directory, account: string, address: string): boolean {
	const resolved = directory.lookup(address)
	if (resolved.is === 'account') return resolved.account.id === account
	return resolved.is === 'alias' && resolved.accounts.some(({ id }) => id === account)
}
