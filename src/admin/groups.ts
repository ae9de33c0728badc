import { z } from 'zod'
import { GROUP_SENDERS, type Group } from '../directory/index.ts'
import { may } from './may.ts'
import { placeOfAddress } from './place.ts'
import { CannotBeDone, type Office, type Target, verb } from './verb.ts'

const address = z.string().min(3)
const MOST_MEMBERS = 100_000
const members = z.array(address).max(MOST_MEMBERS)
const settings = {
	name: z.string().max(200).exactOptional(),
	senders: z.enum(GROUP_SENDERS).exactOptional(),
	named: z.array(address).exactOptional(),
	/** Gets the reports of what cannot be delivered; '' = the sender does. */
	owner: z.string().exactOptional(),
}

export const addGroup = verb({
	about: 'make a group: one address for many, inside and outside',
	input: z.object({ address, members: members.default([]), ...settings }),
	act: 'groups:change',
	on: (office, { address }) => target(office, address),
	async run(office, { address, members, ...settings }) {
		const group = office.directory.addGroup({ address, ...settings })
		await office.directory.addMembers(group.id, members)
		return view(office, group)
	},
})

export const listGroups = verb({
	about: 'groups of all nodes',
	input: z.object({
		domain: z.string().exactOptional(),
		search: z.string().exactOptional(),
		/** Those whose address was given to another, earlier account, alias or group. */
		state: z.literal('conflict').exactOptional(),
		after: z.string().exactOptional(),
		limit: z.number().int().positive().exactOptional(),
	}),
	act: 'groups:read',
	inReach: true,
	run: (office, { limit, state, ...filter }, by) =>
		office.directory
			.groups({ ...filter, conflict: state === 'conflict' })
			.filter(({ claimed }) => may(by.grants, 'groups:read', placeOfAddress(claimed)))
			.slice(0, limit)
			.map(group => view(office, group)),
})

export const showGroup = verb({
	about: 'one group, with its members',
	input: z.object({ group: address }),
	act: 'groups:read',
	on: (office, { group }) => target(office, group),
	run(office, { group }) {
		const found = groupNamed(office, group)
		return { ...view(office, found), memberList: office.directory.membersOf(found.id) }
	},
})

export const editGroup = verb({
	about: 'change a group: its address, its name, who may send, who gets the reports',
	input: z.object({ group: address, address: address.exactOptional(), ...settings }),
	act: 'groups:change',
	on: (office, { group, address }) => [
		target(office, group),
		...(address ? [{ object: '', place: placeOfAddress(address) }] : []),
	],
	run(office, { group, address, ...settings }) {
		const { id } = groupNamed(office, group)
		if (address !== undefined) office.directory.renameGroup(id, address)
		return view(office, office.directory.editGroup(id, settings))
	},
})

export const removeGroup = verb({
	about: 'remove a group; its members stay what they are',
	input: z.object({ group: address }),
	act: 'groups:change',
	on: (office, { group }) => target(office, group),
	run(office, { group }) {
		const { id, address } = groupNamed(office, group)
		office.directory.removeGroup(id)
		return { address }
	},
})

export const changeMembers = verb({
	about: 'put members into a group, or take them out',
	input: z.object({ group: address, members: members.min(1), remove: z.boolean().exactOptional() }),
	act: 'groups:change',
	on: (office, { group }) => target(office, group),
	async run(office, { group, members, remove }) {
		const { directory } = office
		const { id, address } = groupNamed(office, group)
		const changed = await (remove ? directory.removeMembers(id, members) : directory.addMembers(id, members))
		return { address, changed, members: directory.countMembers(id) }
	},
})

function target(office: Office, name: string): Target {
	const group = office.directory.group(name) ?? office.directory.groupByAddress(name)
	if (!group) return { place: placeOfAddress(name), object: name, state: null }
	return { place: placeOfAddress(group.claimed), object: group.address, state: view(office, group) }
}

function groupNamed({ directory }: Office, name: string): Group {
	const group = directory.group(name) ?? directory.groupByAddress(name)
	if (!group) throw new CannotBeDone(`there is no group ${name}; "group list" shows them all`)
	return group
}

function view({ directory }: Office, group: Group) {
	const { id, address, claimed, conflict, name, senders, named, owner } = group
	return {
		address,
		name,
		members: directory.countMembers(id),
		senders,
		named,
		owner,
		conflict,
		...(conflict ? { claimed } : {}),
		id,
	}
}
