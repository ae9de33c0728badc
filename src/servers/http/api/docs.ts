import type { FastifyInstance } from 'fastify'

type Operation = {
	summary?: string
	tags?: string[]
	parameters?: { name: string; in: string; required?: boolean; schema?: unknown }[]
	requestBody?: { content?: Record<string, { schema?: unknown }> }
}

/** The API's description: for machines (OpenAPI 3.1), and a page for people that needs no script. */
export function addDocs(app: FastifyInstance): void {
	app.get('/docs/openapi.json', { schema: { hide: true } }, async () => app.swagger())
	app.get('/docs/style.css', { schema: { hide: true } }, async (_request, reply) =>
		reply.type('text/css; charset=utf-8').send(STYLE),
	)
	app.get('/docs', { schema: { hide: true } }, async (_request, reply) =>
		reply.type('text/html; charset=utf-8').send(htmlOf(app.swagger() as never)),
	)
}

function htmlOf(spec: {
	info: { title: string; version: string; description?: string }
	paths: Record<string, Record<string, Operation>>
}): string {
	const rows = Object.entries(spec.paths).flatMap(([path, methods]) =>
		Object.entries(methods).map(([method, operation]) => operationHtml(method, path, operation)),
	)
	return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(spec.info.title)} API</title><link rel="stylesheet" href="/api/docs/style.css"></head>
<body><main><h1>${escaped(spec.info.title)} API <small>${escaped(spec.info.version)}</small></h1>
<p>${escaped(spec.info.description ?? '')}</p>
<p><a href="/api/docs/openapi.json">OpenAPI 3.1</a></p>
${rows.join('\n')}
</main></body></html>
`
}

function operationHtml(method: string, path: string, operation: Operation): string {
	const names = (operation.parameters ?? []).map(
		({ name, in: where }) => `<li><code>${escaped(name)}</code> (${escaped(where)})</li>`,
	)
	const body = operation.requestBody?.content?.['application/json']?.schema
	return `<details><summary><b class="${method}">${method.toUpperCase()}</b> <code>${escaped(path)}</code> ${escaped(operation.summary ?? '')}</summary>
${names.length > 0 ? `<ul>${names.join('')}</ul>` : ''}${body ? `<pre>${escaped(JSON.stringify(body, null, 2))}</pre>` : ''}</details>`
}

function escaped(text: string): string {
	return text
		.replaceAll('&', '&amp;')
		.replaceAll('<', '&lt;')
		.replaceAll('>', '&gt;')
		.replaceAll('"', '&quot;')
}

const STYLE = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { margin: 0 } main { max-width: 60rem; margin: 0 auto; padding: 1rem }
details { border-top: 1px solid #8884; padding: .5rem 0 } summary { cursor: pointer }
b { display: inline-block; min-width: 4.5rem; font-size: .8rem } pre { overflow: auto }
`
