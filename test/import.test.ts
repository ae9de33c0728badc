import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import iconv from 'iconv-lite'
import { smtp, submission } from './support/clients.ts'
import { endAll, joinTo, TestNode, until } from './support/nodes.ts'
import { Visitor } from './support/web.ts'

/* Accounts by CSV files, at real nodes. */

const a = new TestNode('127.0.26.20')
const b = new TestNode('127.0.26.21')
const file = join(tmpdir(), `panpipe-import-${process.pid}.csv`)
let admin: Visitor

before(async () => {
	await Promise.all([a.start(), b.start()])
	await a.say('domain add', { domain: 'test.com' })
	await joinTo(a, b, '成都')
	await a.panpipe('unit', 'add', '总公司', '--kind', 'company')
	await a.panpipe('unit', 'add', '销售部', '--parent', '总公司', '--accounts', '3')
	await a.addAccount('admin@test.com')
	await a.say('admin grant', { address: 'admin@test.com', role: 'admin' })
	await until('b knows', 5000, async () => (await b.say('account list')).length === 1)
	admin = await new Visitor(b).signIn('admin@test.com')
})
after(async () => {
	await endAll()
	rmSync(file, { force: true })
})

type Line = {
	line: number
	address: string
	outcome: string
	why?: string
	fields?: string[]
	password?: string
}
async function load(text: string, ...flags: string[]): Promise<{ lines: Line[]; [count: string]: unknown }> {
	writeFileSync(file, iconv.encode(text, 'gb18030'))
	return a.json('account', 'import', file, ...flags)
}
const outcomes = ({ lines }: { lines: Line[] }) => lines.map(({ line, outcome }) => `${line} ${outcome}`)

const FILE = `邮箱,姓名,密码,部门,停用,别名,工号
zhangwei@test.com,张伟,hello-张伟,总公司/销售部,否,wei@test.com,1
lina,李娜,,销售部,,,2
"wang@test.com","王 ""小"" 明
先生",secret,,是,,3
wang@test.com,王二,,,,,4
no address,无,,,,,5
x@elsewhere.test,外,,,,,6
liu@test.com,刘洋,,市场部,,,7
chen@test.com,陈静,,销售部,maybe,,8
zhao@test.com,赵磊,,销售部,,admin@test.com,9
sun@test.com,孙悦,,销售部,,,10
`

test('a dry run says of each line what would become of it, and does nothing', async () => {
	const report = await load(FILE, '--dry-run')
	assert.deepEqual(outcomes(report), [
		'2 created',
		'3 created',
		'4 created',
		'6 refused',
		'7 refused',
		'8 refused',
		'9 refused',
		'10 refused',
		'11 created',
		'12 refused',
	])
	const why = Object.fromEntries(report.lines.map(({ line, why }) => [line, why]))
	assert.match(why[6]!, /line 4 is about wang@test\.com already/)
	assert.match(why[7]!, /is no address/)
	assert.match(why[8]!, /elsewhere\.test is no domain of ours/)
	assert.match(why[9]!, /no unit "市场部"/)
	assert.match(why[10]!, /"maybe" is neither yes/)
	assert.match(why[11]!, /admin@test\.com is taken/)
	assert.match(why[12]!, /销售部 may have 3 accounts/)
	assert.deepEqual(report.ignored, ['工号'])
	assert.equal((await a.say('account list')).length, 1)
})

test('the run does what the dry run said, and the same file once more changes nothing', async () => {
	const planned = outcomes(await load(FILE, '--dry-run', '--generate-passwords'))
	const report = await load(FILE, '--generate-passwords')
	assert.deepEqual(outcomes(report), planned)
	assert.deepEqual([report.created, report.refused], [4, 6])
	const again = await load(FILE, '--generate-passwords')
	assert.deepEqual(
		again.lines.filter(({ outcome }) => outcome !== 'refused').map(({ outcome }) => outcome),
		['unchanged', 'unchanged', 'unchanged', 'unchanged'],
	)
	const accounts: { address: string; name: string; unit: string; disabled: boolean }[] =
		await a.say('account list')
	const found = (address: string) => accounts.find(one => one.address === address)!
	assert.deepEqual(
		[found('zhangwei@test.com').name, found('zhangwei@test.com').unit],
		['张伟', '总公司/销售部'],
	)
	assert.deepEqual([found('wang@test.com').name, found('wang@test.com').disabled], ['王 "小" 明\n先生', true])
	;(await submission(a.ip, 'zhangwei@test.com', 'hello-张伟')).close()
	const { password } = report.lines.find(({ address }) => address === 'lina@test.com')!
	;(await submission(a.ip, 'lina@test.com', password)).close()
	assert.deepEqual(await a.say('alias list'), [{ address: 'wei@test.com', targets: ['zhangwei@test.com'] }])
})

test('what differs is changed, empty cells say nothing, and passwords only when that is asked for', async () => {
	const text =
		'address;name;password;unit\r\nzhangwei@test.com;张大伟;another;/\r\nlina@test.com;;another;\r\n'
	const [first, second] = (await load(text)).lines
	assert.deepEqual([first!.outcome, first!.fields], ['changed', ['name', 'unit']])
	assert.equal(second!.outcome, 'unchanged')
	;(await submission(a.ip, 'zhangwei@test.com', 'hello-张伟')).close()
	const reset = await load(text, '--reset-passwords')
	assert.deepEqual(
		reset.lines.map(({ fields }) => fields),
		[['password'], ['password']],
	)
	;(await submission(a.ip, 'lina@test.com', 'another')).close()
	assert.deepEqual((await load(text, '--reset-passwords')).unchanged, 2)
})

