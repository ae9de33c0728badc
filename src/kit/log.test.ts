import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { openSync } from 'node:fs'
import { test } from 'node:test'

test('a disk too full for the log neither ends the process nor keeps it from ending', () => {
	const program = `
		import { makeLog } from ${JSON.stringify(new URL('./log.ts', import.meta.url).href)}
		const log = makeLog({})
		log.info('one')
		setTimeout(() => {
			log.info('two')
			process.exit(7)
		}, 300)`
	const { status } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
		stdio: ['ignore', 'ignore', openSync('/dev/full', 'w')],
		timeout: 20_000,
	})
	assert.equal(status, 7)
})
