// mx-connect brings no types; what relay.ts uses of it.
declare module 'mx-connect' {
	import type { Socket } from 'node:net'

	export default function mxConnect(options: {
		target: string
		port?: number
		maxConnectTime?: number
		localHostname?: string
		/** Addresses that are not tried. */
		ignoreMXHosts?: string[]
		dnsOptions?: { resolveRecords?: (domain: string, type: string) => Promise<unknown> }
	}): Promise<{ socket: Socket; hostname: string; host: string; port: number }>
}
