/** Why a connection did not come about, in words for an admin. */
export function plainReason(error: unknown): string {
	const { code, message } = error as NodeJS.ErrnoException
	switch (code) {
		case 'ECONNREFUSED':
			return 'nothing listens there (connection refused)'
		case 'EHOSTUNREACH':
		case 'ENETUNREACH':
			return 'there is no way to that address'
		case 'ETIMEDOUT':
			return 'no answer'
		case 'ECONNRESET':
		case 'EPIPE':
			return 'it closed the connection'
		case 'ENOTFOUND':
		case 'EAI_AGAIN':
			return 'the name is not known'
		case 'EPROTO':
			return 'it does not speak TLS (is it the web port?)'
		case 'DEPTH_ZERO_SELF_SIGNED_CERT':
		case 'SELF_SIGNED_CERT_IN_CHAIN':
		case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
		case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
		case 'CERT_SIGNATURE_FAILURE':
		case 'ERR_TLS_CERT_ALTNAME_INVALID':
			return 'its certificate is not that of the node'
	}
	// Another protocol answers there, in words that OpenSSL takes several lines to complain of.
	if (code?.startsWith('ERR_SSL_')) {
		return code.includes('ALERT') ? 'it refuses our TLS' : 'it does not speak TLS (is it the web port?)'
	}
	return message || 'no connection'
}
