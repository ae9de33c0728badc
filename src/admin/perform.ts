import type { z } from 'zod'
import { JoinFailed } from '../cluster/index.ts'
import { DirectoryError } from '../directory/index.ts'
import { inScope, may, maySomewhere, WHOLE } from './may.ts'
import { accountTarget } from './place.ts'
import { type Actor, CannotBeDone, type Office, type Progress, type Target, type Verb } from './verb.ts'

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
	progress: Progress = () => {},
): Promise<unknown> {
	const read = verb.input.safeParse(raw)
	if (!read.success) throw new BadInput(read.error)
	const input = read.data as never
	const targets = () => [verb.on?.(office, input, by) ?? { place: WHOLE, object: '' }].flat()
	const before = targets()
	const writes = verb.writes ?? (verb.act !== null && !verb.act.endsWith(':read'))
	const written = (outcome: string, after: Target[]) => {
		if (writes) writeDown(office, by, name, outcome, before, after)
	}
	if (!isAllowed(by, verb, before)) {
		written('not-allowed', before)
		throw new NotAllowed(`${by.name} has no right to "${name}" there`)
	}
	try {
		const answer = await verb.run(office, input, by, progress)
		written('done', afterwards(office, before, targets))
		return answer
	} catch (error) {
		written(problemOf(error)?.code ?? 'internal', before)
		throw error
	}
}

/** How things are after the act. An account is found by its id: its address may be what has changed. */
function afterwards(office: Office, before: Target[], targets: () => Target[]): Target[] {
	try {
		const after = targets()
		const id = before[0]?.account
		return id && after[0]?.account !== id ? [accountTarget(office, id)] : after
	} catch {
		return [] // what named the target is no more
	}
}

function writeDown(
	office: Office,
	{ id, name, via, client }: Actor,
	verb: string,
	outcome: string,
	before: Target[],
	after: Target[],
): void {
	const object = before.map(target => target.object).filter(Boolean)
	const [was, is] = difference(before[0]?.state ?? null, after[0]?.state ?? null)
	office.audit.write({
		by: id,
		name,
		via,
		client,
		verb,
		object: object.join(' → '),
		outcome,
		before: was,
		after: is,
	})
}

/** Only the fields that are not as they were; all of what came or went. */
function difference(before: unknown, after: unknown): [before: unknown, after: unknown] {
	if (before === null || after === null || typeof before !== 'object' || typeof after !== 'object') {
		return [before, after]
	}
	const [was, is] = [before as Record<string, unknown>, after as Record<string, unknown>]
	const names = [...new Set([...Object.keys(was), ...Object.keys(is)])].filter(
		name => JSON.stringify(was[name]) !== JSON.stringify(is[name]),
	)
	const pick = (state: Record<string, unknown>) =>
		Object.fromEntries(names.map(name => [name, state[name] ?? null]))
	return names.length === 0 ? [null, null] : [pick(was), pick(is)]
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
	closed: 'port-closed',
	unreachable: 'host-unreachable',
	'wrong-code': 'code-wrong',
	clock: 'clock-off',
	version: 'version-too-far',
	'no-engine': 'engine-missing',
}
const CANNOT_STATUS: Record<string, number> = { 'too-many-attempts': 429 }
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
		const status = CANNOT_STATUS[error.code] ?? (error.code.startsWith('no-such-') ? 404 : 409)
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
