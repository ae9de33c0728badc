/** RFC 2852: within so many seconds (below zero: late already), else R: return the message, N: tell the sender. */
export type By = { seconds: number; mode: 'R' | 'N'; trace: boolean }

/** What MAIL carries beside the path. */
export type MailParameters = {
	/** RFC 1870, octets. */
	size: number | null
	/** RFC 6152, 3030. */
	body: '7BIT' | '8BITMIME' | 'BINARYMIME' | null
	/** RFC 6531. */
	smtputf8: boolean
	/** RFC 3461. */
	ret: 'FULL' | 'HDRS' | null
	/** RFC 3461 ENVID, in xtext as it came. */
	envelopeId: string | null
	/** RFC 4954 section 5, in xtext as it came; `<>` = nobody we know. */
	auth: string | null
	/** RFC 4865: seconds to wait before the message is let go, or (milliseconds since 1970) until when. Never both. */
	holdFor: number | null
	holdUntil: number | null
	/** RFC 2852. */
	by: By | null
	/** RFC 6710: -9 to 9. */
	priority: number | null
	/** RFC 8689. */
	requireTls: boolean
	/** XPANPIPE, between our own nodes: the id of the message at the node that hands it over. */
	handOver: string | null
}

/** What RCPT carries beside the path, RFC 3461. */
export type RecipientParameters = {
	/** `NEVER`, or a list of SUCCESS, FAILURE, DELAY in capitals. */
	notify: string | null
	/** ORCPT: `rfc822;` and xtext, as it came. */
	originalRecipient: string | null
}

/** One command of SMTP (RFC 5321), submission (RFC 6409) and LMTP (RFC 2033). */
export type Command =
	| { verb: 'EHLO' | 'HELO' | 'LHLO'; domain: string }
	| ({ verb: 'MAIL'; reversePath: string } & MailParameters)
	| ({ verb: 'RCPT'; forwardPath: string } & RecipientParameters)
	| { verb: 'BDAT'; size: number; last: boolean }
	/** `initial` null = none was sent. */
	| { verb: 'AUTH'; mechanism: string; initial: Buffer | null }
	| { verb: 'DATA' | 'RSET' | 'QUIT' | 'STARTTLS' }
	| { verb: 'NOOP' | 'HELP' | 'VRFY' | 'EXPN'; argument: string }

export type Verb = Command['verb']
