import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import vue from '@vitejs/plugin-vue'
import { defineConfig, type Plugin } from 'vite'

// Octets: below it a compressed copy saves nothing that matters.
const WORTH_COMPRESSING = 1024

/** Beside every text file its compressed copies, made once here: the node only sends them (preCompressed). */
function compressed(): Plugin {
	let folder = ''
	return {
		name: 'compressed-copies',
		apply: 'build',
		configResolved(config) {
			folder = join(config.root, config.build.outDir)
			if (config.build.outDir.startsWith('/')) folder = config.build.outDir
		},
		closeBundle() {
			for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
				if (!/\.(js|css|html|svg|json|webmanifest)$/.test(name)) continue
				const content = readFileSync(join(folder, name))
				if (content.length < WORTH_COMPRESSING) continue
				const params = { [constants.BROTLI_PARAM_SIZE_HINT]: content.length }
				writeFileSync(join(folder, `${name}.br`), brotliCompressSync(content, { params }))
				writeFileSync(join(folder, `${name}.gz`), gzipSync(content, { level: 9 }))
			}
		},
	}
}

/** Two pages, one build: `admin/` and `webmail/`, with `shared/` between them. */
export default defineConfig({
	root: import.meta.dirname,
	base: '/',
	plugins: [vue(), compressed()],
	define: {
		__VUE_I18N_LEGACY_API__: false,
		__VUE_I18N_FULL_INSTALL__: false,
		__INTLIFY_PROD_DEVTOOLS__: false,
		__VUE_PROD_DEVTOOLS__: false,
	},
	build: {
		outDir: 'dist',
		emptyOutDir: true,
		// The content security policy allows no data: URL but for pictures.
		assetsInlineLimit: 0,
		modulePreload: { polyfill: false },
		rolldownOptions: {
			input: {
				admin: join(import.meta.dirname, 'admin/index.html'),
				webmail: join(import.meta.dirname, 'webmail/index.html'),
			},
		},
	},
})
