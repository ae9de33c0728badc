import type { RouteRecordRaw } from 'vue-router'
import type { Role } from '../shared/session.ts'

/** One page: where it is, in which part of the menu, and who finds it there. */
export type Entry = {
	name: string
	path: string
	/** The menu: a group, in it perhaps a part, as keys below `menu.`. */
	group: 'overview' | 'people' | 'mail' | 'settings' | 'access'
	part?: 'distributed' | 'smtp'
	roles: Role[]
	page: () => Promise<unknown>
}

const READERS: Role[] = ['admin', 'auditor']
const PEOPLE: Role[] = ['admin', 'auditor', 'domain', 'unit', 'helpdesk']
const GIVERS: Role[] = ['admin', 'auditor', 'domain', 'unit']

/** All pages, in the order of the menu. The names of the texts are `menu.<name>`. */
export const entries: Entry[] = [
	{
		name: 'dashboard',
		path: '/dashboard',
		group: 'overview',
		roles: READERS,
		page: () => import('./pages/dashboard/DashboardPage.vue'),
	},
	{
		name: 'cluster',
		path: '/cluster',
		group: 'overview',
		roles: READERS,
		page: () => import('./pages/cluster/ClusterPage.vue'),
	},
	{
		name: 'accounts',
		path: '/accounts',
		group: 'people',
		roles: PEOPLE,
		page: () => import('./pages/accounts/AccountsPage.vue'),
	},
	{
		name: 'groups',
		path: '/groups',
		group: 'people',
		roles: GIVERS,
		page: () => import('./pages/groups/GroupsPage.vue'),
	},
	{
		name: 'units',
		path: '/units',
		group: 'people',
		roles: ['admin', 'auditor', 'unit'],
		page: () => import('./pages/units/UnitsPage.vue'),
	},
	{
		name: 'domains',
		path: '/domains',
		group: 'people',
		roles: GIVERS,
		page: () => import('./pages/domains/DomainsPage.vue'),
	},
	{
		name: 'conflicts',
		path: '/conflicts',
		group: 'people',
		roles: PEOPLE,
		page: () => import('./pages/accounts/ConflictsPage.vue'),
	},
	{
		name: 'queue',
		path: '/queue',
		group: 'mail',
		roles: READERS,
		page: () => import('./pages/mail/QueuePage.vue'),
	},
	{
		name: 'nodes',
		path: '/nodes',
		group: 'settings',
		part: 'distributed',
		roles: READERS,
		page: () => import('./pages/nodes/NodesPage.vue'),
	},
	{
		name: 'trace',
		path: '/trace',
		group: 'mail',
		roles: READERS,
		page: () => import('./pages/mail/TracePage.vue'),
	},
	{
		name: 'certificates',
		path: '/certificates',
		group: 'settings',
		part: 'distributed',
		roles: READERS,
		page: () => import('./pages/nodes/CertificatePage.vue'),
	},
	{
		name: 'forwards',
		path: '/forwards',
		group: 'settings',
		part: 'smtp',
		roles: PEOPLE,
		page: () => import('./pages/nodes/ForwardsPage.vue'),
	},
	{
		name: 'grants',
		path: '/grants',
		group: 'access',
		roles: GIVERS,
		page: () => import('./pages/access/GrantsPage.vue'),
	},
	{
		name: 'audit',
		path: '/audit',
		group: 'access',
		roles: READERS,
		page: () => import('./pages/access/AuditPage.vue'),
	},
	{
		name: 'security',
		path: '/security',
		group: 'access',
		roles: PEOPLE,
		page: () => import('./pages/access/SecurityPage.vue'),
	},
]

export const groups: Entry['group'][] = ['overview', 'people', 'mail', 'settings', 'access']

export const routes: RouteRecordRaw[] = [
	...entries.map(({ name, path, page }) => ({ name, path, component: page as never })),
	{ name: 'domain', path: '/domains/:domain', component: () => import('./pages/domains/DomainPage.vue') },
	{ path: '/:rest(.*)*', name: 'start', component: () => import('./pages/StartPage.vue') },
]
