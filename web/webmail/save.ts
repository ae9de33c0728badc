/** Gives a file to the person, under a name no system objects to. */
export function save(blob: Blob, name: string): void {
	const link = document.createElement('a')
	// Whatever it is, the browser stores it and does not open it here.
	link.href = URL.createObjectURL(new Blob([blob], { type: 'application/octet-stream' }))
	link.download =
		name.replace(/[\x00-\x1f\\/:*?"<>|\u202a-\u202e\u2066-\u2069]/g, '_').slice(0, 200) || 'file'
	link.click()
	setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
