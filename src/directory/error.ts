export type DirectoryErrorCode =
	| 'exists'
	| 'no-such-domain'
	| 'no-such-node'
	| 'nonexistent'
	| 'invalid-address'
	| 'invalid-domain'
	| 'invalid-name'
	| 'invalid-password'
	| 'wrong-code'
	| 'in-use'
	| 'removed'
	| 'out-of-date'
	| 'invalid-unit'
	| 'limit'

/** What was asked for cannot be; the message is a sentence for the person who asked and says what to do. */
export class DirectoryError extends Error {
	readonly code: DirectoryErrorCode

	constructor(code: DirectoryErrorCode, message: string) {
		super(message)
		this.code = code
	}
}
