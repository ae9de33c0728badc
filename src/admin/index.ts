/**
 * The operator's verbs. The command line, the pages and the API all call these and nothing beside them.
 *
 * Promises: input is checked; what cannot be done is told in a sentence that says what to do (CannotBeDone);
 * every verb works on any node, also while others cannot be reached. Does not: print, parse flags, speak HTTP.
 */
import * as accounts from './accounts.ts'
import { addNode } from './add-node.ts'
import * as certificate from './certificate.ts'
import * as domains from './domains.ts'
import * as groups from './groups.ts'
import * as nodes from './nodes.ts'
import * as queue from './queue.ts'
import * as secrets from './secrets.ts'
import * as status from './status.ts'
import * as units from './units.ts'
import type { Verb } from './verb.ts'

export { CannotBeDone, type Office, type Verb } from './verb.ts'

export const verbs = {
	status: status.status,
	'domain add': domains.addDomain,
	'domain list': domains.listDomains,
	'domain remove': domains.removeDomain,
	'account add': accounts.addAccount,
	'account list': accounts.listAccounts,
	'account passwd': accounts.changePassword,
	'account rename': accounts.renameAccount,
	'account disable': accounts.disableAccount,
	'account move-unit': accounts.moveAccountToUnit,
	'account remove': accounts.removeAccount,
	'unit add': units.addUnit,
	'unit list': units.listUnits,
	'unit edit': units.editUnit,
	'unit move': units.moveUnit,
	'unit remove': units.removeUnit,
	'account app-password add': secrets.addAppPassword,
	'account app-password list': secrets.listAppPasswords,
	'account app-password remove': secrets.removeAppPassword,
	'account totp show': secrets.showTotp,
	'account totp reset': secrets.resetTotp,
	'alias add': accounts.addAlias,
	'alias list': accounts.listAliases,
	'alias remove': accounts.removeAlias,
	'group add': groups.addGroup,
	'group list': groups.listGroups,
	'group show': groups.showGroup,
	'group edit': groups.editGroup,
	'group remove': groups.removeGroup,
	'group member': groups.changeMembers,
	'node code': nodes.nodeCode,
	'node add': addNode,
	'node list': nodes.listNodes,
	'node edit': nodes.editNode,
	'node enable': nodes.enableNode,
	'node refresh': nodes.refreshNodes,
	'node remove': nodes.removeNode,
	forwards: accounts.listForwards,
	'queue list': queue.listQueue,
	'queue show': queue.showQueued,
	'queue retry': queue.retryQueued,
	'queue hold': queue.holdQueued,
	'queue release': queue.releaseQueued,
	'queue drop': queue.dropQueued,
	'certificate show': certificate.showCertificate,
	'certificate use': certificate.useCertificate,
	'certificate order': certificate.orderCertificate,
	'certificate renew': certificate.renewCertificate,
	'certificate reset': certificate.resetCertificate,
	'cluster rebuild': status.rebuildCluster,
} satisfies Record<string, Verb>

export type VerbName = keyof typeof verbs
