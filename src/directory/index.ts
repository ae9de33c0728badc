/**
 * What every node knows: domains, accounts, aliases, groups, units, nodes, policies, and who lives where. One file a node
 * (directory.sqlite), read locally, written at any node, merged field by field without master and without quorum.
 *
 * Promises: nodes that have heard the same records decide alike whatever the order; a change is on disk when its
 * verb returns and reaches connected nodes in milliseconds; what was missed is found (beats) and fetched (pulls);
 * an address lookup is one indexed read; merging 100,000 accounts lets others have their turn; no password is
 * kept readable, and an unknown login takes as long as a wrong password.
 *
 * Signing in: `authenticate` (mail programs: app passwords, or the own one while TOTP is off), `scram`, `authenticateToken`,
 * `signIn` (people at a page, with the code); `appPasswords` and `secondFactor` are what a settings page shows and changes.
 *
 * Does not: know mail, decide routes, move accounts, draw pages. The erasing of mail is the store's.
 */

/** The one spelling in which addresses are kept. */
export { normalAddress } from '../message/index.ts'
export type { Access, ApiToken, Grant, Role } from './access.ts'
export type { AppPassword, AppPasswords } from './app-passwords.ts'
export { Directory, type DirectoryChange, type DirectoryOptions, openDirectory } from './directory.ts'
export type { DkimKey } from './dkim.ts'
export { DirectoryError, type DirectoryErrorCode } from './error.ts'
export type { GroupFilter } from './group-reader.ts'
export type { GroupSettings, NewGroup } from './group-writer.ts'
export { hashPassword, verifyPassword } from './password.ts'
export type { NodeRecord } from './places.ts'
export type { Quota, QuotaSetting, QuotaSettings } from './quota.ts'
export { type AccountFilter, normalDomain } from './reader.ts'
export type { ScramLogin } from './scram.ts'
export type { Opened, Session, Sessions } from './sessions.ts'
export type { TokenChecker } from './sign-in.ts'
export type { SecondFactor } from './totp.ts'
export {
	type Account,
	type Alias,
	type DirectoryRecord,
	type Fields,
	GROUP_SENDERS,
	type Group,
	type GroupSenders,
	type Kind,
	type Members,
	type NodeInfo,
	type RefreshResult,
	type Resolved,
	type SignIn,
	type Stamp,
	type Value,
} from './types.ts'
export type { NewUnit, UnitSettings } from './unit-writer.ts'
export { LIMIT_NUMBERS, type Limits, limitsOf, UNIT_KINDS, type Unit, type UnitKind } from './units.ts'
export type { NewAccount, NodeSettings } from './writer.ts'
