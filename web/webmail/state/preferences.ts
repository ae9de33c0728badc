import { type ShallowRef, shallowRef, watch } from 'vue'
import { type Language, language, languages, speak } from '../../shared/i18n.ts'
import { chooseTheme, type Theme, theme, themes } from '../../shared/theme.ts'
import type { Jmap } from '../jmap/client.ts'
import { conversations, densities, density, known, layout, layouts, timeZone } from './wishes.ts'

export type Label = { name: string; color: string }
type Wishes = Record<string, string | boolean | null>
type Kept = { trustedSenders: Record<string, true>; labels: Record<string, Label> }

const MOST_TRUSTED = 500

/** The wishes that follow a person, and how each is read and taken over. What a device does not know it leaves alone. */
const WISHES: Record<string, { now(): string | boolean | null; take(value: unknown): unknown }> = {
	language: {
		now: () => language.value,
		take: value => languages.some(({ code }) => code === value) && speak(value as Language, true),
	},
	theme: {
		now: () => theme.value,
		take: value => themes.includes(value as Theme) && chooseTheme(value as Theme),
	},
	timeZone: {
		now: () => timeZone.value,
		take: value => (timeZone.value = known(value as string | null)),
	},
	density: {
		now: () => density.value,
		take: value => densities.includes(value as never) && (density.value = value as never),
	},
	layout: {
		now: () => layout.value,
		take: value => layouts.includes(value as never) && (layout.value = value as never),
	},
	conversations: {
		now: () => conversations.value,
		take: value => typeof value === 'boolean' && (conversations.value = value),
	},
}
const wishesNow = (): Wishes =>
	Object.fromEntries(Object.entries(WISHES).map(([name, { now }]) => [name, now()]))

/** How a person likes the webmail, kept with the account: the same at every device, at once. */
export class Preferences {
	readonly kept: ShallowRef<Kept> = shallowRef({ trustedSenders: {}, labels: {} })
	readonly #jmap: Jmap
	/** As the node has them, or as they were when it had none. */
	#last: Wishes | null = null
	/** What the node has is being taken over: until all of it is, nothing of how it was before is told. */
	#taking = false
	#loaded: Promise<unknown> = Promise.resolve()
	#stop = () => {}

	constructor(jmap: Jmap) {
		this.#jmap = jmap
	}

	/**
	 * Takes over what the node has; from then on what is changed here is told to it. One after the other, or what was
	 * read earlier might be taken over later. @throws Problem
	 */
	load(): Promise<void> {
		const loading = this.#loaded.then(() => this.#load())
		this.#loaded = loading.catch(() => {})
		return loading
	}

	async #load(): Promise<void> {
		const { list } = await this.#jmap.call<{ list: (Kept & Wishes)[] }>('Preferences/get', { ids: null })
		const { trustedSenders, labels, ...wishes } = list[0]!
		this.kept.value = { trustedSenders, labels } as Kept
		const wanted = Object.entries(WISHES).filter(([name]) => wishes[name] !== null)
		// First: what comes from the node is not told back to it.
		const last: Wishes = { ...(this.#last ?? wishesNow()) }
		for (const [name] of wanted) last[name] = wishes[name] as string | boolean
		const isFirst = this.#last === null
		this.#last = last
		this.#taking = true
		try {
			for (const [name, { take }] of wanted) await take(wishes[name])
		} finally {
			this.#taking = false
		}
		const tell = (now: Wishes) => void this.#tell(now).catch(() => {})
		if (isFirst) this.#stop = watch(wishesNow, tell)
		else tell(wishesNow()) // what was changed here meanwhile
	}

	close(): void {
		this.#stop()
	}

	async #tell(now: Wishes): Promise<void> {
		if (this.#taking) return
		const changed = Object.entries(now).filter(([name, value]) => value !== this.#last![name])
		if (changed.length === 0) return
		this.#last = { ...now }
		await this.#change(Object.fromEntries(changed))
	}

	async #change(patch: Record<string, unknown>): Promise<void> {
		await this.#jmap.set('Preferences/set', { update: { singleton: patch } })
	}

	trusts(address: string): boolean {
		return Object.hasOwn(this.kept.value.trustedSenders, address.toLowerCase())
	}

	/** Pictures of this sender are fetched from now on. @throws Problem */
	async trust(address: string): Promise<void> {
		const all = [...Object.keys(this.kept.value.trustedSenders), address.toLowerCase()].slice(-MOST_TRUSTED)
		const trustedSenders = Object.fromEntries(all.map(each => [each, true as const]))
		this.kept.value = { ...this.kept.value, trustedSenders }
		await this.#change({ trustedSenders })
	}

	/** @param label null: there is none any more. @throws Problem */
	async setLabel(keyword: string, label: Label | null): Promise<void> {
		const { [keyword]: _, ...labels } = this.kept.value.labels
		if (label) labels[keyword] = label
		await this.#change({ labels })
		this.kept.value = { ...this.kept.value, labels }
	}
}
