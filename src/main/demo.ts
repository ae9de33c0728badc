import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createTransport } from 'nodemailer'
import { Usage } from './command-line.ts'
import { letters, places } from './demo-letters.ts'
import { table } from './print.ts'
import { sayTo } from './speak.ts'

const PORTS = {
	smtp: 2525,
	submission: 2587,
	submissions: 2465,
	imap: 2143,
	imaps: 2993,
	pop3: 2110,
	pop3s: 2995,
	web: 2443,
	cluster: 7422,
}
const DOMAIN = 'example.com'
const ADMIN = `admin@${DOMAIN}`
const PASSWORD = 'panpipe-demo'

type Running = { ip: string; data: string; place: (typeof places)[number]; child: ChildProcess }

/** Several nodes on this machine, one domain, users and mail between them; runs until it is interrupted. */
export async function demo(args: string[]): Promise<number> {
	const { count, folder } = readFlags(args)
	const packages = spawnSync(
		'sh',
		[join(import.meta.dirname, '../../setup/packages.sh'), 'nats-server=nats-server'],
		{
			stdio: ['ignore', 'inherit', 'inherit'],
		},
	)
	if (packages.status !== 0) return 1

	const base = folder ?? mkdtempSync(join(tmpdir(), 'panpipe-demo-'))
	const nodes: Running[] = []
	let ending = false
	const interrupted = new Promise<'interrupted'>(resolve => {
		for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve('interrupted'))
	})
	const end = async () => {
		ending = true
		await Promise.all(nodes.map(({ child }) => endOf(child)))
		if (!folder) rmSync(base, { recursive: true, force: true })
	}
	try {
		const story = async () => {
			say(`starting ${count} nodes ...`)
			for (let i = 0; i < count; i++) nodes.push(startNode(base, i))
			await Promise.all(nodes.map(node => isUp(node)))
			for (const { child } of nodes) {
				child.once(
					'exit',
					code => ending || say(`a node ended by itself (status ${code}); its log is in ${base}`),
				)
			}
			await furnish(nodes)
			await appoint(nodes)
			await joinAll(nodes)
			await send(nodes)
			await show(nodes, base)
		}
		if ((await Promise.race([story(), interrupted])) === 'interrupted') return 130
		await interrupted
		say('ending ...')
		return 0
	} finally {
		await end()
	}
}

function readFlags(args: string[]): { count: number; folder: string | null } {
	let count = 3
	let folder: string | null = null
	for (let i = 0; i < args.length; i++) {
		const [name, inline] = args[i]!.split('=', 2) as [string, string | undefined]
		const value = inline ?? args[++i]
		if (name === '--nodes' && value && /^\d+$/.test(value)) count = Number(value)
		else if (name === '--data' && value) folder = resolve(value)
		else throw new Usage('demo [--nodes 1…6] [--data DIR]')
	}
	if (count < 1 || count > places.length) throw new Usage(`the demo runs 1 to ${places.length} nodes`)
	return { count, folder }
}

function say(text: string): void {
	process.stdout.write(`${text}\n`)
}

function startNode(base: string, index: number): Running {
	const ip = `127.0.0.${11 + index}`
	const place = places[index]!
	const data = join(base, place.short)
	mkdirSync(data, { recursive: true, mode: 0o700 })
	const ports = Object.entries(PORTS).map(([name, port]) => `${name} = ${port}`)
	writeFileSync(
		join(data, 'panpipe.toml'),
		`hostname = "mail-${place.short}.${DOMAIN}"\ndata = ${JSON.stringify(data)}\nlisten = "${ip}"\n[ports]\n${ports.join('\n')}\n`,
	)
	const cli = join(import.meta.dirname, 'cli.ts')
	const child = spawn(process.execPath, [...process.execArgv, cli, 'serve', '--data', data], {
		stdio: ['ignore', 'ignore', 'pipe'],
		detached: true, // Ctrl-C in the terminal is ours to pass on, in good order
	})
	const log: Buffer[] = []
	child.stderr!.on('data', chunk => {
		log.push(chunk)
		if (log.length > 200) log.shift()
	})
	child.once('exit', code => {
		if (code) writeFileSync(join(data, 'last-words.log'), Buffer.concat(log))
	})
	return { ip, data, place, child }
}

async function isUp({ data, child, ip }: Running): Promise<void> {
	for (let tries = 0; tries < 300; tries++) {
		if (child.exitCode !== null)
			throw new Error(`the node ${ip} did not start; see ${join(data, 'last-words.log')}`)
		try {
			await sayTo(data, 'status', {})
			return
		} catch {
			await new Promise(resolve => setTimeout(resolve, 100))
		}
	}
	throw new Error(`the node ${ip} does not answer`)
}

