import { isIP } from 'node:net'
import { join } from 'node:path'

/** What decides how our nats-server is set up. */
export type EngineSettings = {
	self: string
	clusterId: string
	listen: string
	clusterPort: number
	/** The address under which peers dial us; null = `listen`. */
	advertise: string | null
	certificate: string
	key: string
	ca: string
	/** The other members. */
	routes: { ip: string; clusterPort: number }[]
}

/** The largest request or answer, octets; a little more goes over the wire for headers. */
export const MAX_PAYLOAD = 8 * 1024 * 1024

export const USER = 'panpipe'

/** Where everything of the engine lies below its folder. */
export function enginePaths(folder: string) {
	return {
		config: join(folder, 'nats.conf'),
		pid: join(folder, 'nats.pid'),
		certificate: join(folder, 'node.crt'),
		key: join(folder, 'node.key'),
		ca: join(folder, 'ca.crt'),
		jetstream: join(folder, 'jetstream'),
	}
}

function hostPort(host: string, port: number): string {
	return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`
}

/** The configuration file; nats-server reads JSON as well as its own notation. */
export function engineConfig(settings: EngineSettings, folder: string, password: string): string {
	const paths = enginePaths(folder)
	const config = {
		server_name: settings.self,
		// Only this node talks to it: loopback, a port of the system's choice, a password made for this run.
		host: '127.0.0.1',
		port: -1,
		ports_file_dir: folder,
		pid_file: paths.pid,
		// QUIRK: after a reload nats-server 2.9.10 no longer routes what is published in its global account; an
		// account with a name of its own is not touched.
		accounts: { PANPIPE: { jetstream: 'enabled', users: [{ user: USER, password }] } },
		logtime: false,
		max_payload: MAX_PAYLOAD + 65_536,
		// A route that a cut left behind half-open is given up after three silent intervals and dialled anew;
		// else TCP would hold on to it for many minutes. Peers that beat are never silent.
		ping_interval: '2s',
		ping_max: 2,
		server_tags: [`node:${settings.self}`],
		jetstream: { store_dir: paths.jetstream, max_mem: 64 * 1024 ** 2, max_file: 1024 ** 3 },
		cluster: {
			name: `panpipe-${settings.clusterId}`,
			listen: hostPort(settings.listen, settings.clusterPort),
			...(settings.advertise && { advertise: hostPort(settings.advertise, settings.clusterPort) }),
			no_advertise: true, // client addresses: nobody but us has business there
			tls: {
				cert_file: paths.certificate,
				key_file: paths.key,
				ca_file: paths.ca,
				verify: true,
				timeout: 5,
			},
			routes: settings.routes.map(route => `nats-route://${hostPort(route.ip, route.clusterPort)}`).sort(),
		},
	}
	return `${JSON.stringify(config, null, '\t')}\n`
}

/** Whether a running server can take the new settings over by SIGHUP (routes, certificates, advertise). */
export function reloadable(from: EngineSettings, to: EngineSettings): boolean {
	return (
		from.self === to.self &&
		from.clusterId === to.clusterId &&
		from.listen === to.listen &&
		from.clusterPort === to.clusterPort
	)
}
