import type { imap } from '../../../wire/index.ts'
import type { Done } from '../done.ts'
import type { Session } from '../session.ts'
import { deleteAcl, getAcl, listRights, myRights, setAcl } from './acl.ts'
import { authenticate } from './authenticate.ts'
import { capability } from './capability.ts'
import { close } from './close.ts'
import { compress } from './compress.ts'
import { copy } from './copy.ts'
import { create } from './create.ts'
import { deleteMailbox } from './delete.ts'
import { enable } from './enable.ts'
import { esearch } from './esearch.ts'
import { expunge } from './expunge.ts'
import { fetch } from './fetch.ts'
import { id } from './id.ts'
import { idle } from './idle.ts'
import { getJmapAccess } from './jmap-access.ts'
import { list, lsub } from './list.ts'
import { login } from './login.ts'
import { logout } from './logout.ts'
import { getMetadata, setMetadata } from './metadata.ts'
import { namespace } from './namespace.ts'
import { noop } from './noop.ts'
import { notify } from './notify.ts'
import { getQuota, getQuotaRoot, setQuota } from './quota.ts'
import { rename } from './rename.ts'
import { search } from './search.ts'
import { select } from './select.ts'
import { sort } from './sort.ts'
import { starttls } from './starttls.ts'
import { status } from './status.ts'
import { store } from './store.ts'
import { subscribe } from './subscribe.ts'
import { thread } from './thread.ts'
import { unauthenticate } from './unauthenticate.ts'

/** When a command may come: at any time, before sign-in, after it, with a mailbox selected. */
export type When = 'any' | 'before' | 'signed-in' | 'selected'

type Run<Name extends imap.CommandName> = (
	session: Session,
	command: imap.CommandOf<Name>,
) => Done | null | Promise<Done | null>

/** APPEND and REPLACE are not here: they are at work while their octets come (appending.ts). */
type Streamless = Exclude<imap.CommandName, 'APPEND' | 'REPLACE'>

/** `null` from a command: it has answered for itself. */
const COMMANDS: { [Name in Streamless]: [when: When, run: Run<Name>] } = {
	CAPABILITY: ['any', capability],
	NOOP: ['any', noop],
	ID: ['any', id],
	LOGOUT: ['any', logout],
	STARTTLS: ['before', starttls],
	LOGIN: ['before', login],
	AUTHENTICATE: ['before', authenticate],
	ENABLE: ['signed-in', enable],
	NAMESPACE: ['signed-in', namespace],
	LIST: ['signed-in', list],
	LSUB: ['signed-in', lsub],
	SUBSCRIBE: ['signed-in', subscribe],
	UNSUBSCRIBE: ['signed-in', subscribe],
	CREATE: ['signed-in', create],
	DELETE: ['signed-in', deleteMailbox],
	RENAME: ['signed-in', rename],
	STATUS: ['signed-in', status],
	SELECT: ['signed-in', select],
	EXAMINE: ['signed-in', select],
	IDLE: ['signed-in', idle],
	UNAUTHENTICATE: ['signed-in', unauthenticate],
	GETJMAPACCESS: ['signed-in', getJmapAccess],
	COMPRESS: ['signed-in', compress],
	GETQUOTA: ['signed-in', getQuota],
	GETQUOTAROOT: ['signed-in', getQuotaRoot],
	SETQUOTA: ['signed-in', setQuota],
	GETMETADATA: ['signed-in', getMetadata],
	SETMETADATA: ['signed-in', setMetadata],
	NOTIFY: ['signed-in', notify],
	SETACL: ['signed-in', setAcl],
	DELETEACL: ['signed-in', deleteAcl],
	GETACL: ['signed-in', getAcl],
	LISTRIGHTS: ['signed-in', listRights],
	MYRIGHTS: ['signed-in', myRights],
	ESEARCH: ['signed-in', esearch],
	CHECK: ['selected', noop],
	CLOSE: ['selected', close],
	UNSELECT: ['selected', close],
	EXPUNGE: ['selected', expunge],
	SEARCH: ['selected', search],
	SORT: ['selected', sort],
	THREAD: ['selected', thread],
	FETCH: ['selected', fetch],
	STORE: ['selected', store],
	COPY: ['selected', copy],
	MOVE: ['selected', copy],
}

/** All that can be said, but APPEND and REPLACE. */
export const commandNames = Object.keys(COMMANDS)

/** May the client be told of expunges with this command's answer? Not where numbers are in use (RFC 9051 section 7.5.1). */
function mayExpunge(command: imap.Command): boolean {
	switch (command.name) {
		case 'FETCH':
		case 'STORE':
		case 'SEARCH':
		case 'SORT':
		case 'THREAD':
			return command.uid
		// What goes while a mailbox is being opened would shift what its own responses just numbered.
		case 'SELECT':
		case 'EXAMINE':
			return false
		default:
			return true
	}
}

export function commandFor(name: Streamless): {
	when: When
	run: Run<imap.CommandName>
	expunge(command: imap.Command): boolean
} {
	const [when, run] = COMMANDS[name]
	return { when, run: run as Run<imap.CommandName>, expunge: mayExpunge }
}
