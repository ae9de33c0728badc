import assert from 'node:assert/strict'
import { type AddressInfo, createServer } from 'node:net'
import { after, before, test } from 'node:test'
import { TOTP } from 'otpauth'
import { joinAll, type TestNode as NetNode, startTestNode } from './cluster-node.ts'
import { Browser, buildPages, endBrowsers } from './support/browser.ts'
import { sendMail, submission } from './support/clients.ts'
import { endAll, PORTS, TestNode, until } from './support/nodes.ts'

/** What a story says in its language. */
type Words = {
	locale: string
	heading: string
	way: RegExp
	wrongCode: RegExp
	/** By what is the matter: what is said of it, and what to do. */
	failures: Record<keyof Unfit | 'self' | 'used', RegExp>
	well: string
}

const CHINESE: Words = {
	locale: 'zh-CN',
	heading: '节点管理',
	way: /系统设置.*分布式服务.*节点管理/s,
	wrongCode: /加入码不正确.*重新复制加入码/s,
	failures: {
		closed: /127\.0\.28\.19 的 9 端口没有打开.*检查排箫是否在上面运行/s,
		other: /有回应，但不是排箫节点.*检查节点IP和 Web 端口/s,
		clock: /时钟相差17\s*分钟.*启用时间同步/s,
		version: /版本相差太远（0\.2\.0 与 0\.1\.0）.*升级到同一版本/s,
		ended: /加入码已失效.*重新取得一个加入码/s,
		member: /已经是某个集群的成员.*在它原来的集群中把它删除/s,
		self: /本节点自己的地址.*填写新节点的地址/s,
		used: /加入码已被使用.*重新取得一个加入码/s,
	},
	well: '正常',
}
const ENGLISH: Words = {
	locale: 'en-GB',
	heading: 'Node management',
	way: /System settings.*Distributed service.*Node management/s,
	wrongCode: /join code is wrong.*Copy the join code/s,
	failures: {
		closed: /At 127\.0\.28\.19 nothing listens on port 9\..*Check that Panpipe runs on it/s,
		other: /answers at .*but it is not Panpipe.*Check the node IP and the web port/s,
		clock: /clocks of the two machines are 17\s*min\w* apart.*Turn on time synchronisation/s,
		version: /too far apart for one cluster \(0\.2\.0 and 0\.1\.0\).*to the same version/s,
		ended: /no longer holds.*Get a new join code/s,
		member: /member of a cluster already.*Delete it from its present cluster/s,
		self: /address of the node you are working at.*Give the address of the new node/s,
		used: /has been used already.*Get a new join code/s,
	},
	well: 'Well',
}

/** Where an administrator may try in vain to find a new node. */
type Unfit = Record<
	'closed' | 'other' | 'clock' | 'version' | 'ended' | 'member',
	{ ip: string; port: number; code: string }
>
let unfit: Unfit
const inVain: { remove(): Promise<void> }[] = []

before(async () => {
	await buildPages()
	unfit = await makeUnfit()
})
after(async () => {
	await endBrowsers()
	await Promise.all(inVain.map(one => one.remove()))
	await endAll()
})

async function makeUnfit(): Promise<Unfit> {
	const made = await Promise.all([{}, { version: '0.2.0' }, {}, {}, {}].map(startTestNode))
	const [clock, version, ended, member, fellow] = made
	const other = createServer(socket =>
		socket
			.on('error', () => {})
			.end('220 mail.example.com\r\n')
			.resume(),
	)
	await new Promise<void>(resolve => other.listen(0, '127.0.28.19', resolve))
	inVain.push(...made, { remove: () => new Promise(resolve => other.close(() => resolve())) })
	const at = async (node: NetNode) => ({
		ip: node.ip,
		port: node.member.webPort,
		code: await node.cluster.joinCode(),
	})
	clock!.clock.off = -17 * 60_000
	await joinAll(fellow!, member!)
	const unfit = {
		closed: { ...(await at(clock!)), ip: '127.0.28.19', port: 9 },
		other: { ...(await at(clock!)), ip: '127.0.28.19', port: (other.address() as AddressInfo).port },
		clock: await at(clock!),
		version: await at(version!),
		ended: await at(ended!),
		member: await at(member!),
	}
	ended!.clock.off = 25 * 3_600_000
	return unfit
}

