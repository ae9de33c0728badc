import { jmap } from '../../wire/index.ts'
import type { Method } from './call.ts'
import { emailChanges } from './email-changes.ts'
import { getEmails } from './email-get.ts'
import { emailQueryChanges, queryEmails } from './email-query.ts'
import { setEmails } from './email-set.ts'
import { mailboxChanges } from './mailbox-changes.ts'
import { getMailboxes } from './mailbox-get.ts'
import { mailboxQueryChanges, queryMailboxes } from './mailbox-query.ts'
import { setMailboxes } from './mailbox-set.ts'
import { getThreads, threadChanges } from './thread.ts'

/** All methods, by the capability that has to be used for them. */
const BY_CAPABILITY: Record<string, Record<string, Method>> = {
	'urn:ietf:params:jmap:core': {
		'Core/echo': (_call, args) => [['Core/echo', args]],
	},
	'urn:ietf:params:jmap:mail': {
		'Mailbox/get': getMailboxes,
		'Mailbox/changes': mailboxChanges,
		'Mailbox/query': queryMailboxes,
		'Mailbox/queryChanges': mailboxQueryChanges,
		'Mailbox/set': setMailboxes,
		'Thread/get': getThreads,
		'Thread/changes': threadChanges,
		'Email/get': getEmails,
		'Email/changes': emailChanges,
		'Email/query': queryEmails,
		'Email/queryChanges': emailQueryChanges,
		'Email/set': setEmails,
	},
}

/** @throws MethodRefused unknownMethod: there is none, or its capability is not used */
export function methodOf(name: string, using: string[]): Method {
	for (const uri of using) {
		const methods = BY_CAPABILITY[uri]
		if (methods && Object.hasOwn(methods, name)) return methods[name]!
	}
	throw new jmap.MethodRefused('unknownMethod')
}
