import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Act, covers, inScope, may, type Place } from './may.ts'

const grant = (
	role: 'admin' | 'domain' | 'unit' | 'helpdesk' | 'auditor',
	domain?: string,
	unit?: string,
) => [{ role, domain: domain ?? null, unit: unit ?? null }]
const whole: Place = {}
const here: Place = { domain: 'a.test', units: ['company', 'branch'] }
const there: Place = { domain: 'b.test', units: ['company', 'other'] }

test('each role may what is its own, where it holds, and nothing else', () => {
	const table: [ReturnType<typeof grant>, Act, Place, boolean][] = [
		[[], 'accounts:read', here, false],
		[grant('admin'), 'nodes:change', whole, true],
		[grant('domain', 'a.test'), 'accounts:change', here, true],
		[grant('domain', 'a.test'), 'accounts:change', there, false],
		[grant('domain', 'a.test'), 'accounts:change', whole, false],
		[grant('domain', 'a.test'), 'nodes:read', whole, false],
		[grant('domain', 'a.test'), 'domains:change', { domain: 'a.test' }, false],
		[grant('unit', undefined, 'company'), 'accounts:change', here, true],
		[grant('unit', undefined, 'branch'), 'accounts:change', here, true],
		[grant('unit', undefined, 'branch'), 'accounts:change', there, false],
		[grant('unit', undefined, 'branch'), 'units:change', { units: ['company'] }, false],
		[grant('helpdesk'), 'accounts:password', here, true],
		[grant('helpdesk'), 'accounts:change', here, false],
		[grant('helpdesk', 'b.test'), 'accounts:password', here, false],
		[grant('auditor'), 'audit:read', whole, true],
		[grant('auditor'), 'accounts:change', here, false],
		[grant('auditor', 'a.test'), 'audit:read', whole, false],
		// A grant that lacks its place holds nowhere.
		[grant('domain'), 'accounts:read', here, false],
		[grant('unit'), 'accounts:read', whole, false],
	]
	for (const [grants, act, place, expected] of table) {
		assert.equal(may(grants, act, place), expected, JSON.stringify([grants, act, place]))
	}
})

test('nobody lays hands on somebody who may more than he', () => {
	const admin: Place = { ...here, holds: [{ role: 'admin', place: whole }] }
	assert.equal(may(grant('helpdesk'), 'accounts:password', admin), false)
	assert.equal(may(grant('domain', 'a.test'), 'accounts:change', admin), false)
	assert.equal(may(grant('admin'), 'accounts:change', admin), true)
	assert.equal(may(grant('helpdesk'), 'accounts:read', admin), true)
	const peer: Place = { ...here, holds: [{ role: 'helpdesk', place: whole }] }
	assert.equal(may(grant('helpdesk'), 'accounts:password', peer), false)
})

test('what one may give is not more than one has', () => {
	assert.equal(covers(grant('domain', 'a.test'), { role: 'helpdesk', place: { domain: 'a.test' } }), true)
	assert.equal(covers(grant('domain', 'a.test'), { role: 'helpdesk', place: whole }), false)
	assert.equal(covers(grant('domain', 'a.test'), { role: 'unit', place: { units: ['branch'] } }), false)
	assert.equal(
		covers(grant('unit', undefined, 'company'), { role: 'unit', place: { units: ['company', 'x'] } }),
		true,
	)
	assert.equal(covers(grant('unit', undefined, 'x'), { role: 'unit', place: { units: ['company'] } }), false)
	assert.equal(covers(grant('auditor'), { role: 'auditor', place: whole }), false)
	assert.equal(covers(grant('admin'), { role: 'admin', place: whole }), true)
})

test('a token reaches no further than its scopes', () => {
	assert.equal(inScope(null, 'nodes:change'), true)
	assert.equal(inScope(['read'], 'nodes:read'), true)
	assert.equal(inScope(['read'], 'nodes:change'), false)
	assert.equal(inScope(['accounts:read'], 'accounts:change'), false)
	assert.equal(inScope(['accounts'], 'accounts:password'), true)
	assert.equal(inScope(['mail'], 'accounts:read'), false)
	assert.equal(inScope([], 'accounts:read'), false)
})
