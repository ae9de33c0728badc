/**
 * The operator's verbs. The command line, the pages and the API all call these and nothing beside them.
 *
 * Promises: input is checked; what cannot be done is told in a sentence that says what to do (CannotBeDone);
 * every verb works on any node, also while others cannot be reached; whoever says one is known (Actor), and what he
 * may is decided in one place (may.ts) by the grants this node knows. Does not: print, parse flags, speak HTTP.
 */
export { AuditLog } from './audit-log.ts'
export { stsPolicyOf } from './dns/domain-dns.ts'
export { answerLooks } from './dns/look.ts'
export { hearOthers, sayAt, sayEverywhere } from './elsewhere.ts'
export { type Job, jobView, startJob } from './jobs.ts'
export { AREAS, inScope, may, SCOPES } from './may.ts'
export { BadInput, NotAllowed, type Problem, problemOf } from './perform.ts'
export { ROOT } from './place.ts'
export { type Answer, say, type VerbName, verbs } from './say.ts'
export { FIRST } from './setup.ts'
export {
	type Actor,
	CannotBeDone,
	type Office,
	type Progress,
	type Target,
	type Verb,
	verb,
} from './verb.ts'
export { Watch } from './watch.ts'
