// What a component takes and emits is checked when it is run; its logic is in .ts files, which are checked here.
declare module '*.vue' {
	import type { DefineComponent } from 'vue'

	// biome-ignore lint/complexity/noBannedTypes: Vue's own word for "no props known"
	const component: DefineComponent<{}, {}, unknown>
	export default component
}
declare module '*.css'
declare module 'element-plus/es/locale/lang/zh-cn.mjs' {
	export { default } from 'element-plus/es/locale/lang/zh-cn'
}
declare module 'element-plus/es/locale/lang/en.mjs' {
	export { default } from 'element-plus/es/locale/lang/en'
}