/** What is filled in is refused, with what is the matter and what to do. */
async function isRefused(
	browser: Browser,
	words: Words,
	name: keyof Words['failures'],
	{ ip, port, code }: { ip: string; port: number; code: string },
): Promise<void> {
	await browser.part('ip').fill(ip)
	await browser.part('web-port').fill(String(port))
	await browser.part('code').fill(code)
	await browser.part('submit').click()
	await browser.part('problem').filter({ hasText: words.failures[name] }).waitFor({ timeout: 15_000 })
	await browser.picture(`${words.locale}-add-${name}`)
}

async function furnish(node: TestNode, person: string): Promise<void> {
	await node.start()
	await node.say('setup', {
		domain: 'test.com',
		admin: 'admin@test.com',
		password: 'secret',
		account: { address: `${person}@test.com`, password: 'secret' },
	})
}

async function signIn(browser: Browser, node: TestNode, login: string): Promise<void> {
	await browser.go(node.ip, '/admin/')
	await browser.part('login').fill(login)
	await browser.part('password').fill('secret')
	await browser.part('sign-in').click()
	await browser.part('who').waitFor({ state: 'attached' })
}

/** By the menu to a page; the one before is gone when this returns. */
async function visit(browser: Browser, name: string): Promise<void> {
	await browser.part(`menu-${name}`).click()
	await browser.page.locator(`[data-test="menu-${name}"][aria-current=page]`).waitFor({ state: 'attached' })
}

/** The first start, by the page. */
async function setUp(browser: Browser, node: TestNode, person: string): Promise<void> {
	await browser.go(node.ip, '/')
	await browser.part('set-up-new').click()
	await browser.part('domain').fill('test.com')
	await browser.part('password').fill('secret enough')
	await browser.part('again').fill('secret enoug')
	await browser.part('next').click()
	await browser.page.locator('[aria-invalid=true]').waitFor()
	await browser.part('again').fill('secret enough')
	await browser.part('next').click()
	await browser.part('local').fill(person)
	await browser.part('account-password').fill('secret')
	await browser.part('finish').click()
	await browser.part('join-others').waitFor()
}

/** A third node that never was alone: it shows its code at the first start, and ends at the sign-in. */
async function joinAtFirstStart(browser: Browser, node: TestNode, locale: string): Promise<void> {
	await node.start()
	const there = await Browser.open({ locale })
	await there.go(node.ip, '/mail/')
	await there.part('set-up-join').click()
	const code = (await there.part('join-code').textContent())!
	await there.inspect(`${locale}-set-up-join`)
	await visit(browser, 'nodes')
	await browser.part('add').click()
	await browser.part('ip').fill(node.ip)
	await browser.part('web-port').fill(String(PORTS.web))
	await browser.part('code').fill(code)
	await browser.part('submit').click()
	await browser.part('joined').waitFor({ timeout: 30_000 })
	await browser.part('close').click()
	await browser.page.locator('tr', { hasText: node.ip }).waitFor()
	await there.part('login').fill('admin@test.com')
	await there.part('password').fill('secret enough')
	await there.part('sign-in').click()
	await visit(there, 'cluster')
	await there.page.locator('[data-test^=node-]').nth(2).waitFor()
	await there.inspect(`${locale}-cluster-of-three`)
	await there.close()
}

