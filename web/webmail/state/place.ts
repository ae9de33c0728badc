import { reactive, readonly } from 'vue'

/** Where the person is, as the address bar says it: the browser's way back leads back here too. */
export type Place = {
	/** A folder's id; null = the inbox. */
	folder: string | null
	/** Words that are searched for; '' = nothing is. */
	search: string
	/** The message that is open. */
	message: string | null
	view: 'mail' | 'settings' | 'contacts' | 'waiting'
}

const now = reactive<Place>(read())
export const place = readonly(now)

addEventListener('hashchange', () => Object.assign(now, read()))

/** Goes there; `replace` leaves no way back to where we were. */
export function go(to: Partial<Place>, replace = false): void {
	const next = write({ ...now, ...to })
	if (next === location.hash) return
	if (replace) history.replaceState(null, '', next)
	else history.pushState(null, '', next)
	Object.assign(now, read())
}

function read(): Place {
	const said = new URLSearchParams(location.hash.slice(1))
	const view = said.get('view')
	return {
		folder: said.get('folder'),
		search: said.get('search') ?? '',
		message: said.get('message'),
		view: view === 'settings' || view === 'contacts' || view === 'waiting' ? view : 'mail',
	}
}

function write({ folder, search, message, view }: Place): string {
	const said = new URLSearchParams()
	if (view !== 'mail') said.set('view', view)
	if (folder) said.set('folder', folder)
	if (search) said.set('search', search)
	if (message) said.set('message', message)
	return `#${said}`
}
