import { watch } from 'vue'
import { language } from '../shared/i18n.ts'

/** The page as a program of its own: a name and an icon where programs are, and files that stay when the line is gone. */
export function makeInstallable(): void {
	const link = document.createElement('link')
	link.rel = 'manifest'
	watch(language, name => (link.href = `/mail/${name}.webmanifest`), { immediate: true })
	document.head.append(link)
	// The list comes first: the files of pages that nobody looks at yet can wait.
	const later = window.requestIdleCallback ?? setTimeout
	later(() => void navigator.serviceWorker?.register('/mail/worker.js', { scope: '/mail/' }).catch(() => {}))
}
