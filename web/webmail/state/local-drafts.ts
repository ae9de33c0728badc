import { kept } from '../../shared/kept.ts'
import type { Attached, Draft } from './writing.ts'

export type LeftDraft = Omit<Draft, 'attached' | 'state' | 'problem'> & { attached: Omit<Attached, 'stop'>[] }

/** What is written and not at the node yet, kept at this browser: one draft, the last. */
export const localDrafts = {
	keep(draft: Draft): void {
		const { state: _state, problem: _problem, ...rest } = draft
		// Files that are not at the node yet cannot be kept; what is there has a blob id.
		const attached = draft.attached
			.filter(each => each.blobId)
			.map(({ stop: _stop, ...each }) => ({ ...each, file: null }))
		kept.set('draft', JSON.stringify({ ...rest, attached }))
	},
	forget(key: string): void {
		if (this.left()?.key === key) kept.set('draft', '')
	},
	left(): LeftDraft | null {
		try {
			return JSON.parse(kept.get('draft') || 'null')
		} catch {
			return null
		}
	},
}