/** What is there already (with --data, from the last time) is left as it is. */
async function unlessThere(data: string, verb: string, input: unknown): Promise<void> {
	await sayTo(data, verb, input).catch(error => {
		if (!/already|exists/.test(error.message)) throw error
	})
}

async function furnish(nodes: Running[]): Promise<void> {
	for (const { data, place } of nodes) {
		await unlessThere(data, 'domain add', { domain: DOMAIN })
		for (const user of place.users) {
			await unlessThere(data, 'account add', {
				address: `${user.local}@${DOMAIN}`,
				name: user.name,
				password: PASSWORD,
			})
		}
	}
}

/** Whoever joins it gets its administrator too. */
async function appoint([first]: Running[]): Promise<void> {
	await unlessThere(first!.data, 'setup', { domain: DOMAIN, admin: ADMIN, password: PASSWORD })
}

async function joinAll([first, ...others]: Running[]): Promise<void> {
	const known = (await sayTo(first!.data, 'node list', {})) as unknown[]
	if (known.length > 1) return
	for (const other of others) {
		say(`joining ${other.ip} (${other.place.name}) ...`)
		const { code } = (await sayTo(other.data, 'node code', {})) as { code: string }
		await sayTo(first!.data, 'node add', { ip: other.ip, webPort: PORTS.web, code })
	}
	for (const { ip, place } of [first!, ...others]) {
		const { name: description, site } = place
		await sayTo(first!.data, 'node edit', { node: ip, description, site }).catch(() => {})
	}
}

async function send(nodes: Running[]): Promise<void> {
	const addressOf = (local: string) => `${local}@${DOMAIN}`
	const there = nodes.flatMap(({ ip, place }) => place.users.map(user => ({ ...user, ip })))
	for (const letter of letters) {
		const from = there.find(user => user.local === letter.from)
		const to = letter.to
			.map(local => there.find(user => user.local === local))
			.filter(user => user !== undefined)
		if (!from || to.length === 0) continue
		const transport = createTransport({
			host: from.ip,
			port: PORTS.submissions,
			secure: true,
			tls: { rejectUnauthorized: false },
			auth: { user: addressOf(from.local), pass: PASSWORD },
		})
		await transport.sendMail({
			from: { name: from.name, address: addressOf(from.local) },
			to: to.map(user => ({ name: user.name, address: addressOf(user.local) })),
			subject: letter.subject,
			text: letter.text,
			...(letter.html ? { html: letter.html } : {}),
			...(letter.attachment ? { attachments: [letter.attachment] } : {}),
		})
		transport.close()
	}
}

async function show(nodes: Running[], base: string): Promise<void> {
	const first = nodes[0]!
	const list = (await sayTo(first.data, 'node list', {})) as { ip: string; state: string }[]
	const states = new Map(list.map(node => [node.ip, node.state]))
	const rows = nodes.flatMap(({ ip, place }) =>
		place.users.map((user, index) => ({
			node: index === 0 ? `${ip} ${place.name}` : '',
			state: index === 0 ? (states.get(ip) ?? 'up') : '',
			user: `${user.local}@${DOMAIN}`,
			name: user.name,
			password: PASSWORD,
		})),
	)
	say(`\n${table(rows)}\n`)
	say(table(Object.entries(PORTS).map(([service, port]) => ({ service, port }))))
	say(`
Every user can sign in at every node; mail for all of them is taken everywhere.
每位用户都可以在任一节点登录；每个节点都接收所有用户的邮件。

  pages   https://${first.ip}:${PORTS.web}/mail/   https://${first.ip}:${PORTS.web}/admin/ (${ADMIN}, ${PASSWORD})
  read    curl --ssl-reqd -k --user ${nodes.at(-1)!.place.users[0]!.local}@${DOMAIN}:${PASSWORD} 'imap://${first.ip}:${PORTS.imap}/INBOX;UID=1'
  nodes   ./panpipe node list --data ${first.data}
  table   ./panpipe forwards --data ${first.data}
  data    ${base}

Ctrl-C ends all nodes.`)
}

async function endOf(child: ChildProcess): Promise<void> {
	if (child.exitCode !== null || child.signalCode !== null) return
	const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))
	child.kill('SIGTERM')
	const force = setTimeout(() => child.kill('SIGKILL'), 15_000)
	await ended
	clearTimeout(force)
}
