import '../shared/style/element.css'
import '../shared/style/base.css'
import { createApp } from 'vue'
import { startLanguages, type Texts } from '../shared/i18n.ts'
import { startTheme } from '../shared/theme.ts'
import App from './App.vue'
import { makeInstallable } from './install.ts'

const both = (...files: Promise<{ default: Texts }>[]) =>
	Promise.all(files.map(async one => (await one).default))

startTheme()
await startLanguages({
	'zh-CN': () => both(import('../shared/messages/zh-CN.ts'), import('./messages/zh-CN.ts')),
	en: () => both(import('../shared/messages/en.ts'), import('./messages/en.ts')),
})
createApp(App).mount('#app')
makeInstallable()
