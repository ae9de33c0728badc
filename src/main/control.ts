import { chmodSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { CannotBeDone, type Office, type Verb, verbs } from '../admin/index.ts'
import { JoinFailed } from '../cluster/index.ts'
import { DirectoryError } from '../directory/index.ts'
import { socketOf } from './speak.ts'

/*
 * The command line reaches the node through a socket in its data directory: whoever may open that directory may
 * administer the node. One request, one verb: POST /<verb> with its input as JSON.
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
			const { status, body } = await say(office, (req.url ?? '/').slice(1), Buffer.concat(chunks))
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

async function say(office: Office, path: string, body: Buffer): Promise<{ status: number; body: unknown }> {
	let name = path
	try {
		name = decodeURIComponent(path)
		const verb = Object.hasOwn(verbs, name) ? (verbs as Record<string, Verb>)[name]! : null
		if (!verb) return { status: 404, body: { error: `there is no verb "${name}"` } }
		const input = verb.input.safeParse(JSON.parse(body.toString('utf8') || '{}'))
		if (!input.success) {
			const said = input.error.issues.map(issue => `${issue.path.join('.')}: ${issue.message}`)
			return { status: 400, body: { error: said.join('; ') } }
		}
		return { status: 200, body: (await verb.run(office, input.data as never)) ?? null }
	} catch (error) {
		if (error instanceof CannotBeDone || error instanceof JoinFailed || error instanceof DirectoryError) {
			return { status: 409, body: { error: error.message } }
		}
		office.log.error({ err: error, verb: name }, 'verb failed')
		return {
			status: 500,
			body: { error: `this failed inside the node (${(error as Error).message}); its log says more` },
		}
	}
}
