import type { z } from 'zod'
import { JoinFailed } from '../cluster/index.ts'
import { DirectoryError } from '../directory/index.ts'
import { inScope, may, maySomewhere, WHOLE } from './may.ts'
import { type Actor, CannotBeDone, type Office, type Target, type Verb } from './verb.ts'

/** The person has no right to this. */
export class NotAllowed extends Error {}

/** The input is not what the verb takes. */
export class BadInput extends Error {
	readonly errors: { path: string; code: string; message: string }[]

	constructor(error: z.ZodError) {
		super(error.issues.map(issue => `${issue.path.join('.')}: ${issue.message}`).join('; '))
		this.errors = error.issues.map(({ path, code, message }) => ({ path: path.join('.'), code, message }))
	}
}

/** The one way to say a verb: input checked, right checked, done, written down. `name` as in the list of verbs. */
export async function perform(
	office: Office,
	by: Actor,
	name: string,
	verb: Verb,
	raw: unknown,
): Promise<unknown> {
	const read = verb.input.safeParse(raw)
	if (!read.success) throw new BadInput(read.error)
	const input = read.data as never
	const targets = () => [verb.on?.(office, input, by) ?? { place: WHOLE, object: '' }].flat()
	const before = targets()
	if (!isAllowed(by, verb, before)) throw new NotAllowed(`${by.name} has no right to "${name}" there`)
	return await verb.run(office, input, by)
}

function isAllowed(by: Actor, { act, inReach, own }: Verb, targets: Target[]): boolean {
	if (act === null) return true
	// What is one's own is no matter of grants, but not for a program that came with a token or a device's password.
	if (own && by.scopes === null && targets.every(({ account }) => account === by.id)) return true
	if (!inScope(by.scopes, act)) return false
	if (inReach && targets.every(({ object }) => object === '')) return maySomewhere(by.grants, act)
	return targets.every(({ place }) => may(by.grants, act, place))
}

/** What went wrong, for whoever asked: `code` for programs and translators, `detail` a sentence that says what to do. */
export type Problem = { status: number; code: string; detail: string; more: Record<string, unknown> }

const JOIN_CODES: Record<string, string> = {
	unreachable: 'port-closed',
	'wrong-code': 'code-wrong',
	clock: 'clock-off',
	version: 'version-too-far',
	'no-engine': 'engine-missing',
}
const DIRECTORY_STATUS: Record<string, number> = {
	nonexistent: 404,
	'no-such-domain': 404,
	'no-such-node': 404,
	'invalid-address': 422,
	'invalid-domain': 422,
}

/** Null: a fault of ours. */
export function problemOf(error: unknown): Problem | null {
	if (error instanceof BadInput)
		return { status: 422, code: 'input-invalid', detail: error.message, more: { errors: error.errors } }
	if (error instanceof NotAllowed)
		return { status: 403, code: 'not-allowed', detail: error.message, more: {} }
	if (error instanceof CannotBeDone) {
		const status = error.code.startsWith('no-such-') ? 404 : 409
		return { status, code: error.code, detail: error.message, more: error.more }
	}
	if (error instanceof JoinFailed) {
		const code = JOIN_CODES[error.code] ?? error.code
		return { status: 409, code, detail: error.message, more: error.more }
	}
	if (error instanceof DirectoryError) {
		const status = DIRECTORY_STATUS[error.code] ?? 409
		return { status, code: error.code, detail: error.message, more: {} }
	}
	return null
}
