import { Problem } from '../../shared/api.ts'
import { kept } from '../../shared/kept.ts'
import type { Id } from '../jmap/types.ts'
import { type Attached, type Draft, emptyDraft } from '../writing/draft.ts'

type Kept = Omit<Draft, 'attached' | 'state' | 'problem'> & {
	account: Id
	attached: Omit<Attached, 'stop' | 'file' | 'problem'>[]
}

/** What is written and not at the node yet, kept at this browser: one draft, the last. */
export const localDrafts = {
	keep(account: Id, draft: Draft): void {
		const { state: _state, problem: _problem, ...rest } = draft
		const attached = draft.attached.map(({ stop: _stop, file: _file, problem: _problem, ...each }) => each)
		kept.set('draft', JSON.stringify({ ...rest, account, attached } satisfies Kept))
	},
	forget(key: string): void {
		if (read()?.key === key) kept.set('draft', '')
	},
	/** Not what somebody else has left here. */
	left(account: Id): Partial<Draft> | null {
		const left = read()
		if (!left || left.account !== account) return null
		const { account: _, attached, ...rest } = left
		return {
			...emptyDraft(undefined),
			...rest,
			attached: attached.map(each => ({
				...each,
				// What was on its way is gone with the page that sent it.
				pieces: [],
				problem: each.blobId ? null : new Problem(0, 'file-lost'),
				file: null,
				stop: new AbortController(),
			})),
		}
	},
}

function read(): Kept | null {
	try {
		return JSON.parse(kept.get('draft') || 'null')
	} catch {
		return null
	}
}
