import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listen, serveSmtp } from '../src/servers/index.ts'
import { house } from './support/house.ts'
import { open, Talk } from './support/talk.ts'

test('a port that is taken is named, and no other door stays open', async () => {
	const taken = await open(house(), serveSmtp)
	const door = { address: '127.0.0.1', implicitTls: false, serve: serveSmtp, busy: '421' }
	const free = await open(house(), serveSmtp)
	await free.close()
	await assert.rejects(
		listen(house(), [
			{ ...door, name: 'submission', port: free.port },
			{ ...door, name: 'smtp', port: taken.port },
		]),
		new RegExp(`port ${taken.port} on 127\\.0\\.0\\.1 .*is taken by another program`),
	)
	const again = await listen(house(), [{ ...door, name: 'submission', port: free.port }])
	await again.close()
	await taken.close()
})

test('an address has only so many connections; one that ends makes room', async () => {
	const limits = { ...house().limits, connectionsPerAddress: 2, countLoopback: true }
	const door = await open(house({ limits }), serveSmtp)
	const first = await Talk.to(door.port)
	assert.match(await first.reply(), /^220/)
	const second = await Talk.to(door.port)
	assert.match(await second.reply(), /^220/)
	const third = await Talk.to(door.port)
	assert.equal(await third.rest(), '421 busy\r\n')
	await first.say('QUIT')
	await first.rest()
	first.close()
	for (;;) {
		const next = await Talk.to(door.port)
		const heard = await next.hear(/\r\n$/)
		next.close()
		if (heard.startsWith('220')) break
	}
	second.close()
	await door.close()
})

test('who never begins TLS is let go when we stop', async () => {
	const door = await open(house(), serveSmtp, true)
	const silent = await Talk.to(door.port)
	const babbling = await Talk.to(door.port)
	babbling.send('EHLO this is no TLS\r\n')
	assert.doesNotMatch(await babbling.rest(), /220/)
	await door.close()
	assert.equal(await silent.rest(), '')
})
