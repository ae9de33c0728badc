import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import vue from '@vitejs/plugin-vue'
import { defineConfig, type Plugin, type Rolldown } from 'vite'

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

/** Tells the service worker of the webmail which files are the webmail's: whatever its page may come to load. */
function workersFiles(): Plugin {
	return {
		name: 'files-of-the-worker',
		apply: 'build',
		enforce: 'post',
		generateBundle(_options, bundle) {
			const chunks = Object.values(bundle).filter(one => one.type === 'chunk')
			const files = new Set<string>()
			const walk = (chunk: Rolldown.OutputChunk | undefined) => {
				if (!chunk || files.has(chunk.fileName)) return
				files.add(chunk.fileName)
				for (const each of chunk.viteMetadata?.importedCss ?? []) files.add(each)
				for (const each of chunk.viteMetadata?.importedAssets ?? []) files.add(each)
				for (const name of [...chunk.imports, ...chunk.dynamicImports])
					walk(chunks.find(each => each.fileName === name))
			}
			walk(chunks.find(each => each.isEntry && each.name === 'webmail'))
			const worker = chunks.find(each => each.isEntry && each.name === 'worker')
			if (!worker || files.size === 0) throw new Error('the webmail or its worker is not in the build')
			const list = [...files].sort().map(name => `/${name}`)
			const version = createHash('sha256').update(list.join()).digest('hex').slice(0, 12)
			worker.code = worker.code.replaceAll('__FILES__', JSON.stringify({ version, files: list }))
		},
	}
}

/** Two pages, one build: `admin/` and `webmail/`, with `shared/` between them. */
export default defineConfig({
	root: import.meta.dirname,
	base: '/',
	plugins: [vue(), workersFiles(), compressed()],
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
				worker: join(import.meta.dirname, 'webmail/worker.ts'),
			},
			output: {
				// A service worker is known by its place.
				entryFileNames: ({ name }) => (name === 'worker' ? 'webmail/worker.js' : 'assets/[name]-[hash].js'),
			},
		},
	},
})
