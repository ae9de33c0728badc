import { promisify } from 'node:util'
import { zstdCompress, zstdDecompress } from 'node:zlib'
import { Unreachable } from '../cluster/index.ts'
import { nodeNamed } from './nodes.ts'
import { NotAllowed, perform, problemOf } from './perform.ts'
import { ROOT } from './place.ts'
import { reach } from './reach.ts'
import { type Answer, say, type VerbName } from './say.ts'
import { type Actor, CannotBeDone, type Office, type Progress, type Verb } from './verb.ts'
import { verbs } from './verbs.ts'

/*
 * A verb said to another node travels over the links: who says it, and its name and input. That node asks its own
 * directory what he may, does it there and writes it into its own audit log.
 */

const VERB = 'admin.say'
// A list is read and sent in that time, also over a weak line; what a certificate authority does takes longer.
const PATIENCE_MS = 10_000
const SLOW_MS = 300_000
// Longer answers are compressed: lists are a tenth of it then.
const SHORT = 2_000
const zip = promisify(zstdCompress)
const unzip = promisify(zstdDecompress)

type Told = { by: Omit<Actor, 'grants'>; name: string; input: unknown }
type Heard =
	| { ok: true; answer: unknown }
	| { ok: false; code: string; detail: string; more: Record<string, unknown> }

/** Says a verb to a node, this one or another. @throws what `problemOf` reads */
export async function sayAt<Name extends VerbName>(
	office: Office,
	by: Actor,
	node: string,
	name: Name,
	input: unknown,
	progress?: Progress,
): Promise<Answer<Name>> {
	const { id, ip, description } = nodeNamed(office, node)
	if (id === office.self) return say(office, by, name, input, progress)
	const { grants: _, ...who } = by
	const told: Told = { by: who, name, input }
	const patience = (verbs[name] as Verb).slow ? SLOW_MS : PATIENCE_MS
	const heard = await reach(office, id, VERB, Buffer.from(JSON.stringify(told)), patience).catch(error => {
		if (!(error instanceof Unreachable)) throw error
		const words = `${description || ip} cannot be reached now; try again when it is back, or ask it itself`
		throw new CannotBeDone(words, 'node-unreachable', { node: id })
	})
	const said = JSON.parse((await unpacked(heard)).toString('utf8')) as Heard
	if (said.ok) return said.answer as Answer<Name>
	if (said.code === 'not-allowed') throw new NotAllowed(said.detail)
	throw new CannotBeDone(said.detail, said.code, said.more)
}

/** Says a verb to all nodes; those that do not answer are named. */
export async function sayEverywhere<Name extends VerbName>(
	office: Office,
	by: Actor,
	name: Name,
	input: unknown,
): Promise<{ answers: { node: string; answer: Answer<Name> }[]; missing: string[] }> {
	const nodes = office.directory.nodes().map(({ id }) => id)
	const missing: string[] = []
	const answers = await Promise.all(
		nodes.map(async node => {
			try {
				return [{ node, answer: await sayAt(office, by, node, name, input) }]
			} catch (error) {
				if (!(error instanceof CannotBeDone) || error.code !== 'node-unreachable') throw error
				missing.push(node)
				return []
			}
		}),
	)
	return { answers: answers.flat(), missing }
}

/** Does what members ask of this node in the name of a person. */
export function hearOthers(office: Office): void {
	office.cluster.links.answer(VERB, async (payload, from) => {
		const { by, name, input } = JSON.parse(Buffer.from(payload).toString('utf8')) as Told
		const reply = await answer(office, by, name, input).catch((error): Heard => {
			const problem = problemOf(error)
			if (!problem) office.log.error({ err: error, verb: name, from }, 'a verb from another node failed')
			const { code, detail, more } = problem ?? {
				code: 'internal',
				detail: 'that node has a problem',
				more: {},
			}
			return { ok: false, code, detail, more }
		})
		const text = Buffer.from(JSON.stringify(reply))
		return text.length > SHORT ? zip(text) : text
	})
}

/** JSON begins with a brace, what is compressed with the mark of zstd. */
async function unpacked(answer: Uint8Array): Promise<Buffer> {
	return answer[0] === 0x7b ? Buffer.from(answer) : unzip(answer)
}

async function answer(
	office: Office,
	by: Omit<Actor, 'grants'>,
	name: string,
	input: unknown,
): Promise<Heard> {
	const verb = Object.hasOwn(verbs, name) ? verbs[name as VerbName] : null
	if (!verb) throw new CannotBeDone(`this node has no verb "${name}"; its version is another`, 'no-such-verb')
	const account = by.id === ROOT.id ? null : office.directory.account(by.id)
	if (by.id !== ROOT.id && (!account || account.disabled)) throw new NotAllowed(`${by.name} is nobody here`)
	const grants = account ? office.directory.access.grants(account.id) : ROOT.grants
	return { ok: true, answer: (await perform(office, { ...by, grants }, name, verb as never, input)) ?? null }
}