/** Two nodes with users of their own become one mail system, by the pages alone. */
async function becomeOne(words: Words, a: TestNode, b: TestNode, c: TestNode): Promise<void> {
	await Promise.all([a.start(), b.start()])
	const there = await Browser.open({ locale: words.locale })
	await there.go(b.ip, '/')
	await there.part('set-up-new').waitFor()
	await there.inspect(`${words.locale}-set-up`)
	await setUp(there, b, 'bob')
	await there.inspect(`${words.locale}-set-up-done`)
	await there.part('join-others').click()
	await there.part('show-code').click()
	const code = (await there.part('join-code').textContent())!
	await there.inspect(`${words.locale}-join-code`)
	await there.close()

	const browser = await Browser.open({ locale: words.locale })
	const { page } = browser
	await setUp(browser, a, 'alice')
	await browser.part('stay-alone').click()
	// Both made them: when they join it is a conflict.
	for (const node of [a, b]) {
		await node.addAccount('team@test.com')
		await node.addAccount('wei@test.com')
	}
	await visit(browser, 'nodes')
	await page.getByRole('heading', { name: words.heading, exact: true }).waitFor()
	assert.match((await page.locator('main').textContent())!, words.way)
	await browser.inspect(`${words.locale}-nodes-alone`)

	// A code that is wrong: what is the matter, and what to do.
	await browser.part('add').click()
	await browser.part('ip').fill(b.ip)
	await browser.part('description').fill('香港')
	await browser.part('web-port').fill(String(PORTS.web))
	await browser.part('site').fill('south')
	await browser.part('code').fill(code.replace(/^./, first => (first === 'A' ? 'B' : 'A')))
	await browser.part('submit').click()
	await browser.part('problem').waitFor()
	assert.match((await browser.part('problem').textContent())!, words.wrongCode)
	await browser.inspect(`${words.locale}-wrong-code`)
	for (const [name, at] of Object.entries(unfit)) await isRefused(browser, words, name as keyof Unfit, at)
	await isRefused(browser, words, 'self', { ip: a.ip, port: PORTS.web, code })
	await browser.part('ip').fill(b.ip)
	await browser.part('web-port').fill(String(PORTS.web))
	await browser.part('code').fill(code)
	await browser.part('submit').click()
	await browser.part('joined').waitFor({ timeout: 30_000 })
	await browser.part('close').click()

	// Both are well, and each knows the other's users.
	const row = page.locator('tr', { hasText: b.ip })
	await row.getByText(words.well).waitFor({ timeout: 15_000 })
	await browser.part('refresh').click()
	await page
		.locator(`[data-test=refreshed] [data-ip="${b.ip}"][data-state=done]`)
		.waitFor({ timeout: 30_000 })
	await browser.inspect(`${words.locale}-refreshed`)
	await browser.part('close').click()
	await browser.inspect(`${words.locale}-nodes`)
	await browser.part('add').click()
	await isRefused(browser, words, 'used', { ip: b.ip, port: PORTS.web, code })
	await page.keyboard.press('Escape')

	await visit(browser, 'forwards')
	await page.getByText('bob@test.com').waitFor()
	assert.equal(await page.getByText('alice@test.com').count(), 0)
	await browser.part('search').fill('nobody')
	await page.getByText('bob@test.com').waitFor({ state: 'detached' })
	await browser.part('search').fill('')
	await page.getByText('bob@test.com').waitFor()
	const download = page.waitForEvent('download')
	await browser.part('export').click()
	assert.equal((await download).suggestedFilename(), 'forwards.csv')
	await browser.inspect(`${words.locale}-forwards`)

	// Three were made twice: the later ones wait for an address of their own, or to become one with the earlier.
	await visit(browser, 'cluster')
	await browser.part(`node-${b.ip}`).getByText(words.well).waitFor()
	await browser.inspect(`${words.locale}-cluster`)
	await visit(browser, 'conflicts')
	await browser.inspect(`${words.locale}-conflicts`)
	await browser.part('settle-team@test.com').click()
	await browser.part('new-address').fill('团队-hk@test.com')
	await browser.part('submit').click()
	await browser.part('settle-team@test.com').waitFor({ state: 'detached' })
	await browser.part('settle-wei@test.com').click()
	await browser.part('how-merge').check()
	await browser.inspect(`${words.locale}-merge`)
	await browser.part('submit').click()
	await page.getByText('wei@test.com').first().waitFor({ state: 'detached', timeout: 20_000 })
	assert.equal((await b.say('account list', { search: 'wei@' })).length, 1)
	await until('the other node knows', 5000, async () =>
		(await b.say('account list', { search: '团队-hk' })).some((one: { conflict: boolean }) => !one.conflict),
	)

	// The other node's settings, and an account that lives there, from here.
	await visit(browser, 'nodes')
	await browser.part(`edit-${b.ip}`).click()
	await browser.part('description').fill('香港中环')
	await browser.inspect(`${words.locale}-edit-node`)
	await browser.part('submit').click()
	await page.locator('tr', { hasText: '香港中环' }).waitFor()
	await visit(browser, 'accounts')
	await browser.part('search').fill('bob')
	await browser.part('account-bob@test.com').click()
	await browser.part('name').fill('李明')
	await browser.part('disabled').check()
	await browser.inspect(`${words.locale}-edit-account`)
	await browser.part('submit').click()
	await page.getByText('李明').waitFor()
	await until('bob is kept out at his home', 5000, async () => {
		const [bob] = await b.say('account list', { search: 'bob@test.com' })
		return bob.disabled && bob.name === '李明'
	})
	await browser.part('search').fill('')
	await browser.part('account-alice@test.com').waitFor()
	await browser.inspect(`${words.locale}-accounts`)

	await joinAtFirstStart(browser, c, words.locale)

	// The node is disabled, then taken out.
	await visit(browser, 'nodes')
	await page.locator('tr', { hasText: b.ip }).getByRole('checkbox').check()
	await browser.part('disable').click()
	await until('it is disabled', 5000, async () =>
		(await a.say('node list')).some(
			(one: { ip: string; enabled: boolean }) => one.ip === b.ip && !one.enabled,
		),
	)
	await browser.part('remove').click()
	await browser.inspect(`${words.locale}-remove-node`)
	await browser.part('yes').click()
	await page.locator('tr', { hasText: b.ip }).waitFor({ state: 'detached' })
	await until('it goes on alone', 10_000, async () => (await b.say('node list').catch(() => [])).length === 1)
	await browser.part('sign-out').click()
	await browser.part('login').waitFor()
	await browser.close()
}

