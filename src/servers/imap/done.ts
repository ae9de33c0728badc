/** How a command ended: its tagged response. */
export type Done = { status: 'OK' | 'NO' | 'BAD'; code: string | null; text: string }

export function ok(text: string, code: string | null = null): Done {
	return { status: 'OK', code, text }
}

/** @param code a response code of RFC 5530 and others, without its brackets */
export function no(text: string, code: string | null = null): Done {
	return { status: 'NO', code, text }
}

export function bad(text: string, code: string | null = null): Done {
	return { status: 'BAD', code, text }
}

/** Ends the command that is under way from anywhere inside it. */
export class Rejected extends Error {
	readonly done: Done

	constructor(done: Done) {
		super(done.text)
		this.done = done
	}
}
