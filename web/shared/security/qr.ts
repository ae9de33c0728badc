/** A text as a QR code: one SVG path, a module of it one unit wide, and how many there are on a side. */
export async function qrPath(text: string): Promise<{ path: string; side: number }> {
	const { create } = await import('qrcode')
	const { modules } = create(text, { errorCorrectionLevel: 'M' })
	let path = ''
	for (let y = 0; y < modules.size; y++) {
		for (let x = 0; x < modules.size; x++) if (modules.get(y, x)) path += `M${x} ${y}h1v1h-1z`
	}
	return { path, side: modules.size }
}
