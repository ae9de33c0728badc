import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type Office, stsPolicyOf } from '../../admin/index.ts'

/*
 * What the records of a domain point to: the policy of MTA-STS (RFC 8461), and the settings of mail programs as
 * Thunderbird and others (autoconfig) and Outlook (autodiscover) ask for them. Nobody learns which addresses there are:
 * the answer is the same for all of a domain, and names this node, which lets everybody in.
 */

type Query = { emailaddress?: unknown }

export function addDiscovery(app: FastifyInstance, { office }: { office: Office }): void {
	app.get('/.well-known/mta-sts.txt', async (request, reply) => {
		const domain = hostOf(request).replace(/^mta-sts\./, '')
		const policy = stsPolicyOf(office, domain)
		return policy === null ? reply.callNotFound() : reply.type('text/plain; charset=utf-8').send(policy)
	})
	const autoconfig = async (request: FastifyRequest) => {
		const { emailaddress } = request.query as Query
		const address = typeof emailaddress === 'string' ? emailaddress : ''
		const domain = domainOf(address) || hostOf(request).replace(/^autoconfig\./, '')
		return office.directory.isOurDomain(domain) ? configXml(office, domain) : null
	}
	for (const path of ['/mail/config-v1.1.xml', '/.well-known/autoconfig/mail/config-v1.1.xml']) {
		app.get(path, async (request, reply) => {
			const xml = await autoconfig(request)
			return xml === null ? reply.callNotFound() : reply.type('text/xml; charset=utf-8').send(xml)
		})
	}
	app.register(async scope => {
		// Outlook says text/xml, others say nothing of the kind; it is looked through for one address.
		scope.removeAllContentTypeParsers()
		scope.addContentTypeParser('*', { parseAs: 'string', bodyLimit: 16 * 1024 }, (_request, body, done) =>
			done(null, body),
		)
		for (const path of ['/autodiscover/autodiscover.xml', '/Autodiscover/Autodiscover.xml']) {
			scope.post(path, async (request, reply) => {
				const said = /<EMailAddress>\s*([^<\s]+)\s*<\/EMailAddress>/i.exec(String(request.body ?? ''))?.[1]
				const address = unescaped(said ?? '')
				if (!office.directory.isOurDomain(domainOf(address))) return reply.callNotFound()
				return reply.type('text/xml; charset=utf-8').send(autodiscoverXml(office, address))
			})
		}
	})
}

function hostOf(request: FastifyRequest): string {
	return (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase()
}

function domainOf(address: string): string {
	return address.includes('@') ? address.slice(address.lastIndexOf('@') + 1).toLowerCase() : ''
}

type Server = { type: 'imap' | 'pop3' | 'smtp'; port: number; tls: 'SSL' | 'STARTTLS' }

/** The best first: TLS from the first octet (RFC 8314). */
function servers({ ports }: Office): Server[] {
	const all: Server[] = [
		{ type: 'imap', port: ports.imaps, tls: 'SSL' },
		{ type: 'imap', port: ports.imap, tls: 'STARTTLS' },
		{ type: 'pop3', port: ports.pop3s, tls: 'SSL' },
		{ type: 'pop3', port: ports.pop3, tls: 'STARTTLS' },
		{ type: 'smtp', port: ports.submissions, tls: 'SSL' },
		{ type: 'smtp', port: ports.submission, tls: 'STARTTLS' },
	]
	return all.filter(({ port }) => port !== 0)
}

function configXml(office: Office, domain: string): string {
	const entries = servers(office).map(({ type, port, tls }) => {
		const tag = type === 'smtp' ? 'outgoingServer' : 'incomingServer'
		return `    <${tag} type="${type}">
      <hostname>${escaped(office.hostname)}</hostname>
      <port>${port}</port>
      <socketType>${tls}</socketType>
      <authentication>password-cleartext</authentication>
      <username>%EMAILADDRESS%</username>
    </${tag}>`
	})
	return `<?xml version="1.0" encoding="UTF-8"?>
<clientConfig version="1.1">
  <emailProvider id="${escaped(domain)}">
    <domain>${escaped(domain)}</domain>
    <displayName>${escaped(domain)}</displayName>
    <displayShortName>${escaped(domain)}</displayShortName>
${entries.join('\n')}
  </emailProvider>
</clientConfig>
`
}

function autodiscoverXml(office: Office, address: string): string {
	// One of each: Outlook takes the first it can use.
	const best = [
		...new Map(
			servers(office)
				.reverse()
				.map(one => [one.type, one]),
		).values(),
	].reverse()
	const entries = best.map(
		({ type, port, tls }) => `      <Protocol>
        <Type>${type.toUpperCase()}</Type>
        <Server>${escaped(office.hostname)}</Server>
        <Port>${port}</Port>
        <LoginName>${escaped(address)}</LoginName>
        <DomainRequired>off</DomainRequired>
        <SPA>off</SPA>
        <SSL>${tls === 'SSL' ? 'on' : 'off'}</SSL>
        <Encryption>${tls === 'SSL' ? 'SSL' : 'TLS'}</Encryption>
        <AuthRequired>on</AuthRequired>
      </Protocol>`,
	)
	return `<?xml version="1.0" encoding="utf-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">
  <Response xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a">
    <Account>
      <AccountType>email</AccountType>
      <Action>settings</Action>
${entries.join('\n')}
    </Account>
  </Response>
</Autodiscover>
`
}

function escaped(text: string): string {
	return text
		.replace(/[\x00-\x1f\x7f]/g, '')
		.replaceAll('&', '&amp;')
		.replaceAll('<', '&lt;')
		.replaceAll('>', '&gt;')
		.replaceAll('"', '&quot;')
}

function unescaped(text: string): string {
	return text
		.replaceAll('&lt;', '<')
		.replaceAll('&gt;', '>')
		.replaceAll('&quot;', '"')
		.replaceAll('&amp;', '&')
}
