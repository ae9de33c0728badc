import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import {
	commonName,
	fingerprint,
	makeClusterCa,
	makeIdentity,
	makeKey,
	nodeName,
	publicKeyOf,
	signedBy,
	signNode,
} from './certificates.ts'

test('the CA signs a node: common name, DNS name, address, twenty years, for both ends of TLS', async () => {
	const ca = await makeClusterCa()
	const key = await makeKey()
	const pem = await signNode(ca, publicKeyOf(key), '01abc', ['192.0.2.7', '2001:db8::7'])
	const certificate = new X509Certificate(pem)
	assert.equal(commonName(certificate), '01abc')
	assert.equal(certificate.checkHost(nodeName('01abc')), nodeName('01abc'))
	assert.ok(certificate.checkIP('192.0.2.7'))
	assert.ok(certificate.checkIP('2001:db8::7'))
	assert.ok(!certificate.ca)
	assert.ok(Date.parse(certificate.validTo) > Date.now() + 19.9 * 365 * 86_400_000)
	assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'])
	assert.ok(signedBy(certificate, ca.certificate))
	assert.ok(!signedBy(certificate, (await makeClusterCa()).certificate))
})

test('the fingerprint is that of the key: a renewed certificate keeps it', async () => {
	const first = await makeIdentity('mail.example.com', ['192.0.2.7'])
	const renewed = await makeIdentity('other.example.com', [], first.key)
	assert.notEqual(first.certificate, renewed.certificate)
	assert.deepEqual(fingerprint(first.certificate), fingerprint(renewed.certificate))
	assert.notDeepEqual(
		fingerprint(first.certificate),
		fingerprint((await makeIdentity('mail.example.com', [])).certificate),
	)
})

test('a host name longer than a common name may be stands whole among the names', async () => {
	const hostname = `${'a'.repeat(60)}.${'b'.repeat(60)}.example.com`
	const { certificate } = await makeIdentity(hostname, [])
	assert.equal(new X509Certificate(certificate).checkHost(hostname), hostname)
})
