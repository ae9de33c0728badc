import { z } from 'zod'
import { sayAt, type VerbName } from '../../../admin/index.ts'
import { actorOf } from '../who.ts'
import { type Api, type Ask, route } from './route.ts'

const node = z.string().max(300).exactOptional().describe('default: this node')
const at = z.object({ node })

type Asked = Pick<Ask<unknown, unknown, unknown>, 'who'> & Api

/** A certificate is one node's own. */
const say = <Name extends VerbName>(
	{ office, who }: Asked,
	where: string | undefined,
	name: Name,
	input = {},
) => sayAt(office, actorOf(who), where ?? office.self, name, input)

export const certificate = [
	route({
		method: 'GET',
		path: '/certificate',
		about: 'The certificate that mail programs and browsers see at a node, and how it is renewed',
		query: at,
		run: ask => say(ask, ask.query.node, 'certificate show'),
	}),
	route({
		method: 'PUT',
		path: '/certificate',
		about: 'Use this certificate (PEM, with those that signed it, and its key) on all ports, at once',
		body: z.object({ node, certificate: z.string().max(200_000), key: z.string().max(50_000) }),
		run: ({ body: { node, ...pair }, ...ask }) => say(ask, node, 'certificate use', pair),
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
		run: ({ body: { node, ...order }, ...ask }) => say(ask, node, 'certificate order', order),
	}),
	route({
		method: 'POST',
		path: '/certificate/renew',
		about: 'Renew the certificate that was ordered, now',
		body: at,
		slow: 'certificate renew',
		run: ({ body, ...ask }) => say(ask, body.node, 'certificate renew'),
	}),
	route({
		method: 'DELETE',
		path: '/certificate',
		about: 'Go back to the certificate the node made itself',
		query: at,
		run: ask => say(ask, ask.query.node, 'certificate reset'),
	}),
]
