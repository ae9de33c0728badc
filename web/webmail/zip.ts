import { zip as pack, type Zippable } from 'fflate'

/** Files of the same name get a number. */
export async function zip(files: { name: string; blob: Blob }[]): Promise<Blob> {
	const entries: Zippable = {}
	for (const { name, blob } of files) {
		let free = name
		for (let n = 2; entries[free]; n++) free = name.replace(/(\.[^.]*)?$/, ` (${n})$1`)
		entries[free] = new Uint8Array(await blob.arrayBuffer())
	}
	const packed = await new Promise<Uint8Array>((resolve, reject) =>
		pack(entries, { level: 6 }, (error, data) => (error ? reject(error) : resolve(data))),
	)
	return new Blob([packed as Uint8Array<ArrayBuffer>], { type: 'application/zip' })
}
