import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { openDatabase, transaction } from '../kit/index.ts'
import { Checkpoints } from './checkpoints.ts'

const MANY = 1024
const PAGE = 4096

function newFolder(t: TestContext): string {
	const folder = mkdtempSync(join(tmpdir(), 'panpipe-checkpoints-'))
	t.after(() => rmSync(folder, { recursive: true }))
	return folder
}

function opened(folder: string) {
	const path = join(folder, 'x.sqlite')
	const db = openDatabase(path)
	db.exec('CREATE TABLE t (x TEXT)')
	const insert = db.prepare('INSERT INTO t VALUES (?)')
	const text = 'x'.repeat(3 * PAGE)
	return {
		db,
		path,
		write: () => transaction(db, () => void insert.run(text)),
		log: () => statSync(`${path}-wal`).size,
	}
}

test('the log is carried over beside the writer, and begins anew', async t => {
	const { db, path, write, log } = opened(newFolder(t))
	const checkpoints = new Checkpoints(db, path, assert.fail, MANY)
	const look = db.prepare('PRAGMA wal_checkpoint(NOOP)')
	const left = () => {
		const { log, checkpointed } = look.get() as { log: number; checkpointed: number }
		return log - checkpointed
	}
	const carried = () => statSync(path).size / PAGE
	let commits = 0
	for (; commits < 10_000 && carried() < 12 * MANY; commits++) {
		write()
		checkpoints.afterCommit()
		// However little of the processor the thread gets.
		for (let wait = 0; wait < 2000 && left() > 2 * MANY; wait++) await setTimeout(5)
	}
	assert.ok(carried() >= 12 * MANY, `${carried()} pages after ${commits} commits`)
	// SQLite, left to itself, would have let it grow to four times as much before it did anything.
	assert.ok(log() < 4 * MANY * PAGE, `${log()} octets`)
	assert.equal(db.prepare('SELECT count(*) AS rows FROM t').get()!.rows, commits)
	await checkpoints.close()
	db.close()
	const again = openDatabase(path, { readOnly: true })
	assert.deepEqual({ ...again.prepare('PRAGMA integrity_check').get() }, { integrity_check: 'ok' })
	assert.equal(again.prepare('SELECT count(*) AS rows FROM t').get()!.rows, commits)
	again.close()
})

test('a thread that cannot do it is told of, and the writer does it as SQLite would', async t => {
	const { db, path, write, log } = opened(newFolder(t))
	const why: string[] = []
	const checkpoints = new Checkpoints(db, join(path, 'nowhere'), each => why.push(each), MANY)
	for (let commits = 0; commits < 4000; commits++) {
		write()
		checkpoints.afterCommit()
		await setImmediate()
	}
	assert.equal(why.length, 1)
	assert.match(why[0]!, /unable to open/)
	assert.ok(log() < 5 * MANY * PAGE, `${log()} octets`)
	await checkpoints.close()
	db.close()
})

test('on a full disk the log stays as it is, and goes when there is room again', async t => {
	const folder = newFolder(t)
	if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', folder]).status !== 0)
		return t.skip('needs to mount a small file system')
	try {
		const many = 64
		const { db, path, write, log } = opened(folder)
		const checkpoints = new Checkpoints(db, path, assert.fail, many)
		let rows = 0
		const commit = async () => {
			write()
			rows++
			checkpoints.afterCommit()
			await setImmediate()
		}
		// The log has the room it needs, as it has been longer; the database has none.
		const empty = statSync(path).size
		while (log() < 3 * many * PAGE || statSync(path).size === empty) await commit()
		const carried = statSync(path).size
		const other = join(folder, 'other')
		writeFileSync(other, '')
		for (const piece = Buffer.alloc(PAGE); ; ) {
			try {
				appendFileSync(other, piece)
			} catch {
				break
			}
		}
		await assert.rejects(async () => {
			for (;;) await commit()
		}, /full/)
		// The thread fails in its own time, and says nothing.
		for (let more = 0; more < 200; more++) {
			checkpoints.afterCommit()
			await setTimeout(1)
		}
		rmSync(other)
		for (const wanted = rows + 4 * many; rows < wanted; ) await commit()
		assert.ok(statSync(path).size > carried)
		assert.equal(db.prepare('SELECT count(*) AS rows FROM t').get()!.rows, rows)
		await checkpoints.close()
		db.close()
	} finally {
		spawnSync('umount', ['-l', folder])
	}
})
