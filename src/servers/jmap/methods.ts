import { jmap } from '../../wire/index.ts'
import { addressBookChanges, getAddressBooks, setAddressBooks } from './address-book.ts'
import { copyBlobs, getBlobs, lookupBlobs, uploadBlobs } from './blob-methods.ts'
import type { Method } from './call.ts'
import { cardChanges, copyCards, getCards, setCards } from './contact-card.ts'
import { cardQueryChanges, queryCards } from './contact-query.ts'
import { emailChanges } from './email-changes.ts'
import { getEmails } from './email-get.ts'
import { copyEmails, importEmails, parseEmails } from './email-import.ts'
import { emailQueryChanges, queryEmails } from './email-query.ts'
import { setEmails } from './email-set.ts'
import { getIdentities, identityChanges, setIdentities } from './identity.ts'
import { mailboxChanges } from './mailbox-changes.ts'
import { getMailboxes } from './mailbox-get.ts'
import { mailboxQueryChanges, queryMailboxes } from './mailbox-query.ts'
import { setMailboxes } from './mailbox-set.ts'
import { parseMdns, sendMdns } from './mdn.ts'
import { getPreferences, PREFERENCES, setPreferences } from './preferences.ts'
import { getPushes, setPushes } from './push-subscription.ts'
import { getQuotas, queryQuotas, quotaChanges, quotaQueryChanges } from './quota.ts'
import { getSnippets } from './search-snippet.ts'
import { getSubmissions, querySubmissions, submissionChanges, submissionQueryChanges } from './submission.ts'
import { setSubmissions } from './submission-set.ts'
import { getThreads, threadChanges } from './thread.ts'
import { getVacation, setVacation } from './vacation.ts'

/** All methods, by the capability that has to be used for them. */
export const METHODS: Record<string, Record<string, Method>> = {
	'urn:ietf:params:jmap:core': {
		'Core/echo': (_call, args) => [['Core/echo', args]],
		'Blob/copy': copyBlobs,
		'PushSubscription/get': getPushes,
		'PushSubscription/set': setPushes,
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
		'Email/copy': copyEmails,
		'Email/import': importEmails,
		'Email/parse': parseEmails,
		'SearchSnippet/get': getSnippets,
	},
	'urn:ietf:params:jmap:submission': {
		'Identity/get': getIdentities,
		'Identity/changes': identityChanges,
		'Identity/set': setIdentities,
		'EmailSubmission/get': getSubmissions,
		'EmailSubmission/changes': submissionChanges,
		'EmailSubmission/query': querySubmissions,
		'EmailSubmission/queryChanges': submissionQueryChanges,
		'EmailSubmission/set': setSubmissions,
	},
	'urn:ietf:params:jmap:vacationresponse': {
		'VacationResponse/get': getVacation,
		'VacationResponse/set': setVacation,
	},
	'urn:ietf:params:jmap:blob': {
		'Blob/upload': uploadBlobs,
		'Blob/get': getBlobs,
		'Blob/lookup': lookupBlobs,
	},
	'urn:ietf:params:jmap:quota': {
		'Quota/get': getQuotas,
		'Quota/changes': quotaChanges,
		'Quota/query': queryQuotas,
		'Quota/queryChanges': quotaQueryChanges,
	},
	'urn:ietf:params:jmap:mdn': {
		'MDN/send': sendMdns,
		'MDN/parse': parseMdns,
	},
	'urn:ietf:params:jmap:contacts': {
		'AddressBook/get': getAddressBooks,
		'AddressBook/changes': addressBookChanges,
		'AddressBook/set': setAddressBooks,
		'ContactCard/get': getCards,
		'ContactCard/changes': cardChanges,
		'ContactCard/query': queryCards,
		'ContactCard/queryChanges': cardQueryChanges,
		'ContactCard/set': setCards,
		'ContactCard/copy': copyCards,
	},
	[PREFERENCES]: {
		'Preferences/get': getPreferences,
		'Preferences/set': setPreferences,
	},
}

/** @throws MethodRefused unknownMethod: there is none, or its capability is not used */
export function methodOf(name: string, using: string[]): Method {
	for (const uri of using) {
		const methods = METHODS[uri]
		if (methods && Object.hasOwn(methods, name)) return methods[name]!
	}
	throw new jmap.MethodRefused('unknownMethod')
}
