/**
 * The service worker of the webmail: it keeps the page's own files, so that the page opens without a line. Mail and
 * answers of the API are never kept: they don't even come this way. A new version waits until no window of the one before
 * is open, so that a page never meets files that are not its own.
 */
declare const __FILES__: { version: string; files: string[] }

const ours = __FILES__

// Milliseconds: whoever has a line that bad is better served by the page of last time.
const PATIENCE = 5000
const SHELL = '/mail/'
/** The empty pages in which messages in HTML are shown; their policy comes with them. */
const FRAMES = ['/mail/letter', '/mail/letter?pictures=yes']
const NAME = 'panpipe-mail-'
const CACHE = `${NAME}${ours.version}`

type Lifecycle = {
	addEventListener(
		name: 'install' | 'activate',
		hear: (event: { waitUntil(what: Promise<unknown>): void }) => void,
	): void
	addEventListener(
		name: 'fetch',
		hear: (event: { request: Request; respondWith(answer: Promise<Response>): void }) => void,
	): void
}
const worker = self as unknown as Lifecycle

worker.addEventListener('install', event => event.waitUntil(keepFiles()))
worker.addEventListener('activate', event => event.waitUntil(forgetOlder()))
worker.addEventListener('fetch', event => {
	const { request } = event
	const url = new URL(request.url)
	if (request.method !== 'GET' || url.origin !== location.origin) return
	if (url.pathname.startsWith('/assets/'))
		event.respondWith(kept(request.url).then(found => found ?? fetch(request)))
	else if (request.mode !== 'navigate' || !url.pathname.startsWith(SHELL)) return
	else event.respondWith(page(request, FRAMES.includes(url.pathname + url.search) ? request.url : SHELL))
})

/** What was loaded already comes out of the browser's own cache. */
async function keepFiles(): Promise<void> {
	const cache = await caches.open(CACHE)
	await cache.addAll([SHELL, ...FRAMES, ...ours.files])
}

async function forgetOlder(): Promise<void> {
	for (const name of await caches.keys())
		if (name.startsWith(NAME) && name !== CACHE) await caches.delete(name)
}

const kept = async (url: string) => (await caches.open(CACHE)).match(url)

/** As the node has it now; as it was when the node cannot be reached in time. */
async function page(request: Request, as: string): Promise<Response> {
	const asked = fetch(request)
	const inTime = Promise.race([
		asked,
		new Promise<null>(resolve => setTimeout(() => resolve(null), PATIENCE)),
	]).catch(() => null)
	const answer = await inTime
	if (answer && answer.status < 500) return answer
	return (await kept(as)) ?? answer ?? asked
}

export {}
