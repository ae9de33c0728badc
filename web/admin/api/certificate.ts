import { ask } from '../../shared/api.ts'
import { BASE } from './list.ts'

/** The certificate that people's programs see at a node. `source`: who gave it. */
export type Certificate = {
	source: 'self-signed' | 'files' | 'uploaded' | 'acme'
	names: string[]
	issuer: string
	fingerprint: string
	validFrom: string
	validTo: string
	/** The ACME directory it is renewed from; null = it is not. */
	renewedFrom: string | null
	/** Why it could not be renewed. */
	problem: string | null
}
export type Order = {
	names: string[]
	email?: string
	directory?: string
	challenge: 'tls-alpn-01' | 'http-01'
	agree: boolean
}

const PATH = `${BASE}/certificate`

export const showCertificate = (node: string, signal?: AbortSignal) =>
	ask<Certificate>('GET', PATH, { query: { node }, ...(signal ? { signal } : {}) })
export const useCertificate = (node: string, certificate: string, key: string) =>
	ask<Certificate>('PUT', PATH, { body: { node, certificate, key } })
export const orderCertificate = (node: string, order: Order) =>
	ask<Certificate>('POST', `${PATH}/order`, { body: { node, ...order } })
export const renewCertificate = (node: string) =>
	ask<Certificate>('POST', `${PATH}/renew`, { body: { node } })
export const resetCertificate = (node: string) => ask<Certificate>('DELETE', PATH, { query: { node } })
