import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import { serveLetter } from './letter.ts'

/** Where `setup/web.sh` puts the built pages. */
const BUILT = resolve(import.meta.dirname, '../../../web/dist')
/** Under which path which page is served. */
const PAGES = { '/admin': 'admin', '/mail': 'webmail' }

// Names under assets/ carry the hash of what is in them: they never change.
const FOREVER_MS = 365 * 86_400_000

/** Scripts and styles are only what we built, nothing is written into the page, nobody puts it into a frame. */
const POLICY = [
	"default-src 'none'",
	"script-src 'self'",
	"style-src 'self'",
	"img-src 'self' data: blob:",
	"font-src 'self'",
	"connect-src 'self'",
	"manifest-src 'self'",
	"worker-src 'self'",
	"base-uri 'none'",
	"form-action 'self'",
	// blob: a PDF, in the viewer of the browser.
	"frame-src 'self' blob:",
	"frame-ancestors 'none'",
].join('; ')

const HEADERS = {
	'content-security-policy': POLICY,
	'x-content-type-options': 'nosniff',
	'referrer-policy': 'no-referrer',
	'cross-origin-opener-policy': 'same-origin',
	'cross-origin-resource-policy': 'same-origin',
	'permissions-policy': 'camera=(), microphone=(), geolocation=()',
}

const NOT_BUILT = `排箫的网页尚未构建。请在安装目录中执行 sh setup/web.sh，然后刷新本页。

The web pages of Panpipe have not been built yet. Run "sh setup/web.sh" where Panpipe is installed, then reload.
`

/** The pages for people: the webmail and the administration, as files; what they know they ask of the API. */
export async function servePages(app: FastifyInstance): Promise<void> {
	serveLetter(app)
	app.get('/', (_request, reply) => reply.redirect('/mail/'))
	await app.register(async assets => {
		await assets.register(fastifyStatic, {
			root: join(BUILT, 'assets'),
			prefix: '/assets/',
			preCompressed: true,
			index: false,
			immutable: true,
			maxAge: FOREVER_MS,
			setHeaders: reply => {
				reply.header('x-content-type-options', 'nosniff')
				reply.header('cross-origin-resource-policy', 'same-origin')
			},
		})
	})
	for (const [path, name] of Object.entries(PAGES)) {
		app.get(path, (_request, reply) => reply.redirect(`${path}/`))
		await app.register(servePage, { prefix: path, name })
	}
}

async function servePage(page: FastifyInstance, { name }: { name: string }): Promise<void> {
	const root = join(BUILT, name)
	page.addHook('onSend', async (_request, reply) => {
		reply.headers(HEADERS)
	})
	await page.register(fastifyStatic, { root, serve: false, preCompressed: true, cacheControl: false })
	// Its ways are its own: every path without a file of that name shows the page, which finds the place itself.
	page.get<{ Params: { '*': string } }>('/*', (request, reply) => {
		if (!existsSync(join(root, 'index.html'))) {
			return reply.code(503).header('retry-after', '30').type('text/plain; charset=utf-8').send(NOT_BUILT)
		}
		const file = /^[\w.-]+\.\w+$/.test(request.params['*']) ? request.params['*'] : 'index.html'
		return reply.header('cache-control', 'no-cache').sendFile(file)
	})
}
