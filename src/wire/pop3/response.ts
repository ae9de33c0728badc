/** RFC 2449 section 8, RFC 3206, RFC 6856 section 2: why, for programs. */
export type ResponseCode = 'IN-USE' | 'AUTH' | 'SYS/TEMP' | 'SYS/PERM' | 'LOGIN-DELAY' | 'UTF8'

export function ok(text: string): string {
	return `+OK ${text}\r\n`
}

export function err(text: string, code?: ResponseCode): string {
	return code ? `-ERR [${code}] ${text}\r\n` : `-ERR ${text}\r\n`
}
