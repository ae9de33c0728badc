import type { Migration } from '../kit/index.ts'

/** Forward only; a step that was released is never edited. */
export const migrations: readonly Migration[] = [
	{
		name: 'directory',
		sql: `
		-- 'incarnation' (random id of this file), 'state' (JSON: seq, own, digest, count, clock as of the last commit).
		CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

		-- The truth. seq = this file's counter at the record's last change here.
		CREATE TABLE record (
			kind TEXT NOT NULL,
			id TEXT NOT NULL,
			fields TEXT NOT NULL,
			seq INTEGER NOT NULL,
			hash INTEGER NOT NULL,
			PRIMARY KEY (kind, id)
		) WITHOUT ROWID;
		CREATE INDEX record_seq ON record (seq, hash);

		-- How much of each peer's file is here: everything up to its seq, confirmed last at as_of (ms).
		CREATE TABLE cursor (
			peer TEXT PRIMARY KEY,
			incarnation TEXT NOT NULL,
			seq INTEGER NOT NULL,
			as_of INTEGER NOT NULL
		) WITHOUT ROWID;

		-- Derived from record in the same transaction, and rebuilt from it when in doubt.
		CREATE TABLE account (
			id TEXT PRIMARY KEY,
			address TEXT NOT NULL,
			domain TEXT NOT NULL,
			since TEXT NOT NULL,
			name TEXT NOT NULL,
			home TEXT NOT NULL,
			epoch INTEGER NOT NULL,
			disabled INTEGER NOT NULL,
			password_hash TEXT NOT NULL,
			created INTEGER NOT NULL
		) WITHOUT ROWID;
		CREATE INDEX account_address ON account (address, id);
		CREATE INDEX account_home ON account (home, address, id);

		CREATE TABLE alias (
			address TEXT PRIMARY KEY,
			domain TEXT NOT NULL,
			since TEXT NOT NULL,
			targets TEXT NOT NULL,
			created INTEGER NOT NULL
		) WITHOUT ROWID;

		-- Addresses that more than one record claims.
		CREATE TABLE contested (address TEXT PRIMARY KEY) WITHOUT ROWID;

		-- Accounts that were deleted, and where they lived.
		CREATE TABLE gone (id TEXT PRIMARY KEY, home TEXT NOT NULL) WITHOUT ROWID;
		CREATE INDEX gone_home ON gone (home);
		`,
	},
	{
		name: 'accounts belong to units',
		sql: `
		ALTER TABLE account ADD COLUMN unit TEXT NOT NULL DEFAULT '';
		-- A record may have come from a node that knew of units before this one did.
		UPDATE account SET unit = found.unit FROM (
			SELECT id, json_extract(fields, '$.unit[0]') AS unit FROM record
			WHERE kind = 'account' AND instr(fields, '"unit":["') > 0
		) AS found WHERE found.id = account.id AND found.unit IS NOT NULL;
		CREATE INDEX account_unit ON account (unit, address, id) WHERE unit <> '';
		`,
	},
	{
		name: 'use of app passwords',
		sql: `
		-- When an app password last let somebody in at this node (ms). Not told to others.
		CREATE TABLE app_password_use (
			account TEXT NOT NULL,
			id TEXT NOT NULL,
			at INTEGER NOT NULL,
			PRIMARY KEY (account, id)
		) WITHOUT ROWID;
		`,
	},
	{
		name: 'groups and their members',
		sql: `
		CREATE TABLE mail_group (
			id TEXT PRIMARY KEY,
			address TEXT NOT NULL,
			domain TEXT NOT NULL,
			since TEXT NOT NULL,
			name TEXT NOT NULL,
			senders TEXT NOT NULL,
			named TEXT NOT NULL,
			owner TEXT NOT NULL,
			created INTEGER NOT NULL
		) WITHOUT ROWID;
		CREATE INDEX group_address ON mail_group (address, id);
		CREATE TABLE member (mail_group TEXT NOT NULL, address TEXT NOT NULL, PRIMARY KEY (mail_group, address)) WITHOUT ROWID;
		CREATE INDEX member_address ON member (address);
		-- Records that came from a node that knew of groups before this one did: what follows from them is derived anew.
		UPDATE fact SET value = json_set(value, '$.digest', -1)
		WHERE name = 'state' AND EXISTS (SELECT 1 FROM record WHERE kind IN ('group', 'member'));
		`,
	},
	{
		name: 'accounts that become part of another',
		sql: `
		ALTER TABLE account ADD COLUMN merge_into TEXT NOT NULL DEFAULT '';
		UPDATE account SET merge_into = found.target FROM (
			SELECT id, json_extract(fields, '$.mergeInto[0]') AS target FROM record
			WHERE kind = 'account' AND instr(fields, '"mergeInto":["') > 0
		) AS found WHERE found.id = account.id AND found.target IS NOT NULL;
		CREATE INDEX account_merge ON account (merge_into) WHERE merge_into <> '';
		`,
	},
	{
		name: 'accounts lie in the order of their addresses',
		sql: `
		-- An address is looked up in one descent, and a list is read as it lies.
		DROP INDEX account_address;
		DROP INDEX account_home;
		DROP INDEX account_unit;
		DROP INDEX account_merge;
		ALTER TABLE account RENAME TO account_by_id;
		CREATE TABLE account (
			id TEXT NOT NULL,
			address TEXT NOT NULL,
			domain TEXT NOT NULL,
			since TEXT NOT NULL,
			name TEXT NOT NULL,
			home TEXT NOT NULL,
			epoch INTEGER NOT NULL,
			disabled INTEGER NOT NULL,
			password_hash TEXT NOT NULL,
			created INTEGER NOT NULL,
			unit TEXT NOT NULL,
			merge_into TEXT NOT NULL,
			PRIMARY KEY (address, id)
		) WITHOUT ROWID;
		INSERT INTO account SELECT * FROM account_by_id ORDER BY address, id;
		DROP TABLE account_by_id;
		CREATE UNIQUE INDEX account_id ON account (id);
		CREATE INDEX account_home ON account (home, address, id);
		CREATE INDEX account_unit ON account (unit, address, id) WHERE unit <> '';
		CREATE INDEX account_merge ON account (merge_into) WHERE merge_into <> '';
		`,
	},
]
