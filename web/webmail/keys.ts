/** Keys for those who don't like the mouse: the ones people know from other mail pages. */
export const keys = {
	next: ['j'],
	before: ['k'],
	choose: ['x'],
	chooseAll: ['*'],
	close: ['u', 'Esc'],
	archive: ['e'],
	junk: ['!'],
	remove: ['#', 'Del'],
	move: ['v'],
	label: ['l'],
	star: ['s'],
	read: ['m'],
	write: ['c'],
	reply: ['r'],
	replyAll: ['a'],
	forward: ['f'],
	search: ['/'],
	undo: ['z'],
	help: ['?'],
} as const
export type Key = keyof typeof keys

const NAMES: Record<string, string> = { Escape: 'Esc', Delete: 'Del' }
const byKey = new Map<string, Key>(
	Object.entries(keys).flatMap(([name, pressed]) => pressed.map(one => [one, name as Key] as const)),
)

/** Returns what ends the listening. While somebody types, or a dialogue is open, keys are letters; a tick is not typed. */
export function listenToKeys(act: (key: Key) => unknown): () => void {
	const hear = (event: KeyboardEvent) => {
		if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return
		const target = event.target as HTMLElement
		if (
			target.isContentEditable ||
			target.matches('textarea, select, input:not([type=checkbox], [type=radio])') ||
			document.querySelector('dialog[open]')
		)
			return
		const key = byKey.get(NAMES[event.key] ?? event.key)
		if (!key) return
		event.preventDefault()
		act(key)
	}
	addEventListener('keydown', hear)
	return () => removeEventListener('keydown', hear)
}
