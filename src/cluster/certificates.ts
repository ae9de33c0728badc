import 'reflect-metadata'
import {
	createHash,
	createPrivateKey,
	createPublicKey,
	randomBytes,
	webcrypto,
	X509Certificate,
} from 'node:crypto'
import { isIP } from 'node:net'
import * as x509 from '@peculiar/x509'

/** A certificate and its private key, both PEM (PKCS #8). */
export type KeyPair = { certificate: string; key: string }

/** What every member of a cluster holds, so that any of them can let the next one in. */
export type ClusterCa = KeyPair

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const DAY = 86_400_000
// Certificates count from yesterday: the clocks of two nodes may differ a little.
const SLACK = DAY
// RFC 5280 section 4.1.2.5: GeneralizedTime from 2050 on; both OpenSSL and Go read it.
const LIFETIME = 20 * 365 * DAY

/** The DNS name of a node in its certificate, and the SNI under which its web port shows it. */
export function nodeName(nodeId: string): string {
	return `${nodeId}.node.panpipe`
}

/** A new P-256 key, PEM (PKCS #8). */
export async function makeKey(): Promise<string> {
	const pair = (await webcrypto.subtle.generateKey(ALGORITHM, true, [
		'sign',
		'verify',
	])) as webcrypto.CryptoKeyPair
	return createKeyPem(pair.privateKey)
}

async function createKeyPem(key: webcrypto.CryptoKey): Promise<string> {
	const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key))
	return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
		.export({ format: 'pem', type: 'pkcs8' })
		.toString()
}

/** The public half of a private key, PEM (SPKI). */
export function publicKeyOf(keyPem: string): string {
	return createPublicKey(keyPem).export({ format: 'pem', type: 'spki' }).toString()
}

async function signingKey(keyPem: string): Promise<webcrypto.CryptoKey> {
	const der = createPrivateKey(keyPem).export({ format: 'der', type: 'pkcs8' })
	return await webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign'])
}

async function verifyingKey(publicKeyPem: string): Promise<webcrypto.CryptoKey> {
	const der = createPublicKey(publicKeyPem).export({ format: 'der', type: 'spki' })
	return await webcrypto.subtle.importKey('spki', der, ALGORITHM, true, ['verify'])
}

type Wanted = {
	subject: string
	issuer: string
	publicKeyPem: string
	signWith: string
	lifetime: number
	extensions: x509.Extension[]
}

async function make(wanted: Wanted): Promise<string> {
	const now = Date.now()
	const certificate = await x509.X509CertificateGenerator.create({
		serialNumber: `00${randomBytes(15).toString('hex')}`,
		subject: [{ CN: [wanted.subject] }],
		issuer: [{ CN: [wanted.issuer] }],
		notBefore: new Date(now - SLACK),
		notAfter: new Date(now + wanted.lifetime),
		publicKey: await verifyingKey(wanted.publicKeyPem),
		signingKey: await signingKey(wanted.signWith),
		signingAlgorithm: ALGORITHM,
		extensions: wanted.extensions,
	})
	return `${certificate.toString('pem')}\n`
}

function names(dns: string[], addresses: string[]): x509.SubjectAlternativeNameExtension {
	return new x509.SubjectAlternativeNameExtension([
		...dns.map(value => ({ type: 'dns' as const, value })),
		...addresses.filter(address => isIP(address) > 0).map(value => ({ type: 'ip' as const, value })),
	])
}

const SERVER = '1.3.6.1.5.5.7.3.1'
const CLIENT = '1.3.6.1.5.5.7.3.2'

/**
 * The self-signed certificate of the mail ports and of the web port for browsers, until the admin has a better
 * one. A common name holds 64 characters at most (RFC 5280 appendix A.1); the whole name stands in the SAN.
 */
export async function makeIdentity(hostname: string, addresses: string[], key?: string): Promise<KeyPair> {
	const keyPem = key ?? (await makeKey())
	const subject = hostname.slice(0, 64)
	const certificate = await make({
		subject,
		issuer: subject,
		publicKeyPem: publicKeyOf(keyPem),
		signWith: keyPem,
		lifetime: LIFETIME / 2,
		extensions: [
			new x509.BasicConstraintsExtension(false, undefined, true),
			new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
			new x509.ExtendedKeyUsageExtension([SERVER]),
			names([hostname], addresses),
		],
	})
	return { certificate, key: keyPem }
}

/** The cluster's own certificate authority; it signs nodes and nothing else. */
export async function makeClusterCa(): Promise<ClusterCa> {
	const key = await makeKey()
	const subject = `Panpipe cluster ${randomBytes(4).toString('hex')}`
	const certificate = await make({
		subject,
		issuer: subject,
		publicKeyPem: publicKeyOf(key),
		signWith: key,
		lifetime: LIFETIME * 2,
		extensions: [
			new x509.BasicConstraintsExtension(true, 0, true),
			new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
		],
	})
	return { certificate, key }
}

/**
 * The certificate by which a node is known to its peers: CN = node id. `addresses` are those its peers dial for
 * NATS routes: nats-server checks the address it dialled against the certificate, and cannot be told a name.
 */
export async function signNode(
	ca: ClusterCa,
	publicKeyPem: string,
	nodeId: string,
	addresses: string[] = [],
): Promise<string> {
	return await make({
		subject: nodeId,
		issuer: commonName(new X509Certificate(ca.certificate)),
		publicKeyPem,
		signWith: ca.key,
		lifetime: LIFETIME,
		extensions: [
			new x509.BasicConstraintsExtension(false, undefined, true),
			new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
			new x509.ExtendedKeyUsageExtension([SERVER, CLIENT]),
			names([nodeName(nodeId)], addresses),
		],
	})
}

/** SHA-256 over the certificate's SubjectPublicKeyInfo: stays the same when it is renewed with the same key. */
export function fingerprint(certificate: string | X509Certificate): Buffer {
	const parsed = typeof certificate === 'string' ? new X509Certificate(certificate) : certificate
	return createHash('sha256')
		.update(parsed.publicKey.export({ format: 'der', type: 'spki' }))
		.digest()
}

/** The common name of a certificate's subject, '' when it has none. */
export function commonName(certificate: X509Certificate): string {
	return /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? ''
}

/** Did this CA sign that certificate? (Only the signature; dates are OpenSSL's business.) */
export function signedBy(certificate: X509Certificate, caPem: string): boolean {
	const ca = new X509Certificate(caPem)
	return certificate.checkIssued(ca) && certificate.verify(ca.publicKey)
}
