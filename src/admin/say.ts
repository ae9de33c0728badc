import { perform } from './perform.ts'
import { type Actor, CannotBeDone, type Office, type Progress, type Verb } from './verb.ts'
import { verbs } from './verbs.ts'

export { verbs } from './verbs.ts'
export type VerbName = keyof typeof verbs
export type Answer<Name extends VerbName> = Awaited<ReturnType<(typeof verbs)[Name]['run']>>

/** Says a verb to this node. @throws what `problemOf` reads, or a fault of ours */
export async function say<Name extends VerbName>(
	office: Office,
	by: Actor,
	name: Name,
	input: unknown,
	progress?: Progress,
): Promise<Answer<Name>> {
	const verb = Object.hasOwn(verbs, name) ? (verbs[name] as unknown as Verb) : null
	if (!verb) throw new CannotBeDone(`there is no verb "${name}"`, 'no-such-verb')
	return (await perform(office, by, name, verb, input, progress)) as Answer<Name>
}
