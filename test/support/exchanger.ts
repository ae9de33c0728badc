import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls'

/** What a transaction said, commands as they came. */
export type Taken = { mail: string; recipients: string[]; content: string; tls: boolean }

/** Somebody else's mail exchanger: announces what it is told to, takes everything, keeps it in memory. With a `greeting` that is no 220 it hangs up after it. */
export type Exchanger = { taken: Taken[]; connections: number; extensions: string[]; close(): Promise<void> }

export async function exchanger(
	address: string,
	port: number,
	extensions: string[],
	secureContext: SecureContext | null = null,
	greeting = '220 exchanger\r\n',
): Promise<Exchanger> {
	const sockets = new Set<Socket>()
	const server = createServer(socket => {
		sockets.add(socket)
		socket.on('close', () => sockets.delete(socket))
		self.connections++
		if (!greeting.startsWith('220')) return void socket.end(greeting)
		socket.write(greeting)
		talk(socket, self, secureContext, false)
	})
	const self: Exchanger = {
		taken: [],
		connections: 0,
		extensions,
		async close() {
			for (const socket of sockets) socket.destroy()
			await new Promise(resolve => server.close(resolve))
		},
	}
	await new Promise<void>(resolve => server.listen(port, address, resolve))
	return self
}

function talk(socket: Socket, self: Exchanger, secureContext: SecureContext | null, tls: boolean): void {
	let heard = ''
	let one: Taken = { mail: '', recipients: [], content: '', tls }
	let inData = false
	const hear = (chunk: Buffer) => {
		heard += chunk.toString('latin1')
		for (;;) {
			const end = heard.indexOf('\r\n')
			if (end < 0) return
			const line = heard.slice(0, end)
			heard = heard.slice(end + 2)
			if (inData) {
				inData = line !== '.'
				if (inData) one.content += `${line.replace(/^\./, '')}\r\n`
				else {
					self.taken.push(one)
					one = { mail: '', recipients: [], content: '', tls }
					socket.write('250 2.0.0 Ok\r\n')
				}
				continue
			}
			const verb = line.slice(0, 4).toUpperCase()
			if (verb === 'EHLO') {
				const all = ['exchanger', ...self.extensions, ...(secureContext && !tls ? ['STARTTLS'] : [])]
				socket.write(all.map((word, index) => `250${index < all.length - 1 ? '-' : ' '}${word}\r\n`).join(''))
			} else if (verb === 'STAR' && secureContext) {
				socket.off('data', hear)
				socket.write('220 Go on\r\n')
				const secure = new TLSSocket(socket, { isServer: true, secureContext })
				secure.on('error', () => secure.destroy())
				return talk(secure, self, secureContext, true)
			} else if (verb === 'DATA') {
				inData = true
				socket.write('354 Go on\r\n')
			} else if (verb === 'QUIT') {
				socket.end('221 Bye\r\n')
			} else {
				if (verb === 'MAIL') one.mail = line
				if (verb === 'RCPT') one.recipients.push(line)
				if (verb === 'RSET') one = { mail: '', recipients: [], content: '', tls }
				socket.write('250 2.0.0 Ok\r\n')
			}
		}
	}
	socket.on('data', hear)
	socket.on('error', () => socket.destroy())
}

/** A certificate for `name` that vouches for itself. */
export function certificateFor(name: string): { context: SecureContext; pem: string } {
	const folder = mkdtempSync(join(tmpdir(), 'panpipe-test-'))
	const [key, cert] = [join(folder, 'key'), join(folder, 'cert')]
	const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
	const who = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`]
	execFileSync('openssl', ['req', '-x509', ...curve, ...who, '-keyout', key, '-out', cert, '-days', '2'], {
		stdio: 'ignore',
	})
	const pem = readFileSync(cert, 'utf8')
	const context = createSecureContext({ key: readFileSync(key), cert: pem })
	rmSync(folder, { recursive: true })
	return { context, pem }
}
