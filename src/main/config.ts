import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parse } from 'smol-toml'
import { z } from 'zod'

const port = z.number().int().min(0).max(65535)

const schema = z.strictObject({
	/** Default: the machine's name; one without a domain gets a part of the node's id, since two nodes may not share a name. */
	hostname: z.string().min(1).optional(),
	data: z.string().min(1).default('/var/lib/panpipe'),
	listen: z.string().default('0.0.0.0'),
	/** The address other nodes reach us by, when it is not `listen` (behind a firewall). */
	advertise: z.string().optional(),
	ports: z
		.strictObject({
			smtp: port.default(25),
			submission: port.default(587),
			submissions: port.default(465),
			imap: port.default(143),
			imaps: port.default(993),
			pop3: port.default(110),
			pop3s: port.default(995),
			web: port.default(443),
			/** Without TLS: for certificate authorities (HTTP-01), and to send browsers to the web port. */
			http: port.default(0),
			cluster: port.default(7422),
		})
		.prefault({}),
	dns: z.strictObject({ servers: z.array(z.string()).default([]) }).prefault({}),
	tls: z.strictObject({ certificate: z.string().optional(), key: z.string().optional() }).prefault({}),
	limits: z
		.strictObject({
			connectionsPerAddress: z.number().int().positive().default(100),
			authFailuresPerAddress: z.number().int().positive().default(20),
			countLoopback: z.boolean().default(false),
			idleSeconds: z.number().positive().default(1800),
			maxMessageSize: z
				.number()
				.int()
				.positive()
				.default(50 * 1024 * 1024),
			maxRecipients: z.number().int().positive().default(1000),
			messagesPerCommand: z.number().int().min(1000).default(1_000_000),
			pushToPrivate: z.boolean().default(false),
			queueLifetimeHours: z.number().positive().default(120),
			delayReportHours: z.number().positive().default(4),
			maxHoldDays: z.number().positive().max(3650).default(30),
		})
		.prefault({}),
	relay: z.strictObject({ port: port.default(25) }).prefault({}),
	log: z
		.strictObject({ level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info') })
		.prefault({}),
	alerts: z
		.strictObject({
			/** Administrators are written to. */
			mail: z.boolean().default(true),
			everySeconds: z.number().positive().default(15),
			/** A trouble that lasts so long is an alert. */
			graceSeconds: z.number().min(0).default(60),
			diskFreeMiB: z.number().min(0).default(1024),
			queueLength: z.number().int().positive().default(100),
		})
		.prefault({}),
	metrics: z.strictObject({ anyone: z.boolean().default(false) }).prefault({}),
})

export type Config = z.infer<typeof schema>

/** A setting nobody can work with; the message says which and what is wrong. */
export class ConfigError extends Error {}

/**
 * Reads the file that is named, else `panpipe.toml` in the data directory that is named, else that in `/etc`, and lays flags over it.
 * @param flags dotted names to text: `listen`, `ports.smtp`; a bare port name (`smtp`) means `ports.smtp`
 */
export function loadConfig(file: string | undefined, flags: Record<string, string>): Config {
	const found = file ?? (flags.data ? join(flags.data, 'panpipe.toml') : '/etc/panpipe.toml')
	if (file && !existsSync(file)) throw new ConfigError(`there is no configuration file ${file}`)
	let raw: Record<string, unknown> = {}
	if (existsSync(found)) {
		try {
			raw = parse(readFileSync(found, 'utf8')) as Record<string, unknown>
		} catch (error) {
			throw new ConfigError(`${found}: ${(error as Error).message}`)
		}
	}
	for (const [name, text] of Object.entries(flags)) lay(raw, name, text)
	const checked = schema.safeParse(raw)
	if (!checked.success) {
		const said = checked.error.issues.map(issue => `${issue.path.join('.') || 'the file'}: ${issue.message}`)
		throw new ConfigError(`the configuration cannot be used: ${said.join('; ')}`)
	}
	return { ...checked.data, data: resolve(checked.data.data) }
}

/** Names that flags may have. */
export function flagNames(): string[] {
	const names: string[] = []
	for (const [name, inner] of Object.entries(schema.shape)) {
		const shape = innerShape(inner)
		if (!shape) names.push(name)
		else
			for (const key of Object.keys(shape)) names.push(`${name}.${key}`, ...(name === 'ports' ? [key] : []))
	}
	return names
}

function innerShape(type: unknown): Record<string, unknown> | null {
	const unwrapped = type instanceof z.ZodPrefault ? type.unwrap() : type
	return unwrapped instanceof z.ZodObject ? unwrapped.shape : null
}

function lay(raw: Record<string, unknown>, name: string, text: string): void {
	const bare = !name.includes('.') && innerShape(schema.shape.ports)?.[name] !== undefined
	const path = (bare ? `ports.${name}` : name).split('.')
	let at = raw
	for (const key of path.slice(0, -1)) at = (at[key] ??= {}) as Record<string, unknown>
	at[path.at(-1)!] = asValue(text, path)
}

function asValue(text: string, path: string[]): unknown {
	if (path[0] === 'dns') return text === '' ? [] : text.split(',')
	if (path[0] === 'ports' || path[0] === 'limits' || path[0] === 'relay') {
		if (/^\d+$/.test(text)) return Number(text)
	}
	if (text === 'true' || text === 'false') return text === 'true'
	return text
}

/** The certificate an administrator named, for people's programs; nodes know each other by their own. */
export function certificateFiles({ tls }: Config): { certificate: string; key: string } | null {
	const { certificate, key } = tls
	if (!certificate && !key) return null
	if (!certificate || !key) throw new ConfigError('[tls] wants both certificate and key')
	return { certificate, key }
}
