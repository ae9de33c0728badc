import type { FastifyInstance } from 'fastify'

/**
 * The page in the frame in which the webmail shows a message in HTML. It is empty: the page around it fills it. Its own
 * policy holds for what is filled in: nothing runs, nothing is sent, and nothing is fetched but, when the reader has
 * allowed it, pictures.
 */
const PAGE =
	'<!doctype html><html><head><meta charset="utf-8"><base target="_blank"></head><body></body></html>'

const policy = (pictures: string) =>
	[
		"default-src 'none'",
		"style-src 'unsafe-inline'",
		`img-src data: blob:${pictures}`,
		"form-action 'none'",
		"base-uri 'none'",
		"frame-ancestors 'self'",
		'sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox',
	].join('; ')

export function serveLetter(app: FastifyInstance): void {
	app.get<{ Querystring: { pictures?: string } }>('/mail/letter', (request, reply) =>
		reply
			.headers({
				'content-security-policy': policy(request.query.pictures === 'yes' ? ' https: http:' : ''),
				'x-content-type-options': 'nosniff',
				'referrer-policy': 'no-referrer',
				'cross-origin-resource-policy': 'same-origin',
				'cache-control': 'private, max-age=3600',
			})
			.type('text/html; charset=utf-8')
			.send(PAGE),
	)
}
