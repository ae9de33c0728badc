import { z } from 'zod'
import { AcmeFailed, CertificateRefused, LETS_ENCRYPT } from '../cluster/index.ts'
import { CannotBeDone, type Office, type Target, verb } from './verb.ts'

const on = (office: Office): Target => ({ place: {}, object: office.hostname, state: describe(office) })

export const showCertificate = verb({
	about: 'the certificate that mail programs and browsers see here, and how it is renewed',
	input: z.object({}),
	act: 'settings:read',
	run: describe,
})

export const useCertificate = verb({
	about: 'use this certificate (PEM files: with those that signed it, and its key) on all ports, at once',
	input: z.object({ certificate: z.string().max(200_000), key: z.string().max(50_000) }),
	act: 'settings:change',
	on,
	async run(office, pair) {
		notFromFiles(office)
		try {
			office.cluster.certificate.use('uploaded', pair)
		} catch (error) {
			if (error instanceof CertificateRefused) throw new CannotBeDone(error.message)
			throw error
		}
		office.cluster.acme.stop()
		return describe(office)
	},
})

const dnsName = z
	.string()
	.trim()
	.toLowerCase()
	.regex(
		/^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
		'not a host name',
	)

export const orderCertificate = verb({
	about: 'get a certificate for these host names from an authority by ACME, and renew it from now on',
	input: z.object({
		names: z.array(dnsName).max(100).optional(),
		directory: z.url({ protocol: /^https$/ }).default(LETS_ENCRYPT),
		email: z.email().optional(),
		challenge: z.enum(['tls-alpn-01', 'http-01']).default('tls-alpn-01'),
		agree: z.boolean().default(false),
	}),
	act: 'settings:change',
	slow: true,
	on,
	async run(office, { names, directory, email, challenge, agree }) {
		notFromFiles(office)
		if (!agree) {
			throw new CannotBeDone(
				"read the authority's terms of service, and say that you agree to them (--agree)",
			)
		}
		const wanted = names && names.length > 0 ? names : [dnsName.parse(office.hostname)]
		await office.cluster.acme
			.order({ names: wanted, directory, email: email ?? null, challenge, agree })
			.catch(explain)
		return describe(office)
	},
})

export const renewCertificate = verb({
	about: 'renew the certificate that was ordered, now',
	input: z.object({}),
	act: 'settings:change',
	slow: true,
	on,
	async run(office) {
		await office.cluster.acme.renew().catch(explain)
		return describe(office)
	},
})

export const resetCertificate = verb({
	about: 'go back to the certificate that this node made itself; nothing is renewed any more',
	input: z.object({}),
	act: 'settings:change',
	on,
	run(office) {
		notFromFiles(office)
		office.cluster.acme.stop()
		office.cluster.certificate.forget()
		return describe(office)
	},
})

function describe({ cluster }: Office) {
	const { validFrom, validTo, ...about } = cluster.certificate.about()
	return {
		...about,
		validFrom: new Date(validFrom).toISOString(),
		validTo: new Date(validTo).toISOString(),
		renewedFrom: cluster.acme.wish?.directory ?? null,
		problem: cluster.acme.problem,
	}
}

function notFromFiles({ cluster }: Office): void {
	if (cluster.certificate.source === 'files') {
		throw new CannotBeDone(
			'the certificate comes from the files named under [tls] in the configuration; take them out of it first, or replace the files: they are read again within a minute',
		)
	}
}

function explain(error: unknown): never {
	if (error instanceof AcmeFailed) throw new CannotBeDone(error.message)
	throw error
}
