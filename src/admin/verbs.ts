// All verbs by name. The input of each is a zod schema, its right and target stand beside it.
import * as accounts from './accounts.ts'
import { addNode } from './add-node.ts'
import * as aliases from './aliases.ts'
import * as audit from './audit.ts'
import * as certificate from './certificate.ts'
import * as dns from './dns/domain-dns.ts'
import * as domains from './domains.ts'
import { alertsHere, figures, figuresHere, listAlerts } from './figures.ts'
import { listForwards } from './forwards.ts'
import * as grants from './grants.ts'
import * as groups from './groups.ts'
import { listJobs, showJob } from './jobs.ts'
import { linksEverywhere, listLinks } from './links.ts'
import * as nodes from './nodes.ts'
import * as queue from './queue.ts'
import * as quota from './quota.ts'
import * as secrets from './secrets.ts'
import * as sessions from './sessions.ts'
import { setUp } from './setup.ts'
import * as status from './status.ts'
import * as tokens from './tokens.ts'
import { traceHere, traceMail } from './trace.ts'
import * as transfer from './transfer-accounts.ts'
import * as units from './units.ts'
import type { Verb } from './verb.ts'

export const verbs = {
	setup: setUp,
	status: status.status,
	'domain add': domains.addDomain,
	'domain list': domains.listDomains,
	'domain remove': domains.removeDomain,
	'domain dns': dns.domainDns,
	'domain dkim list': dns.listDkim,
	'domain dkim add': dns.addDkim,
	'domain dkim retire': dns.retireDkim,
	'domain mta-sts': dns.setMtaSts,
	'domain quota': quota.domainQuota,
	'domain quota show': quota.showDomainQuota,
	'account add': accounts.addAccount,
	'account list': accounts.listAccounts,
	'account show': accounts.showAccount,
	'account edit': accounts.editAccount,
	'account passwd': accounts.changePassword,
	'account rename': accounts.renameAccount,
	'account merge': accounts.mergeAccount,
	'account quota': quota.accountQuota,
	'account quota show': quota.showAccountQuota,
	'account disable': accounts.disableAccount,
	'account move-unit': accounts.moveAccountToUnit,
	'account remove': accounts.removeAccount,
	'account import': transfer.importFile,
	'account export': transfer.exportFile,
	'session list': sessions.listSessions,
	'session end': sessions.endSession,
	'job list': listJobs,
	'job show': showJob,
	'account app-password add': secrets.addAppPassword,
	'account app-password list': secrets.listAppPasswords,
	'account app-password remove': secrets.removeAppPassword,
	'account change-password': secrets.changeOwnPassword,
	'account totp propose': secrets.proposeTotp,
	'account totp on': secrets.turnTotpOn,
	'account totp off': secrets.turnTotpOff,
	'account totp show': secrets.showTotp,
	'account totp reset': secrets.resetTotp,
	'unit add': units.addUnit,
	'unit list': units.listUnits,
	'unit edit': units.editUnit,
	'unit move': units.moveUnit,
	'unit remove': units.removeUnit,
	'admin grant': grants.grant,
	'admin revoke': grants.revoke,
	'admin remove': grants.revokeById,
	'admin list': grants.listGrants,
	'token add': tokens.addToken,
	'token list': tokens.listTokens,
	'token remove': tokens.removeToken,
	'conflict list': accounts.listConflicts,
	'alias add': aliases.addAlias,
	'alias list': aliases.listAliases,
	'alias remove': aliases.removeAlias,
	'group add': groups.addGroup,
	'group list': groups.listGroups,
	'group show': groups.showGroup,
	'group edit': groups.editGroup,
	'group remove': groups.removeGroup,
	'group member': groups.changeMembers,
	'node code': nodes.nodeCode,
	'node add': addNode,
	'node list': nodes.listNodes,
	'node names': nodes.nameNodes,
	'node edit': nodes.editNode,
	'node enable': nodes.enableNode,
	'node refresh': nodes.refreshNodes,
	'node remove': nodes.removeNode,
	forwards: listForwards,
	'queue list': queue.listQueue,
	'queue here': queue.queueHere,
	'queue everywhere': queue.queueEverywhere,
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
	'link list': listLinks,
	'link everywhere': linksEverywhere,
	'audit list': audit.listAudit,
	'audit verify': audit.verifyAudit,
	figures,
	'figures here': figuresHere,
	'alert list': listAlerts,
	'alert here': alertsHere,
	trace: traceMail,
	'trace here': traceHere,
	'cluster rebuild': status.rebuildCluster,
} satisfies Record<string, Verb>
