import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PORTS, until } from './nodes.ts'

/** A certificate authority of our own (Let's Encrypt's pebble), which looks at the ports of test nodes. */
export class Authority {
	/** Whoever wants to talk to it must trust this (PEM file): NODE_EXTRA_CA_CERTS. */
	readonly trust: string
	readonly directory: string
	#ip: string
	#dns: string
	#folder = mkdtempSync(join(tmpdir(), 'panpipe-authority-'))
	#child: ChildProcess | null = null

	/** @param dns `address:port` of the name server it asks */
	constructor(ip: string, dns: string) {
		this.#ip = ip
		this.#dns = dns
		this.trust = join(this.#folder, 'tls.crt')
		this.directory = `https://${ip}:14000/dir`
		execFileSync(
			'openssl',
			[
				...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '3'],
				...['-keyout', join(this.#folder, 'tls.key'), '-out', this.trust, '-subj', '/CN=authority'],
				...['-addext', `subjectAltName=IP:${ip}`],
			],
			{ stdio: 'ignore' },
		)
	}

	async start(): Promise<this> {
		const config = join(this.#folder, 'pebble.json')
		const pebble = {
			listenAddress: `${this.#ip}:14000`,
			managementListenAddress: `${this.#ip}:15000`,
			certificate: this.trust,
			privateKey: join(this.#folder, 'tls.key'),
			httpPort: PORTS.http,
			tlsPort: PORTS.web,
		}
		writeFileSync(config, JSON.stringify({ pebble }))
		this.#child = spawn('pebble', ['-config', config, '-dnsserver', this.#dns], {
			env: { ...process.env, PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '0' },
			stdio: 'ignore',
		})
		await until('the authority answers', 20_000, () => this.#answers())
		return this
	}

	#answers(): Promise<boolean> {
		return new Promise(resolve => {
			get(this.directory, { rejectUnauthorized: false }, response => {
				response.resume()
				resolve(response.statusCode === 200)
			}).on('error', () => resolve(false))
		})
	}

	async stop(): Promise<void> {
		const child = this.#child
		if (child && child.exitCode === null) {
			const ended = new Promise(resolve => child.once('exit', resolve))
			child.kill()
			await ended
		}
		rmSync(this.#folder, { recursive: true, force: true })
	}
}
