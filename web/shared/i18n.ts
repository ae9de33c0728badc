import { nextTick, type Ref } from 'vue'
import { createI18n } from 'vue-i18n'
import { kept } from './kept.ts'

export type Language = 'zh-CN' | 'en'
/** A file of texts: keys with dots between them lead into it. */
export type Texts = { [key: string]: string | Texts }
export type Catalogues = Record<Language, () => Promise<Texts[]>>

/** Every language by its own name, so that who cannot read the page finds the way. */
export const languages: { code: Language; name: string }[] = [
	{ code: 'zh-CN', name: '简体中文' },
	{ code: 'en', name: 'English' },
]

const i18n = createI18n({
	legacy: false,
	locale: 'zh-CN',
	messages: {},
	missing: (locale, key) => {
		// Before the first catalogue is there nothing is drawn; after that a missing text is a mistake of ours.
		console.error(`no text for "${key}" in ${locale}`)
		return key
	},
})

/** The text of a key in the language of the page; drawn anew when the language changes. */
export const t = i18n.global.t
/** Is there such a text? For keys made of what the server said. */
export const te = i18n.global.te
export const language = i18n.global.locale as unknown as Ref<Language>

/** Text with a number in it: `n` is written as the language writes numbers, and chooses the plural. */
export function tn(key: string, n: number, named: Record<string, unknown> = {}): string {
	return t(key, { ...named, n: new Intl.NumberFormat(language.value).format(n) }, { plural: n })
}

let catalogues: Catalogues
const loaded = new Set<Language>()

/** To be awaited before the page is drawn. */
export async function startLanguages(all: Catalogues): Promise<void> {
	catalogues = all
	await speak(chosenLanguage())
}

function chosenLanguage(): Language {
	const wanted = [kept.get('language'), ...navigator.languages]
	for (const tag of wanted) {
		if (tag?.toLowerCase().startsWith('zh')) return 'zh-CN'
		if (tag?.toLowerCase().startsWith('en')) return 'en'
	}
	return 'en'
}

/** Goes over to a language; it is kept for the next visit when a person chose it. */
export async function speak(wanted: Language, remember = false): Promise<void> {
	if (!loaded.has(wanted)) {
		for (const texts of await catalogues[wanted]()) i18n.global.mergeLocaleMessage(wanted, texts)
		loaded.add(wanted)
	}
	language.value = wanted
	document.documentElement.lang = wanted
	if (remember) kept.set('language', wanted)
	await nextTick()
}
