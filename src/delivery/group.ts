import type { Directory, Group, Resolved } from '../directory/index.ts'
import { encodeHeader, headerFields, normalAddress } from '../message/index.ts'
import { type Reply, reply } from '../wire/index.ts'
import type { Client, Transaction } from './types.ts'

type ResolvedGroup = Extract<Resolved, { is: 'group' }>

/**
 * May this sender send to a group? Null: yes. An address of ours counts for nothing when a stranger gives it as the
 * reverse path: whoever is of the organisation has signed in. A member or a named sender outside is known by it.
 */
export function mayNotSend(
	{ group, members }: ResolvedGroup,
	client: Client,
	transaction: Transaction,
	directory: Directory,
): Reply | null {
	const refused = () =>
		reply(550, '5.7.1', `You may not send to <${group.address}>; it takes mail ${TAKES[group.senders]} only`)
	if (client.node) return null // whoever took it has asked
	if (group.senders === 'inside' && !client.account) return refused()
	if (group.senders === 'members' && !isAmong(members, client, transaction, directory)) return refused()
	if (group.senders === 'named' && !isNamed(group, client, transaction, directory)) return refused()
	if (members.accounts.length + members.foreign.length > 0) return null
	return reply(550, '5.2.4', `<${group.address}> has no members`)
}

const TAKES = {
	anyone: '',
	inside: 'from this organisation',
	members: 'from its members',
	named: 'from some senders',
}

function isAmong(
	{ accounts, foreign }: ResolvedGroup['members'],
	{ account }: Client,
	{ reversePath }: Transaction,
	directory: Directory,
): boolean {
	if (account) return accounts.some(({ id }) => id === account.id)
	const sender = normalAddress(reversePath)
	return isForeign(sender, directory) && foreign.some(one => normalAddress(one) === sender)
}

function isNamed(group: Group, client: Client, transaction: Transaction, directory: Directory): boolean {
	return group.named.some(name => {
		const resolved = directory.lookup(name)
		if (resolved.is === 'unknown') return false
		if (resolved.is === 'foreign') {
			return !client.account && normalAddress(transaction.reversePath) === normalAddress(name)
		}
		if (resolved.is === 'account') return resolved.account.id === client.account?.id
		return isAmong(resolved.is === 'group' ? resolved.members : resolved, client, transaction, directory)
	})
}

function isForeign(address: string, directory: Directory): boolean {
	return address !== '' && directory.lookup(address).is === 'foreign'
}

/** RFC 2919: by this a member's rules know the group's mail. It follows the address the group was made with. */
export function listIdField({ name, claimed }: Group): string {
	const id = `<${listIdOf(claimed)}>`
	return encodeHeader('List-Id', name === '' ? id : `${name.replace(/[<>"]/g, ' ')} ${id}`)
}

function listIdOf(address: string): string {
	return address
		.replace('@', '.')
		.replace(/[^\x21-\x7e]|[<>]/g, '_')
		.toLowerCase()
}

/** The message went through the group before: a member sends what it gets back to it. */
export function hasBeenThrough({ claimed }: Group, header: Buffer): boolean {
	const id = `<${listIdOf(claimed)}>`
	return headerFields(header).some(
		({ name, value }) => name.toLowerCase() === 'list-id' && value.toLowerCase().endsWith(id),
	)
}