test('what was exported is imported without a change, and holds no password', async () => {
	writeFileSync(file, await a.panpipe('account', 'export'))
	const report = await a.json('account', 'import', file)
	assert.deepEqual([report.unchanged, report.lines.length], [5, 5])
	const { headers, text } = await admin.get('/accounts/export?domain=test.com')
	assert.match(headers['content-type'], /^text\/csv/)
	assert.match(text, /^\ufeff?address,name,unit,node,disabled,aliases\r\n/)
	assert.doesNotMatch(text, /argon2/)
})

test('a file that names no columns is refused with a sentence', async () => {
	writeFileSync(file, 'alice@test.com,secret\n')
	await assert.rejects(a.panpipe('account', 'import', file), /first line must name the columns/)
	await assert.rejects(a.panpipe('account', 'import', `${file}.gone`), /cannot be read: ENOENT/)
})

test('a quote that is left open refuses the whole file, on trial and in earnest, and names the line', async () => {
	const { length } = await a.say('account list')
	const lines = Array.from({ length: 30 }, (_, i) => `open${i}@test.com,${i === 4 ? '"' : ''}张${i}`)
	writeFileSync(file, `address,name\n${lines.join('\n')}\n`)
	await assert.rejects(a.panpipe('account', 'import', file, '--dry-run'), /line 6: a quote/)
	await assert.rejects(a.panpipe('account', 'import', file), /line 6: a quote .*nothing of the file is done/)
	assert.equal((await a.say('account list')).length, length)
})

test('ten thousand lines by the API: a job with progress, while others are served', async () => {
	const rows = Array.from({ length: 10_000 }, (_, i) => `u${i}@test.com,用户${i},${i % 2 ? 'yes' : 'no'}`)
	const body = { file: Buffer.from(`address,name,disabled\n${rows.join('\n')}\n`).toString('base64') }
	const client = await smtp(b.ip)
	const { status, body: job } = await admin.post('/accounts/import', body)
	assert.deepEqual([status, job.total], [202, 10_000])
	const seen = new Set<number>()
	let longest = 0
	let ended = false
	const asking = (async () => {
		while (!ended) {
			const began = performance.now()
			await client.say('NOOP')
			longest = Math.max(longest, performance.now() - began)
		}
	})()
	let last = job
	await until('it is done', 120_000, async () => {
		last = (await admin.get(`/jobs/${job.id}`)).body
		seen.add(last.done)
		return last.state !== 'running'
	})
	ended = true
	await asking
	client.close()
	assert.deepEqual([last.state, last.result.created, last.result.refused], ['done', 10_000, 0])
	assert.ok(seen.size > 3, `progress: ${[...seen]}`)
	// The longest that anybody waited; without turns it would be the whole import.
	const whole = Date.parse(last.ended) - Date.parse(last.started)
	console.log(`10,000 lines in ${whole} ms, the longest NOOP ${Math.round(longest)} ms`)
	assert.ok(longest < 1000 && longest < whole / 3, `${longest} of ${whole} ms`)
	const again = await admin.post('/accounts/import', body)
	await until('it is done again', 60_000, async () => {
		last = (await admin.get(`/jobs/${again.body.id}`)).body
		return last.state !== 'running'
	})
	assert.equal(last.result.unchanged, 10_000)
	await until(
		'all nodes have them',
		60_000,
		async () => (await a.say('status')).accounts.everywhere === 10_005,
	)
	const stranger = await new Visitor(b).signIn('lina@test.com', 'another')
	assert.equal((await stranger.get(`/jobs/${job.id}`)).status, 404)
	assert.equal((await stranger.post('/accounts/import', body)).status, 403)
})

test('a file of a hundred thousand lines is taken', async () => {
	const rows = Array.from({ length: 100_000 }, (_, i) => `somebody.${i}@example.test,${'名'.repeat(10)} ${i}`)
	const file = Buffer.from(`address,name\n${rows.join('\n')}\n`).toString('base64')
	assert.ok(file.length > 5_000_000)
	const { status, body } = await admin.post('/accounts/import', { file, dryRun: true })
	assert.equal(status, 202)
	let job = body
	await until('it is looked through', 120_000, async () => {
		job = (await admin.get(`/jobs/${body.id}`)).body
		return job.state !== 'running'
	})
	// Nobody serves that domain: each line says so.
	assert.deepEqual([job.state, job.result.refused], ['done', 100_000])
})

test('the administrator of a unit imports into his unit only', async () => {
	const unit = await a.json('unit', 'add', '研发部', '--parent', '总公司')
	await a.say('admin grant', { address: 'lina@test.com', role: 'unit', unit: unit.id })
	const lina = await new Visitor(a).signIn('lina@test.com', 'another')
	const text = 'address,unit,name\nnew1@test.com,研发部,甲\nnew2@test.com,,乙\nzhangwei@test.com,研发部,丙\n'
	const { body: job } = await lina.post('/accounts/import', { file: Buffer.from(text).toString('base64') })
	let done = job
	await until(
		'it is done',
		10_000,
		async () => (done = (await lina.get(`/jobs/${job.id}`)).body).state !== 'running',
	)
	assert.deepEqual(outcomes(done.result), ['2 created', '3 refused', '4 refused'])
	assert.match(done.result.lines[1].why, /no right/)
})
