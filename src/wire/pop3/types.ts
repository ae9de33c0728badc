/** One command of POP3: RFC 1939, 2449 (CAPA), 2595 (STLS), 5034 (AUTH), 6856 (UTF8, LANG). */
export type Command =
	| { verb: 'USER'; name: string }
	/** Everything after the first space, spaces included. */
	| { verb: 'PASS'; password: string }
	/** `mechanism` null: old programs ask so for the list. `initial` null: none was sent. */
	| { verb: 'AUTH'; mechanism: string | null; initial: Buffer | null }
	| { verb: 'LIST' | 'UIDL'; number: number | null }
	| { verb: 'RETR' | 'DELE'; number: number }
	| { verb: 'TOP'; number: number; lines: number }
	| { verb: 'LANG'; tag: string | null }
	| { verb: 'STAT' | 'NOOP' | 'RSET' | 'QUIT' | 'CAPA' | 'STLS' | 'UTF8' }

export type Verb = Command['verb']
