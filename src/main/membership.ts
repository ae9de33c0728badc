import { request } from 'node:http'
import type { TLSSocket } from 'node:tls'
import type { Office } from '../admin/index.ts'

const ASK_EVERY = 20_000

/**
 * A node that was taken out while it was away hears nothing from the others any more. So it asks their web ports now
 * and then, and at once when it starts: am I still one of you? Returns the function that ends it.
 */
export function watchMembership(office: Office): () => void {
	const ask = async () => {
		for (const peer of office.cluster.links.peers()) {
			const member = await askPeer(office, peer.id).catch(() => null)
			if (member === false) return office.leaveCluster()
			if (member === true) return
		}
	}
	const go = () => void ask().catch(error => office.log.error({ err: error }, 'asking for membership'))
	const timer = setInterval(go, ASK_EVERY)
	timer.unref()
	go()
	return () => clearInterval(timer)
}

async function askPeer({ cluster }: Office, node: string): Promise<boolean> {
	const socket = await cluster.links.connect(node, 'http/1.1', 5000)
	return new Promise((resolve, reject) => {
		const req = request({
			createConnection: () => socket,
			path: '/cluster/membership',
			headers: { host: node },
		})
		req.setTimeout(5000, () => req.destroy(new Error('no answer')))
		req.on('error', reject)
		req.on('response', res => {
			let text = ''
			res.on('error', reject)
			res.setEncoding('utf8')
			res.on('data', chunk => {
				text += chunk
			})
			res.on('end', () => {
				socket.destroy()
				try {
					resolve(JSON.parse(text).member !== false)
				} catch (error) {
					reject(error)
				}
			})
		})
		req.end()
	})
}

/** The answer: false for a node whose certificate our cluster signed and which the directory says was removed. */
export function membershipOf({ cluster, directory }: Office, socket: TLSSocket): boolean | null {
	if (cluster.webTls.nodeOf(socket)) return true
	if (!socket.authorized) return null
	const id = /(?:^|\n)CN=([0-9a-z]+)/.exec(socket.getPeerX509Certificate()?.subject ?? '')?.[1]
	return directory.nodeRecords().some(node => node.id === id && node.removed) ? false : null
}
