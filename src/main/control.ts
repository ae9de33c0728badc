import { chmodSync, existsSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { connect } from 'node:net'
import { CannotBeDone, type Office, type Verb, verbs } from '../admin/index.ts'
import { JoinFailed } from '../cluster/index.ts'
import { DirectoryError } from '../directory/index.ts'
import { socketOf } from './speak.ts'

/*
 * The command line reaches the node through a socket in its data directory: whoever may open that directory may
 * administer the node. One request, one verb: POST /<verb> with its input as JSON.
 */

/** @throws when another process serves this data directory already */
export async function openControl(data: string, office: Office): Promise<Server> {
	const path = socketOf(data)
	if (existsSync(path)) {
		if (await answers(path)) throw new CannotBeDone(`another process serves ${data} already`)
		rmSync(path)
	}
	const server = createServer((req, res) => {
		const chunks: Buffer[] = []
		req.on('data', chunk => chunks.push(chunk))
		req.on('end', async () => {
			const { status, body } = await say(
				office,
				decodeURIComponent((req.url ?? '/').slice(1)),
				Buffer.concat(chunks),
			)
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

async function say(office: Office, name: string, body: Buffer): Promise<{ status: number; body: unknown }> {
	const verb = (verbs as Record<string, Verb>)[name]
	if (!verb) return { status: 404, body: { error: `there is no verb "${name}"` } }
	try {
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

/** Is somebody listening at this socket? A node that was killed leaves the file behind. */
function answers(path: string): Promise<boolean> {
	return new Promise(resolve => {
		const socket = connect(path)
		socket.once('connect', () => {
			socket.destroy()
			resolve(true)
		})
		socket.once('error', () => resolve(false))
	})
}
