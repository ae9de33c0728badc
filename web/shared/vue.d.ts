// What a component takes and emits is checked when it is run; its logic is in .ts files, which are checked here.
declare module '*.vue' {
	import type { DefineComponent } from 'vue'

	// biome-ignore lint/complexity/noBannedTypes: Vue's own word for "no props known"
	const component: DefineComponent<{}, {}, unknown>
	export default component
}
declare module '*.css'
// It has no types of its own; this is what we use of it.
declare module 'qrcode' {
	export function create(
		text: string,
		options: { errorCorrectionLevel: 'L' | 'M' | 'Q' | 'H' },
	): { modules: { size: number; get(row: number, column: number): number } }
}
