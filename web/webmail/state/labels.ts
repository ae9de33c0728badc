import { type ComputedRef, computed } from 'vue'
import type { Id } from '../jmap/types.ts'
import type { Mail } from './mail.ts'
import type { Label } from './preferences.ts'

/** Hues of labels by name; null = grey. */
export const HUES = {
	red: 0,
	orange: 28,
	yellow: 50,
	green: 140,
	teal: 176,
	blue: 215,
	purple: 275,
	pink: 330,
	grey: null,
}
export type Color = keyof typeof HUES
export const COLORS = Object.keys(HUES) as Color[]

export type Named = Label & { keyword: string }

/** At one time. */
const PAGE = 500

/** Labels: keywords of messages (every mail program sees them) with a name and a colour of the person's. */
export class Labels {
	/** By name. */
	readonly all: ComputedRef<Named[]>
	readonly #mail: Mail

	constructor(mail: Mail) {
		this.#mail = mail
		this.all = computed(() =>
			Object.entries(mail.preferences.kept.value.labels)
				.map(([keyword, label]) => ({ keyword, ...label }))
				.sort((one, other) => one.name.localeCompare(other.name)),
		)
	}

	of(keywords: Record<string, true>): Named[] {
		return this.all.value.filter(({ keyword }) => keywords[keyword])
	}

	/** The keyword of the label that is called so. */
	called(name: string): string | null {
		const wanted = name.trim().toLowerCase()
		return this.all.value.find(each => each.name.toLowerCase() === wanted)?.keyword ?? null
	}

	/** @returns its keyword. @throws Problem */
	async create(label: Label): Promise<string> {
		const there = this.called(label.name)
		if (there) return there
		// Readable in other programs, where it can be.
		const base =
			label.name
				.toLowerCase()
				.replace(/[^a-z0-9]+/g, '-')
				.replace(/^-|-$/g, '')
				.slice(0, 40) || 'label'
		const taken = this.#mail.preferences.kept.value.labels
		let keyword = base
		for (let n = 2; taken[keyword] || (base === 'label' && n === 2); n++) keyword = `${base}-${n}`
		await this.#mail.preferences.setLabel(keyword, label)
		return keyword
	}

	/** Takes it away, from the messages too. @throws Problem */
	async remove(keyword: string): Promise<void> {
		for (let left = PAGE; left >= PAGE; ) {
			const { ids } = await this.#mail.jmap.call<{ ids: Id[] }>('Email/query', {
				filter: { hasKeyword: keyword },
				limit: PAGE,
			})
			left = ids.length
			if (left === 0) break
			const update = Object.fromEntries(ids.map(id => [id, { [`keywords/${keyword}`]: null }]))
			await this.#mail.jmap.set('Email/set', { update })
		}
		await this.#mail.preferences.setLabel(keyword, null)
	}
}
