import { z } from 'zod'
import { route } from './route.ts'
import { certificate as shape } from './shapes-mail.ts'

const node = z.string().max(300).exactOptional().describe('default: this node')
const at = z.object({ node })

export const certificate = [
	route({
		method: 'GET',
		path: '/certificate',
		about: 'The certificate that mail programs and browsers see at a node, and how it is renewed',
		query: at,
		says: ['certificate show'],
		answer: shape,
		run: ({ sayAt, query }) => sayAt(query.node, 'certificate show'),
	}),
	route({
		method: 'PUT',
		path: '/certificate',
		about: 'Use this certificate (PEM, with those that signed it, and its key) on all ports, at once',
		body: z.object({ node, certificate: z.string().max(200_000), key: z.string().max(50_000) }),
		says: ['certificate use'],
		answer: shape,
		run: ({ sayAt, body: { node, ...pair } }) => sayAt(node, 'certificate use', pair),
	}),
	route({
		method: 'POST',
		path: '/certificate/order',
		about: 'Get a certificate by ACME, and renew it from now on',
		body: z.object({
			node,
			names: z.array(z.string().max(253)).max(100).exactOptional(),
			directory: z.string().max(1000).exactOptional(),
			email: z.string().max(320).exactOptional(),
			challenge: z.enum(['tls-alpn-01', 'http-01']).exactOptional(),
			agree: z.boolean().describe("to the authority's terms of service"),
		}),
		slow: 'certificate order',
		says: ['certificate order'],
		answer: shape,
		run: ({ sayAt, body: { node, ...order } }) => sayAt(node, 'certificate order', order),
	}),
	route({
		method: 'POST',
		path: '/certificate/renew',
		about: 'Renew the certificate that was ordered, now',
		body: at,
		slow: 'certificate renew',
		says: ['certificate renew'],
		answer: shape,
		run: ({ sayAt, body }) => sayAt(body.node, 'certificate renew'),
	}),
	route({
		method: 'DELETE',
		path: '/certificate',
		about: 'Go back to the certificate the node made itself',
		query: at,
		says: ['certificate reset'],
		answer: shape,
		run: ({ sayAt, query }) => sayAt(query.node, 'certificate reset'),
	}),
]
