/**
 * What Panpipe is compared with: Postfix → Dovecot (LMTP, sdbox), both from the system's packages, both private:
 * own configuration, queue and mail in one temporary directory. Settings are the defaults, fsync included;
 * only what would ask the DNS or the system's users is turned off, and the limits on clients from one address.
 */
import { execFileSync, spawn } from 'node:child_process'
import {
	chmodSync,
	chownSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ImapClient } from './imap-client.ts'
import { end } from './processes.ts'

export type Reference = {
	host: string
	smtp: number
	imap: number
	pop3: number
	password: string
	/** Process ids whose families are the two servers. */
	postfix: number
	dovecot: number
	/** `Postfix 3.7.11, Dovecot 2.3.19.1` */
	versions: string
	stop(): Promise<void>
}

const HOST = '127.88.0.1'
const PORTS = { smtp: 18025, imap: 18143, pop3: 18110 }
const PASSWORD = 'bench-password'
const SBIN = '/usr/sbin'
/** Whose mail is as durable as Dovecot can make it. */
export const DURABLE = 'durable@test.com'

/** @param root a directory on a real disk, traversable by everybody; what we make in it we remove. */
export async function startReference(root: string): Promise<Reference> {
	const dir = mkdtempSync(join(root, 'ref-'))
	chmodSync(dir, 0o755)
	const stops: (() => Promise<void>)[] = []
	const stop = async () => {
		for (const each of stops.splice(0).reverse()) await each()
		rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
	}
	try {
		const dovecot = await startDovecot(dir)
		stops.push(() => end(dovecot))
		const postfix = await startPostfix(dir)
		stops.push(() => end(postfix))
		return { host: HOST, ...PORTS, password: PASSWORD, postfix, dovecot, versions: versions(), stop }
	} catch (error) {
		for (const log of ['dovecot.log', 'postfix.log']) {
			if (existsSync(join(dir, log))) process.stderr.write(readFileSync(join(dir, log)))
		}
		await stop()
		throw error
	}
}

async function startDovecot(dir: string): Promise<number> {
	const nobody = idOf('nobody', 2)
	const group = idOf('nobody', 3)
	mkdirSync(join(dir, 'mail'))
	chownSync(join(dir, 'mail'), nobody, group)
	// By default Dovecot leaves some of its fsyncs to the system; for this one person it does them all.
	writeFileSync(
		join(dir, 'durable'),
		`${DURABLE}::${nobody}:${group}::${dir}/mail/${DURABLE}::userdb_mail_fsync=always\n`,
	)
	const config = join(dir, 'dovecot.conf')
	writeFileSync(
		config,
		`base_dir = ${dir}/run
state_dir = ${dir}/state
log_path = ${dir}/dovecot.log
instance_name = panpipe-bench
protocols = imap pop3 lmtp
listen = ${HOST}
ssl = no
disable_plaintext_auth = no
mail_location = sdbox:${dir}/mail/%u
first_valid_uid = 1
mail_max_userip_connections = 10000
default_client_limit = 10000
passdb {
  driver = static
  args = password=${PASSWORD}
}
userdb {
  driver = passwd-file
  args = ${dir}/durable
}
userdb {
  driver = static
  args = uid=${nobody} gid=${group} home=${dir}/mail/%u allow_all_users=yes
}
namespace inbox {
  inbox = yes
}
service lmtp {
  unix_listener lmtp {
    mode = 0666
  }
}
service imap {
  process_limit = 4096
}
service imap-login {
  process_limit = 1000
  inet_listener imap {
    port = ${PORTS.imap}
  }
  inet_listener imaps {
    port = 0
  }
}
service pop3-login {
  inet_listener pop3 {
    port = ${PORTS.pop3}
  }
  inet_listener pop3s {
    port = 0
  }
}
protocol lmtp {
  postmaster_address = postmaster@test.com
}
`,
	)
	const child = spawn(`${SBIN}/dovecot`, ['-F', '-c', config], { stdio: ['ignore', 'ignore', 'inherit'] })
	await answering('Dovecot', async () => {
		if (child.exitCode !== null) throw new Error(`Dovecot ended with status ${child.exitCode}`)
		const client = await ImapClient.signIn(HOST, PORTS.imap, 'user@test.com', PASSWORD)
		client.close()
	})
	return child.pid!
}

async function startPostfix(dir: string): Promise<number> {
	const config = join(dir, 'postfix')
	mkdirSync(config)
	mkdirSync(join(dir, 'queue'))
	mkdirSync(join(dir, 'data'))
	chownSync(join(dir, 'data'), idOf('postfix', 2), idOf('postfix', 3))
	writeFileSync(
		join(config, 'main.cf'),
		`compatibility_level = 3.6
queue_directory = ${dir}/queue
data_directory = ${dir}/data
maillog_file = ${dir}/postfix.log
maillog_file_prefixes = ${dir}
command_directory = ${SBIN}
myhostname = reference.test
mydomain = reference.test
myorigin = reference.test
mydestination =
alias_maps =
alias_database =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
disable_dns_lookups = yes
smtpd_peername_lookup = no
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_client_connection_count_limit = 0
virtual_mailbox_domains = test.com
virtual_mailbox_maps = static:user
virtual_transport = lmtp:unix:${dir}/run/lmtp
`,
	)
	writeFileSync(
		join(config, 'master.cf'),
		`${HOST}:${PORTS.smtp} inet n - n - - smtpd
pickup    unix  n - n 60    1 pickup
cleanup   unix  n - n -     0 cleanup
qmgr      unix  n - n 300   1 qmgr
rewrite   unix  - - n -     - trivial-rewrite
bounce    unix  - - n -     0 bounce
defer     unix  - - n -     0 bounce
trace     unix  - - n -     0 bounce
verify    unix  - - n -     1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n -     - proxymap
smtp      unix  - - n -     - smtp
lmtp      unix  - - n -     - lmtp
error     unix  - - n -     - error
retry     unix  - - n -     - error
discard   unix  - - n -     - discard
virtual   unix  - n n -     - virtual
anvil     unix  - - n -     1 anvil
scache    unix  - - n -     1 scache
postlog   unix-dgram n - n - 1 postlogd
`,
	)
	execFileSync(`${SBIN}/postfix`, ['-c', config, 'start'], { stdio: ['ignore', 'ignore', 'pipe'] })
	const pidFile = join(dir, 'queue/pid/master.pid')
	await answering('Postfix', async () => {
		if (readFileSync(pidFile, 'latin1').trim() === '') throw new Error('no master yet')
	})
	return Number(readFileSync(pidFile, 'latin1'))
}

async function answering(name: string, ask: () => Promise<void>): Promise<void> {
	for (let attempt = 0; ; attempt++) {
		try {
			return await ask()
		} catch (error) {
			if (attempt === 100) throw new Error(`${name} does not answer`, { cause: error })
			await sleep(100)
		}
	}
}

/** Field 2 (uid) or 3 (gid) of the user in /etc/passwd. */
function idOf(user: string, field: 2 | 3): number {
	const line = readFileSync('/etc/passwd', 'latin1')
		.split('\n')
		.find(each => each.startsWith(`${user}:`))
	if (!line) throw new Error(`there is no user ${user}`)
	return Number(line.split(':')[field])
}

function versions(): string {
	const postfix = execFileSync(`${SBIN}/postconf`, ['-d', '-h', 'mail_version']).toString()
	const dovecot = execFileSync(`${SBIN}/dovecot`, ['--version']).toString().split(' ')[0]!
	return `Postfix ${postfix.trim()}, Dovecot ${dovecot.trim()}`
}
