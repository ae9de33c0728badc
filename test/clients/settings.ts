import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PORTS } from '../support/nodes.ts'
import { run } from '../support/program.ts'

type Place = { ip: string; certificate: string; user: string; tls: 'starttls' | 'implicit' }

/** For mbsync: one mailbox to a Maildir of the same name under `maildir`, changes both ways. */
export function mbsyncrc({ ip, certificate, user, tls }: Place, mailbox: string, maildir: string): string {
	return `IMAPAccount account
Host ${ip}
Port ${tls === 'implicit' ? PORTS.imaps : PORTS.imap}
User ${user}
Pass secret
SSLType ${tls === 'implicit' ? 'IMAPS' : 'STARTTLS'}
CertificateFile ${certificate}

IMAPStore far
Account account

MaildirStore near
Path ${maildir}/
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns ${mailbox}
Create Near
Expunge Both
SyncState *
`
}

/** For neomutt: sends by submission, reads `mailbox`; certificates it does not know are refused. */
export function muttrc({ ip, certificate, user, tls }: Place, mailbox: string): string {
	const [smtp, imap] =
		tls === 'implicit'
			? [`smtps://${user}@${ip}:${PORTS.submissions}/`, `imaps://${ip}:${PORTS.imaps}/`]
			: [`smtp://${user}@${ip}:${PORTS.submission}/`, `imap://${ip}:${PORTS.imap}/`]
	return `set from='${user}' realname='爱丽丝' use_from=yes copy=no record=''
set smtp_url='${smtp}' smtp_pass=secret
set imap_user='${user}' imap_pass=secret
set folder='${imap}' spool_file='+${mailbox}' mail_check=60
set ssl_starttls=yes ssl_force_tls=yes ssl_verify_host=no certificate_file='${certificate}'
set header_cache='' message_cachedir='' sort=mailbox-order
set quit=yes delete=yes resolve=no confirm_append=no confirm_create=no wait_key=no beep=no sleep_time=0 timeout=5
set pipe_split=yes pipe_decode=no pipe_sep=''
set charset=utf-8 send_charset=utf-8 config_charset=utf-8
`
}

/** Presses these keys in neomutt on a terminal of its own. It must end by them. */
export async function neomutt(folder: string, settings: string, keys: string): Promise<void> {
	const words = `neomutt -n -F '${settings}' -e 'push "${keys}"'`
	await run(folder, ['script', '-qec', words, '/dev/null'])
}

/** A program that puts what it is given into a new file of `to`. */
export function keeper(folder: string, to: string): string {
	mkdirSync(to)
	const file = join(folder, 'keep.sh')
	writeFileSync(file, `#!/bin/sh\nexec cat >"$(mktemp '${to}/XXXXXXXX')"\n`)
	chmodSync(file, 0o755)
	return file
}
