import { chmodSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type Office, problemOf, ROOT, sayAt, type VerbName, verbs } from '../admin/index.ts'
import { socketOf } from './speak.ts'

/*
 * The command line reaches the node through a socket in its data directory: whoever may open that directory may
 * administer the node. One request, one verb: POST /<verb> with its input as JSON; ?at=<node> has
 * another node do it.
 */

// How long a verb may take to end when the node stops.
const GRACE_MS = 1_000

export async function openControl(data: string, office: Office): Promise<Server> {
	const path = socketOf(data)
	rmSync(path, { force: true }) // a node that was killed left it behind: this process has the lock
	const server = createServer((req, res) => {
		const chunks: Buffer[] = []
		req.on('data', chunk => chunks.push(chunk))
		req.on('end', async () => {
			const { status, body } = await answer(office, (req.url ?? '/').slice(1), Buffer.concat(chunks))
			res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
		})
	})
	await new Promise<void>((resolve, reject) => {
		server.once('error', reject)
		server.listen(path, resolve)
	})
	chmodSync(path, 0o600)
	return server
}

export function closeControl(server: Server): Promise<void> {
	return new Promise(resolve => {
		server.close(() => resolve())
		setTimeout(() => server.closeAllConnections(), GRACE_MS).unref()
	})
}

async function answer(
	office: Office,
	path: string,
	body: Buffer,
): Promise<{ status: number; body: unknown }> {
	try {
		const [verb = '', query] = path.split('?')
		const name = decodeURIComponent(verb)
		const at = new URLSearchParams(query).get('at')
		if (!Object.hasOwn(verbs, name)) return { status: 404, body: { error: `there is no verb "${name}"` } }
		const input: unknown = JSON.parse(body.toString('utf8') || '{}')
		const said = await sayAt(office, ROOT, at ?? office.self, name as VerbName, input)
		return { status: 200, body: said ?? null }
	} catch (error) {
		const problem = problemOf(error)
		if (problem) return { status: problem.status, body: { error: problem.detail } }
		office.log.error({ err: error, verb: path }, 'verb failed')
		return {
			status: 500,
			body: { error: `this failed inside the node (${(error as Error).message}); its log says more` },
		}
	}
}