test('two nodes become one mail system by the pages, in Chinese', () =>
	becomeOne(CHINESE, new TestNode('127.0.28.3'), new TestNode('127.0.28.4'), new TestNode('127.0.28.8')))

test('two nodes become one mail system by the pages, in English', () =>
	becomeOne(ENGLISH, new TestNode('127.0.28.5'), new TestNode('127.0.28.6'), new TestNode('127.0.40.4')))

/** One's own password, second factor and keys. */
async function lookAfterOneself(browser: Browser): Promise<void> {
	await visit(browser, 'security')
	await browser.part('sessions').getByText('Chrome').waitFor()
	await browser.part('old-password').fill('secret')
	await browser.part('new-password').fill('better secret')
	await browser.part('new-password-again').fill('better secret')
	await browser.part('change-password').click()
	await browser.part('told').getByText('密码已更改').waitFor()
	await browser.part('app-password-name').fill('手机')
	await browser.part('add-app-password').click()
	await browser.part('app-password').waitFor()
	await browser.part('add-token').click()
	await browser.part('token-name').fill('script')
	await browser.inspect('add-token')
	await browser.part('submit').click()
	await browser.part('token').waitFor()
	await browser.inspect('security')
	await browser.part('totp-on').click()
	const code = () => new TOTP({ secret: secret! }).generate()
	const secret = await browser.part('totp-secret').textContent()
	await browser.inspect('totp')
	await browser.part('totp-code').fill(code())
	await browser.part('totp-confirm').click()
	await browser.part('recovery-code').nth(7).waitFor()
	const [recovery] = await browser.part('recovery-code').allTextContents()
	await browser.part('codes-kept').click()
	await browser.part('sign-out').click()
	await browser.part('login').fill('admin@test.com')
	await browser.part('password').fill('better secret')
	await browser.part('sign-in').click()
	await browser.part('totp').fill(recovery!)
	await browser.part('sign-in').click()
	await browser.part('totp-off').waitFor()
}

