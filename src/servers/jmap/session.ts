import { createHash } from 'node:crypto'
import type { Account } from '../../directory/index.ts'
import type { House } from '../types.ts'
import { LIMITS, MAX_MAILBOX_DEPTH } from './call.ts'
import { SORTS } from './email-sort.ts'
import { COLLATIONS } from './filter.ts'
import { PREFERENCES } from './preferences.ts'

const CORE = 'urn:ietf:params:jmap:core'

/** How long a message may be held back before it is sent, in seconds. */
export function maxDelayedSend(house: House): number {
	return house.receiver.maxHoldSeconds
}

/** What the account can, by capability. */
function accountCapabilities(house: House): Record<string, unknown> {
	return {
		[CORE]: {},
		'urn:ietf:params:jmap:mail': {
			maxMailboxesPerEmail: null,
			maxMailboxDepth: MAX_MAILBOX_DEPTH,
			maxSizeMailboxName: 255,
			maxSizeAttachmentsPerEmail: house.limits.maxMessageSize,
			emailQuerySortOptions: SORTS,
			mayCreateTopLevelMailbox: true,
		},
		'urn:ietf:params:jmap:submission': {
			maxDelayedSend: maxDelayedSend(house),
			submissionExtensions: {
				FUTURERELEASE: [],
				SIZE: [String(house.receiver.maxSize)],
				DSN: [],
				DELIVERBY: [],
				'MT-PRIORITY': [],
				REQUIRETLS: [],
				SMTPUTF8: [],
				'8BITMIME': [],
			},
		},
		'urn:ietf:params:jmap:vacationresponse': {},
		'urn:ietf:params:jmap:blob': {
			maxSizeBlobSet: LIMITS.maxSizeUpload,
			maxDataSources: 64,
			supportedTypeNames: ['Mailbox', 'Thread', 'Email'],
			supportedDigestAlgorithms: ['sha', 'sha-256', 'sha-512'],
		},
		'urn:ietf:params:jmap:quota': {},
		'urn:ietf:params:jmap:mdn': {},
		'urn:ietf:params:jmap:contacts': { maxAddressBooksPerCard: 1, mayCreateAddressBook: false },
		[PREFERENCES]: {},
	}
}

export function capabilities(base: string): Record<string, unknown> {
	return {
		[CORE]: {
			maxSizeUpload: LIMITS.maxSizeUpload,
			maxConcurrentUpload: LIMITS.maxConcurrentUpload,
			maxSizeRequest: LIMITS.maxSizeRequest,
			maxConcurrentRequests: LIMITS.maxConcurrentRequests,
			maxCallsInRequest: LIMITS.maxCallsInRequest,
			maxObjectsInGet: LIMITS.maxObjectsInGet,
			maxObjectsInSet: LIMITS.maxObjectsInSet,
			collationAlgorithms: COLLATIONS,
		},
		'urn:ietf:params:jmap:mail': {},
		'urn:ietf:params:jmap:submission': {},
		'urn:ietf:params:jmap:vacationresponse': {},
		'urn:ietf:params:jmap:websocket': { url: `${base.replace(/^http/, 'ws')}/jmap/ws`, supportsPush: true },
		'urn:ietf:params:jmap:blob': {},
		'urn:ietf:params:jmap:quota': {},
		'urn:ietf:params:jmap:mdn': {},
		'urn:ietf:params:jmap:contacts': {},
		[PREFERENCES]: {},
	}
}

/** The JMAP session resource (RFC 8620 section 2). @param base `https://host` as the client reached us */
export function sessionOf(house: House, account: Account, base: string): Record<string, unknown> {
	const own = accountCapabilities(house)
	const session = {
		capabilities: capabilities(base),
		accounts: {
			[account.id]: {
				name: account.address,
				isPersonal: true,
				isReadOnly: false,
				accountCapabilities: own,
			},
		},
		// Core is no kind of data that an account could be the main one for.
		primaryAccounts: Object.fromEntries(
			Object.keys(own)
				.filter(uri => uri !== CORE)
				.map(uri => [uri, account.id]),
		),
		username: account.address,
		apiUrl: `${base}/jmap/api`,
		downloadUrl: `${base}/jmap/download/{accountId}/{blobId}/{name}?type={type}`,
		uploadUrl: `${base}/jmap/upload/{accountId}`,
		eventSourceUrl: `${base}/jmap/events?types={types}&closeafter={closeafter}&ping={ping}`,
	}
	return { ...session, state: sessionState(house, account) }
}

/** Another one as soon as the session says anything else; by which name the client reached us does not matter. */
export function sessionState(house: House, { id, address }: Account): string {
	return createHash('sha256')
		.update(JSON.stringify([id, address, capabilities(''), accountCapabilities(house)]))
		.digest('hex')
		.slice(0, 16)
}
