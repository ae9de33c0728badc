import type { Migration } from '../kit/index.ts'
import { giveThreads } from './give-threads.ts'

/** Forward only; a step that was released is never edited. */
export const migrations: readonly Migration[] = [
	{
		name: 'mail',
		sql: `
		-- Facts about this file: 'node' (whose log this is), 'uidValidity' (the last one given).
		CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

		CREATE TABLE account (
			id TEXT PRIMARY KEY,
			epoch INTEGER NOT NULL
		) WITHOUT ROWID;

		CREATE TABLE mailbox (
			key INTEGER PRIMARY KEY AUTOINCREMENT,
			id TEXT NOT NULL UNIQUE,
			account TEXT NOT NULL REFERENCES account,
			name TEXT NOT NULL,
			role TEXT,
			uid_validity INTEGER NOT NULL,
			uid_next INTEGER NOT NULL DEFAULT 1,
			modseq INTEGER NOT NULL DEFAULT 1,
			messages INTEGER NOT NULL DEFAULT 0,
			unseen INTEGER NOT NULL DEFAULT 0,
			deleted INTEGER NOT NULL DEFAULT 0,
			size INTEGER NOT NULL DEFAULT 0,
			UNIQUE (account, name)
		);

		CREATE TABLE subscription (account TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (account, name)) WITHOUT ROWID;

		-- Narrow, so that a scan over flags touches few pages; what belongs to the body is with the body.
		CREATE TABLE message (
			mailbox INTEGER NOT NULL,
			uid INTEGER NOT NULL,
			modseq INTEGER NOT NULL,
			flags INTEGER NOT NULL,
			keywords TEXT,
			internal_date INTEGER NOT NULL,
			save_date INTEGER NOT NULL,
			size INTEGER NOT NULL,
			blob INTEGER NOT NULL,
			PRIMARY KEY (mailbox, uid)
		) WITHOUT ROWID;
		CREATE INDEX message_modseq ON message (mailbox, modseq);

		CREATE TABLE expunged (
			mailbox INTEGER NOT NULL,
			modseq INTEGER NOT NULL,
			uid INTEGER NOT NULL,
			PRIMARY KEY (mailbox, modseq, uid)
		) WITHOUT ROWID;

		CREATE TABLE blob (
			id INTEGER PRIMARY KEY,
			hash TEXT NOT NULL UNIQUE,
			size INTEGER NOT NULL,
			refs INTEGER NOT NULL,
			file TEXT,
			envelope TEXT NOT NULL,
			structure TEXT NOT NULL,
			preview TEXT NOT NULL
		);
		CREATE TABLE body (blob INTEGER PRIMARY KEY, data BLOB NOT NULL);

		-- Hand-overs already filed: a message whose 250 was lost comes again and is filed once.
		CREATE TABLE filed (once TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
		CREATE INDEX filed_at ON filed (at);

		CREATE TABLE queue_message (
			id TEXT PRIMARY KEY,
			reverse_path TEXT NOT NULL,
			envelope_id TEXT,
			ret TEXT,
			smtputf8 INTEGER NOT NULL,
			blob INTEGER NOT NULL,
			size INTEGER NOT NULL,
			arrived INTEGER NOT NULL,
			expires INTEGER NOT NULL,
			source TEXT NOT NULL
		) WITHOUT ROWID;
		CREATE TABLE queue_recipient (
			key INTEGER PRIMARY KEY AUTOINCREMENT,
			id TEXT NOT NULL,
			recipient TEXT NOT NULL,
			route TEXT NOT NULL,
			original_recipient TEXT,
			notify TEXT,
			attempts INTEGER NOT NULL DEFAULT 0,
			due INTEGER NOT NULL,
			held INTEGER NOT NULL DEFAULT 0,
			last_reply TEXT NOT NULL DEFAULT ''
		);
		CREATE INDEX queue_route ON queue_recipient (route, key);
		CREATE INDEX queue_id ON queue_recipient (id);

		CREATE TABLE log (
			seq INTEGER PRIMARY KEY AUTOINCREMENT,
			account TEXT NOT NULL,
			epoch INTEGER NOT NULL,
			stamp INTEGER NOT NULL,
			op TEXT NOT NULL
		);
		-- How far the log of another node has been replayed here.
		CREATE TABLE replayed (node TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;
		`,
	},
	{
		name: 'the files of bodies are found without reading all bodies',
		sql: 'CREATE INDEX blob_file ON blob (file) WHERE file IS NOT NULL',
	},
	{
		name: 'what a queued message asks for beside being delivered',
		sql: `
		-- RFC 6710, 8689, 2852 (by_mode N, R, NT, RT), 4865.
		ALTER TABLE queue_message ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
		ALTER TABLE queue_message ADD COLUMN require_tls INTEGER NOT NULL DEFAULT 0;
		ALTER TABLE queue_message ADD COLUMN deliver_by INTEGER;
		ALTER TABLE queue_message ADD COLUMN by_mode TEXT;
		ALTER TABLE queue_message ADD COLUMN release INTEGER;
		-- When the sender is to be told that it takes long; null: never, or done.
		ALTER TABLE queue_recipient ADD COLUMN warn INTEGER;
		`,
	},
	{
		name: 'metadata of accounts and mailboxes',
		sql: `
		-- Mailbox is the mailbox's id, '' for what belongs to the account itself.
		CREATE TABLE metadata (
			account TEXT NOT NULL,
			mailbox TEXT NOT NULL,
			entry TEXT NOT NULL,
			value TEXT NOT NULL,
			PRIMARY KEY (account, mailbox, entry)
		) WITHOUT ROWID;
		`,
	},
	{
		name: 'hashes of bodies are put in order later',
		sql: `
		CREATE TABLE blob_anew (
			id INTEGER PRIMARY KEY,
			hash TEXT NOT NULL,
			size INTEGER NOT NULL,
			refs INTEGER NOT NULL,
			file TEXT,
			envelope TEXT NOT NULL,
			structure TEXT NOT NULL,
			preview TEXT NOT NULL
		);
		INSERT INTO blob_anew SELECT id, hash, size, refs, file, envelope, structure, preview FROM blob;
		DROP TABLE blob;
		ALTER TABLE blob_anew RENAME TO blob;
		CREATE INDEX blob_file ON blob (file) WHERE file IS NOT NULL;
		-- See late-index.ts.
		CREATE TABLE body_hash (hash BLOB PRIMARY KEY, blob INTEGER NOT NULL) WITHOUT ROWID;
		CREATE TABLE body_new (blob INTEGER PRIMARY KEY, hash BLOB NOT NULL);
		INSERT INTO body_hash SELECT unhex(hash) AS hash, id FROM blob ORDER BY 1;
		CREATE VIEW body_by_hash AS
			SELECT hash, blob FROM body_hash UNION ALL SELECT hash, blob FROM body_new;
		`,
	},
	{
		name: 'mailboxes that others may use',
		sql: `
		-- RFC 4314. Mailbox is the mailbox's id, identifier an account's id or 'anyone'; the owner is not here.
		CREATE TABLE rights (
			mailbox TEXT NOT NULL,
			identifier TEXT NOT NULL,
			rights TEXT NOT NULL,
			PRIMARY KEY (mailbox, identifier)
		) WITHOUT ROWID;
		CREATE INDEX rights_identifier ON rights (identifier);

		-- What accounts have seen in mailboxes of others.
		CREATE TABLE seen (
			mailbox INTEGER NOT NULL,
			account TEXT NOT NULL,
			uid INTEGER NOT NULL,
			PRIMARY KEY (mailbox, account, uid)
		) WITHOUT ROWID;
		CREATE INDEX seen_uid ON seen (mailbox, uid);
		CREATE INDEX metadata_mailbox ON metadata (mailbox);
		`,
	},
	{
		name: 'what is unseen is found without reading what is seen',
		sql: 'CREATE INDEX message_unseen ON message (mailbox, uid) WHERE flags & 1 = 0',
	},
	{
		name: 'emails, threads and the history of an account',
		sql: `
		-- The history of an account: one number for all that happens to it, and the number of what happened last to its
		-- emails, mailboxes, threads, and when an email came. Of what happened up to 'floor' not all is known any more.
		CREATE TABLE history (
			key INTEGER PRIMARY KEY AUTOINCREMENT,
			account TEXT NOT NULL UNIQUE,
			modseq INTEGER NOT NULL DEFAULT 1,
			floor INTEGER NOT NULL DEFAULT 0,
			email INTEGER NOT NULL DEFAULT 1,
			mailbox INTEGER NOT NULL DEFAULT 1,
			thread INTEGER NOT NULL DEFAULT 1,
			delivery INTEGER NOT NULL DEFAULT 1
		);
		INSERT INTO history (account) SELECT id FROM account;

		-- One body in one account: all copies of it, in whatever mailboxes. 'copies' counts those without \\Deleted.
		CREATE TABLE email (
			key INTEGER PRIMARY KEY AUTOINCREMENT,
			owner INTEGER NOT NULL,
			blob INTEGER NOT NULL,
			thread INTEGER NOT NULL,
			received INTEGER NOT NULL,
			created INTEGER NOT NULL,
			changed INTEGER NOT NULL,
			copies INTEGER NOT NULL
		);
		CREATE UNIQUE INDEX email_blob ON email (owner, blob);
		CREATE INDEX email_changed ON email (owner, changed);
		CREATE INDEX email_thread ON email (owner, thread);
		CREATE INDEX email_copies ON email (owner) WHERE copies > 1;
		-- Message-ID with base subject and owner, hashed: the thread where it was seen. See late-index.ts.
		CREATE TABLE reference (hash INTEGER PRIMARY KEY, thread INTEGER NOT NULL, owner INTEGER NOT NULL);
		CREATE TABLE reference_new (
			place INTEGER PRIMARY KEY,
			hash INTEGER NOT NULL,
			thread INTEGER NOT NULL,
			owner INTEGER NOT NULL
		);

		ALTER TABLE message ADD COLUMN email INTEGER NOT NULL DEFAULT 0;
		ALTER TABLE message ADD COLUMN thread INTEGER NOT NULL DEFAULT 0;
		ALTER TABLE message ADD COLUMN received INTEGER NOT NULL DEFAULT 0;

		ALTER TABLE mailbox ADD COLUMN sort_order INTEGER NOT NULL DEFAULT 0;
		ALTER TABLE mailbox ADD COLUMN emails INTEGER NOT NULL DEFAULT 0;
		ALTER TABLE mailbox ADD COLUMN threads INTEGER NOT NULL DEFAULT 0;
		-- Of the account's history: made; changed; what is in it was changed.
		ALTER TABLE mailbox ADD COLUMN created INTEGER NOT NULL DEFAULT 1;
		ALTER TABLE mailbox ADD COLUMN changed INTEGER NOT NULL DEFAULT 1;
		ALTER TABLE mailbox ADD COLUMN counted INTEGER NOT NULL DEFAULT 1;

		-- What an account has beside mail: identities, submissions, ... as JSON.
		CREATE TABLE object (
			owner INTEGER NOT NULL,
			kind TEXT NOT NULL,
			id TEXT NOT NULL,
			created INTEGER NOT NULL,
			changed INTEGER NOT NULL,
			value TEXT NOT NULL,
			PRIMARY KEY (owner, kind, id)
		) WITHOUT ROWID;
		CREATE INDEX object_changed ON object (owner, kind, changed);
		-- What is no more: emails (by hash), mailboxes, objects.
		CREATE TABLE gone (
			owner INTEGER NOT NULL,
			kind TEXT NOT NULL,
			changed INTEGER NOT NULL,
			id TEXT NOT NULL,
			created INTEGER NOT NULL,
			thread INTEGER,
			at INTEGER NOT NULL,
			PRIMARY KEY (owner, kind, changed, id)
		) WITHOUT ROWID;
		CREATE INDEX gone_id ON gone (owner, kind, id);
		CREATE INDEX gone_at ON gone (at);
		-- Bodies that were uploaded and may become part of a message.
		CREATE TABLE upload (
			owner INTEGER NOT NULL,
			blob INTEGER NOT NULL,
			at INTEGER NOT NULL,
			PRIMARY KEY (owner, blob)
		) WITHOUT ROWID;
		CREATE INDEX upload_at ON upload (at);
		`,
		run: giveThreads,
	},
	{
		name: 'messages are found by email and by time',
		sql: `
		CREATE INDEX message_email ON message (email);
		CREATE INDEX message_received ON message (mailbox, received, email, thread) WHERE flags & 8 = 0;
		`,
	},
	{
		name: 'urgent mail is found wherever it stands in the queue',
		sql: `
		CREATE INDEX queue_urgent ON queue_message (priority, id) WHERE priority > 0;
		CREATE INDEX queue_to ON queue_recipient (recipient, key);
		`,
	},
	{
		name: 'the first unseen message is remembered, not indexed',
		sql: 'DROP INDEX message_unseen',
	},
	{
		name: 'a change of flags is one row, and no index',
		sql: `
		-- 'hidden': it bears \\Deleted. The flags themselves are named by no index, so that one is written only when that
		-- changes. 'changed': of the account's history, when the copy came or its flags changed; an email's own 'changed'
		-- says only what else happened to it.
		ALTER TABLE message ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0;
		ALTER TABLE message ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;
		DROP INDEX message_modseq;
		DROP INDEX message_received;
		UPDATE message SET hidden = flags & 8 <> 0, changed = coalesce((SELECT changed FROM email WHERE key = email), 0);
		CREATE INDEX message_received ON message (mailbox, received, email, thread) WHERE hidden = 0;

		-- 256 uids of a mailbox: the highest modseq among them, and the highest 'changed'. What changed since is looked for
		-- only where something did.
		CREATE TABLE stretch (
			box INTEGER NOT NULL,
			part INTEGER NOT NULL,
			latest INTEGER NOT NULL,
			moment INTEGER NOT NULL,
			PRIMARY KEY (box, part)
		) WITHOUT ROWID;
		INSERT INTO stretch SELECT mailbox, uid >> 8, max(modseq), max(changed) FROM message GROUP BY 1, 2;

		-- Of an email that came and nothing more, its message says so.
		DROP INDEX email_changed;
		CREATE INDEX email_changed ON email (owner, changed) WHERE changed > created;
		`,
	},
	{
		name: 'large mail is found wherever it stands in the queue',
		sql: 'CREATE INDEX queue_large ON queue_message (reverse_path, id) WHERE size > 1048576',
	},
	{
		name: 'the keywords of a mailbox are found',
		sql: 'CREATE INDEX message_keywords ON message (mailbox, keywords) WHERE keywords IS NOT NULL',
	},
]