test('accounts, domains and roles are looked after by the pages; each role sees what is its own', async () => {
	const node = new TestNode('127.0.28.7')
	await furnish(node, 'alice')
	const browser = await Browser.open({ dark: true })
	await signIn(browser, node, 'admin@test.com')
	await visit(browser, 'domains')
	await browser.part('add').click()
	await browser.part('domain').fill('second.test')
	await browser.part('submit').click()
	await browser.page.getByRole('cell', { name: 'second.test', exact: true }).waitFor()
	await browser.inspect('dark-domains')
	await browser.part('quota-second.test').click()
	await browser.part('quota-storage').selectOption('limit')
	await browser.part('most-storage').fill('500')
	await browser.inspect('dark-domain-quota')
	await browser.part('submit').click()
	await until('it holds', 5000, async () => {
		const { set } = await node.say('domain quota show', { domain: 'second.test' })
		return set.storage === 500 * 2 ** 20 && set.messages === 'default'
	})
	await browser.part('dns-second.test').click()
	await browser.part('records').getByText('v=spf1').waitFor()
	await browser.part('add-dkim').click()
	await browser.part('records').locator('li', { hasText: '_domainkey' }).nth(1).waitFor()
	await browser.inspect('dark-dns')
	await visit(browser, 'certificates')
	await browser.part('certificate').waitFor()
	await browser.inspect('dark-certificate')
	await browser.part('upload').click()
	await browser.part('pem').fill('nonsense')
	await browser.part('key').fill('nonsense')
	await browser.part('submit').click()
	await browser.part('problem').waitFor()
	await browser.inspect('dark-upload')
	await browser.page.keyboard.press('Escape')

	await visit(browser, 'accounts')
	await browser.part('add').click()
	await browser.part('local').fill('zhangwei')
	await browser.part('domain').selectOption('second.test')
	await browser.part('name').fill('张伟')
	await browser.part('password').fill('secret')
	await browser.inspect('dark-add-account')
	await browser.part('submit').click()
	await browser.part('account-zhangwei@second.test').click()
	await browser.part('alias').fill('wei@second.test')
	await browser.part('alias').press('Enter')
	await browser.page.getByRole('button', { name: /wei@second.test/ }).waitFor()
	await browser.part('usage').getByText('500 MB').waitFor()
	await browser.part('quota-messages').selectOption('limit')
	await browser.part('most-messages').fill('1000')
	await browser.inspect('dark-edit-account')
	await browser.part('submit').click()
	await browser.part('told').getByText('已保存 zhangwei@second.test').waitFor()
	const { set } = await node.say('account quota', { address: 'zhangwei@second.test' })
	assert.deepEqual(set, { storage: 'default', messages: 1000 })
	await browser.inspect('dark-accounts')

	await visit(browser, 'grants')
	await browser.part('add').click()
	await browser.part('address').fill('zhangwei@second.test')
	await browser.part('role-domain').check()
	await browser.part('domain').selectOption('second.test')
	await browser.inspect('dark-give-role')
	await browser.part('submit').click()
	await browser.page.getByRole('cell', { name: 'zhangwei@second.test', exact: true }).waitFor()
	await browser.inspect('dark-grants')
	await lookAfterOneself(browser)
	await browser.close()

	const his = await Browser.open({ width: 390 })
	await his.go(node.ip, '/admin/nodes')
	await his.part('login').fill('zhangwei@second.test')
	await his.part('password').fill('secret')
	await his.part('sign-in').click()
	await his.part('problem').waitFor()
	await his.part('menu').click()
	assert.equal(await his.part('menu-nodes').count(), 0)
	await his.inspect('domain-administrator-menu')
	await visit(his, 'accounts')
	await his.part('account-zhangwei@second.test').waitFor()
	assert.equal(await his.part('account-alice@test.com').count(), 0)
	await his.close()
})

