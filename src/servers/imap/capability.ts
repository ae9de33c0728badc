import { mechanismsFor } from '../sign-in.ts'
import { hasJmapAccess } from './commands/jmap-access.ts'
import type { Session } from './session.ts'

const ALWAYS = ['IMAP4rev1', 'IMAP4rev2', 'LITERAL+', 'ID', 'ENABLE']

const SIGNED_IN = [
	'IDLE',
	'NAMESPACE',
	'CHILDREN',
	'LIST-EXTENDED',
	'LIST-STATUS',
	'SPECIAL-USE',
	'CREATE-SPECIAL-USE',
	'UIDPLUS',
	'UNSELECT',
	'MOVE',
	'MULTIAPPEND',
	'STATUS=SIZE',
	'WITHIN',
	'ESEARCH',
	'SEARCHRES',
	'SEARCH=FUZZY',
	'PARTIAL',
	'SORT',
	'SORT=DISPLAY',
	'ESORT',
	'THREAD=ORDEREDSUBJECT',
	'THREAD=REFERENCES',
	'I18NLEVEL=1',
	'INPROGRESS',
	'UIDONLY',
	'CONDSTORE',
	'QRESYNC',
	'BINARY',
	'OBJECTID',
	'PREVIEW',
	'SAVEDATE',
	'UTF8=ACCEPT',
	'UNAUTHENTICATE',
	'REPLACE',
	'CATENATE',
	'NOTIFY',
	'ACL',
	'RIGHTS=texk',
	'LIST-MYRIGHTS',
	'QUOTA',
	'QUOTA=RES-STORAGE',
	'QUOTA=RES-MESSAGE',
	'METADATA',
	'LIST-METADATA',
	'MULTISEARCH',
]

/** The mechanisms a client may use now. */
export function mechanisms(session: Session): string[] {
	return mechanismsFor(session.comer)
}

/** What CAPABILITY says at this moment. */
export function capabilities(session: Session): string {
	if (session.account) {
		const { maxMessageSize, messagesPerCommand } = session.house.limits
		const compress = session.compressed ? [] : ['COMPRESS=DEFLATE']
		const limits = [`APPENDLIMIT=${maxMessageSize}`, `MESSAGELIMIT=${messagesPerCommand}`]
		const jmap = hasJmapAccess(session) ? ['JMAPACCESS'] : []
		return [...ALWAYS, ...SIGNED_IN, ...jmap, ...compress, ...limits].join(' ')
	}
	return [
		...ALWAYS,
		'SASL-IR',
		...(session.tls ? [] : ['STARTTLS']),
		...(session.secure ? [] : ['LOGINDISABLED']),
		...mechanisms(session).map(mechanism => `AUTH=${mechanism}`),
	].join(' ')
}