test('units, groups, accounts by a file, the queue and the audit log', async () => {
	const node = new TestNode('127.0.28.9')
	await furnish(node, 'alice')
	const browser = await Browser.open({ locale: 'en-GB' })
	const { page } = browser
	await signIn(browser, node, 'admin@test.com')

	await visit(browser, 'units')
	await browser.part('add').click()
	await browser.part('name').fill('Acme')
	await browser.part('limit-storage').fill('1000')
	await browser.part('submit').click()
	await browser.part('below-Acme').click()
	await browser.part('name').fill('Sales')
	await browser.part('limit-storage').fill('2000')
	await browser.part('outside').uncheck()
	await browser.part('submit').click()
	// Looser than above: it is said so, and nothing is made.
	await page.locator('#unit [aria-invalid=true]').waitFor()
	await browser.part('limit-storage').fill('500')
	await browser.inspect('unit')
	await browser.part('submit').click()
	await browser.part('edit-Sales').waitFor()
	await browser.inspect('units')

	await visit(browser, 'accounts')
	await browser.part('import-accounts').click()
	const lines = Array.from({ length: 300 }, (_, i) => `user${i}@test.com,User ${i},Acme/Sales`)
	const csv = ['address,name,unit', ...lines, 'someone@elsewhere.test,,'].join('\r\n')
	await browser
		.part('file')
		.setInputFiles({ name: 'accounts.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) })
	await browser.part('trial').click()
	await browser.part('report').getByText('300 made').waitFor({ timeout: 20_000 })
	assert.match((await browser.part('report').textContent())!, /1 line refused/)
	assert.equal((await node.say('account list')).length, 2)
	await browser.inspect('import')
	await browser.part('import').click()
	await until('all are made', 20_000, async () => (await node.say('account list')).length === 302)
	await browser.part('close').click()
	await browser.part('filter-unit').selectOption({ label: 'Acme/Sales' })
	// As far down as one looks, so far it is fetched, and only what is in sight is drawn.
	const down = () => page.locator('.scroller').press('End')
	await until('all are fetched', 10_000, async () => {
		await down()
		return /^300 accounts$/.test((await browser.part('count').textContent())!.trim())
	})
	await down()
	await browser.part('account-user99@test.com').waitFor()
	assert.ok((await page.locator('.scroller [role=row]').count()) < 100)
	await browser.inspect('accounts-of-unit')

	await visit(browser, 'groups')
	await browser.part('add').click()
	await browser.part('address').fill('all@test.com')
	await browser.part('members').fill('alice@test.com, user1@test.com\nfriend@elsewhere.test')
	await browser.part('senders').selectOption('anyone')
	await browser.inspect('group')
	await browser.part('submit').click()
	await browser.part('group-all@test.com').click()
	await browser.part('member-count').getByText('3').waitFor()
	await browser.part('new-members').fill('user2@test.com')
	await browser.part('add-members').click()
	await browser.part('member-count').getByText('4').waitFor()
	await browser.inspect('members')
	await browser.part('close').click()
	await browser.inspect('groups')

	const alice = await submission(node.ip, 'alice@test.com')
	await sendMail(alice, 'alice@test.com', 'x@elsewhere.test', 'Subject: waits\r\n\r\nx\r\n')
	alice.close()
	await visit(browser, 'queue')
	await page.getByRole('button', { name: 'x@elsewhere.test' }).click()
	await page.getByText('Subject: waits').waitFor()
	await browser.inspect('waiting-message')
	await browser.part('close').click()
	await browser.inspect('queue')
	await page.getByRole('checkbox', { name: 'Select x@elsewhere.test' }).check()
	await browser.part('hold').click()
	await until('it is held', 5000, async () => (await node.say('queue list'))[0].held)
	await page.getByRole('checkbox', { name: 'Select x@elsewhere.test', checked: false }).check()
	await browser.part('drop').click()
	await browser.part('yes').click()
	await until('it is gone', 5000, async () =>
		(await node.say('queue list')).every((one: { to: string }) => one.to !== 'x@elsewhere.test'),
	)

	await visit(browser, 'dashboard')
	await until('the letter is counted', 10_000, async () => {
		await browser.page.reload()
		return /^[1-9]/.test((await browser.part('tile-submitted').textContent())!)
	})
	await browser.inspect('dashboard')
	await visit(browser, 'trace')
	await browser.part('address').fill('x@elsewhere.test')
	await browser.part('address').press('Enter')
	await browser.part('traced').getByText('Dropped by an administrator').waitFor()
	await browser.inspect('trace')

	await visit(browser, 'audit')
	await browser.part('verify').click()
	await browser.part('whole').waitFor()
	await browser.part('search').fill('all@test.com')
	await page.getByRole('button', { name: 'Make group' }).click()
	await page.getByRole('row', { name: /senders/ }).waitFor()
	await browser.inspect('audit-entry')
	await browser.part('close').click()
	await browser.part('search').fill('')
	await page.getByRole('button', { name: 'Drop mail' }).waitFor()
	await browser.inspect('audit')
	await browser.close()
})

/** All pages; what each finds of them in the menu; where he finds nothing that he could press to change something. */
const PAGES =
	'dashboard cluster accounts groups units domains conflicts queue trace certificates nodes forwards grants audit security'
const CHANGING = [
	'add',
	'import-accounts',
	'remove',
	'disable',
	'hold',
	'drop',
	'refresh',
	'order',
	'upload',
	'add-dkim',
]
	.map(name => `[data-test="${name}"]`)
	.join(', ')
const ROLES: { role: string; where: object; menu: string; looks: string }[] = [
	{
		role: 'auditor',
		where: {},
		menu: PAGES,
		looks: 'accounts groups units domains conflicts queue certificates nodes grants',
	},
	{
		role: 'domain',
		where: { domain: 'test.com' },
		menu: 'accounts groups domains conflicts forwards grants security',
		looks: 'domains',
	},
	{
		role: 'unit',
		where: { unit: 'Acme' },
		menu: 'accounts groups units domains conflicts forwards grants security',
		looks: 'domains',
	},
	{ role: 'helpdesk', where: {}, menu: 'accounts conflicts forwards security', looks: 'accounts conflicts' },
]

test('each role finds its own pages, and a forbidden one says so', async () => {
	const node = new TestNode('127.0.28.10')
	await furnish(node, 'alice')
	await node.say('unit add', { name: 'Acme' })
	const browser = await Browser.open()
	for (const { role, where, menu, looks } of ROLES) {
		await node.addAccount(`${role}@test.com`)
		await node.say('admin grant', { address: `${role}@test.com`, role, ...where })
		await signIn(browser, node, `${role}@test.com`)
		await browser.part('menu-security').waitFor()
		const found = await browser.page.locator('[data-test^=menu-]').all()
		const names = await Promise.all(found.map(async one => (await one.getAttribute('data-test'))!.slice(5)))
		assert.deepEqual(names.sort(), menu.split(' ').sort(), role)
		// By the address: a page of others says so, one of his own shows what is in his reach.
		const mine = new Set(menu.split(' '))
		for (const name of PAGES.split(' ').filter(one => !mine.has(one))) {
			await browser.go(node.ip, `/admin/${name}`)
			await browser.part('problem').getByText('您没有权限').first().waitFor()
		}
		for (const name of mine) {
			await browser.go(node.ip, `/admin/${name}`)
			await browser.page.locator('#content h1').waitFor()
			await browser.idle()
			assert.equal(await browser.part('problem').count(), 0, `${role} at ${name}`)
		}
		for (const name of looks.split(' ')) {
			await browser.go(node.ip, `/admin/${name}`)
			await browser.page.locator('#content h1').waitFor()
			await browser.idle()
			const changing = browser.page.locator('main').locator(CHANGING)
			assert.deepEqual(await changing.allTextContents(), [], `${role} at ${name}`)
		}
		if (role === 'unit') await nameOwnUnit(browser, node)
		await browser.part('sign-out').click()
		await browser.part('login').waitFor()
	}
	await browser.part('login').fill('alice@test.com')
	await browser.part('password').fill('secret')
	await browser.part('sign-in').click()
	await browser.page.getByText('此账号没有管理权限').waitFor()
	await browser.inspect('no-role')
	await browser.close()
})

/** Its limits and its place are decided above; what it is called, and what stands below it, is its administrator's. */
async function nameOwnUnit(browser: Browser, node: TestNode): Promise<void> {
	await visit(browser, 'units')
	await browser.part('edit-Acme').click()
	await browser.part('decided-above').waitFor()
	for (const name of ['limit-storage', 'outside', 'kind', 'parent'])
		assert.equal(await browser.part(name).count(), 0, name)
	await browser.part('name').fill('Acme 2')
	await browser.part('submit').click()
	await browser.part('below-Acme 2').click()
	await browser.part('limit-storage').waitFor()
	assert.deepEqual(await browser.page.locator('[data-test=parent] option').allTextContents(), ['Acme 2'])
	await browser.part('name').fill('Below')
	await browser.part('submit').click()
	await browser.part('remove-Below').waitFor()
	assert.equal(await browser.part('remove-Acme 2').count(), 0)
	const units = await node.say('unit list')
	assert.deepEqual(
		units.map(({ path }: { path: string }) => path),
		['Acme 2', 'Acme 2/Below'],
	)
}

/** Where the keyboard is: what it is called, whether one sees it there, whether it is within the open dialogue. */
type Focus = { name: string; seen: boolean; inside: boolean }
const focused = (browser: Browser) =>
	browser.page.evaluate(`(() => {
		const here = document.activeElement
		const { outlineStyle, outlineWidth } = getComputedStyle(here)
		// A field shows it by the frame round it.
		const frame = here.closest('.el-input__wrapper, .el-switch')
		const seen = (outlineStyle !== 'none' && outlineWidth !== '0px') || (frame && getComputedStyle(frame).boxShadow !== 'none')
		return {
			name: here.getAttribute('data-test') ?? here.getAttribute('aria-label') ?? here.textContent.trim(),
			seen: here === document.body || Boolean(seen),
			inside: here === document.body || here.closest('dialog[open]') !== null,
		}
	})()`) as Promise<Focus>

test('by the keyboard alone: one sees where one is, a dialogue keeps and gives back the focus, what happened is said', async () => {
	const node = new TestNode('127.0.40.3')
	await furnish(node, 'alice')
	const browser = await Browser.open()
	const { page } = browser
	const press = (key: string) => page.keyboard.press(key)
	await browser.go(node.ip, '/admin/domains')
	// The sign-in waits for the name.
	await until('the name can be typed', 10_000, async () => (await focused(browser)).name === 'login')
	await page.keyboard.type('admin@test.com')
	await press('Tab')
	await page.keyboard.type('secret')
	await press('Enter')
	await browser.part('dns-test.com').waitFor()

	// Past the menu with one key, then through everything there is.
	await page.reload()
	await browser.part('dns-test.com').waitFor()
	await press('Tab')
	assert.equal((await focused(browser)).name, '跳到正文')
	await press('Enter')
	await until(
		'in the page',
		5000,
		async () => (await page.evaluate('document.activeElement.id')) === 'content',
	)
	const stops: Focus[] = []
	for (let i = 0; i < 6; i++) {
		await press('Tab')
		stops.push(await focused(browser))
	}
	assert.deepEqual(
		stops.filter(({ seen }) => !seen),
		[],
		'one does not see where one is',
	)
	assert.equal(stops[0]!.name, 'add')

	await browser.part('add').focus()
	await press('Enter')
	await until('in the field', 5000, async () => (await focused(browser)).name === 'domain')
	for (let i = 0; i < 12; i++) {
		await press('Tab')
		const stop = await focused(browser)
		assert.ok(stop.inside, `the keyboard left the dialogue for ${stop.name}`)
		assert.ok(stop.seen, `one does not see where one is: ${stop.name}`)
	}
	await press('Escape')
	await page.locator('dialog').waitFor({ state: 'detached' })
	assert.equal((await focused(browser)).name, 'add', 'the focus comes back to what opened it')

	await press('Enter')
	await until('in the field again', 5000, async () => (await focused(browser)).name === 'domain')
	await page.keyboard.type('third.test')
	await press('Enter')
	await page.locator('[role=status]', { hasText: '已添加 third.test' }).waitFor()
	assert.equal((await focused(browser)).name, 'add')

	// Every table says what its columns are, and of what it is a table.
	for (const name of ['domains', 'nodes', 'accounts', 'forwards', 'groups', 'grants', 'audit', 'queue']) {
		await visit(browser, name)
		const table = page.locator('main').locator('table, [role=table]').first()
		await table.waitFor({ state: 'attached' })
		const called = await table.evaluate(
			one => one.getAttribute('aria-label') ?? one.querySelector('caption')?.textContent,
		)
		const heads: (string | null)[] = []
		for (const head of await table.getByRole('columnheader', { includeHidden: true }).all()) {
			const box = head.locator('input')
			heads.push((await box.count()) > 0 ? await box.getAttribute('aria-label') : await head.textContent())
		}
		assert.ok(called, `the table of ${name} has no name`)
		assert.ok(heads.length > 1 && heads.every(head => head?.trim()), `${name}: ${heads}`)
	}
	await browser.close()
})
