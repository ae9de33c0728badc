import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { test } from 'node:test'

const root = resolve(import.meta.dirname, '..')
const source = join(root, 'src')

/** The list of rooms is the table in docs/architecture.md: `| 3 | `wire/` | … | kit, message |`. */
function readRooms(): Map<string, Set<string>> {
	const rooms = new Map<string, Set<string>>()
	const order: string[] = []
	const text = readFileSync(join(root, 'docs/architecture.md'), 'utf8')
	for (const [, name, may] of text.matchAll(/^\| *\d+ *\| *`(\w+)\/` *\|.*\|([^|]*)\|$/gm)) {
		const allowed = may!.trim() === 'all above' ? order : may!.split(',').map(word => word.trim())
		rooms.set(name!, new Set(allowed.filter(word => word !== '' && word !== '–')))
		order.push(name!)
	}
	return rooms
}

const rooms = readRooms()
const files = globSync('**/*.ts', { cwd: source }).filter(file => file.includes('/'))
const roomOf = (file: string) => file.split('/')[0]!

function importsOf(file: string): string[] {
	const text = readFileSync(join(source, file), 'utf8')
	return [...text.matchAll(/(?:from|import|import\()\s*'([^']+)'/g)].map(match => match[1]!)
}

test('the list names at most twelve rooms, and src/ has no others', () => {
	assert.ok(rooms.size > 5 && rooms.size <= 12, `${rooms.size} rooms`)
	assert.deepEqual(new Set(files.map(roomOf)), new Set(rooms.keys()))
})

test('a room imports only from rooms above it, and only through their front door', () => {
	const wrong: string[] = []
	for (const file of files) {
		for (const target of importsOf(file)) {
			if (!target.startsWith('.')) continue
			const to = relative(source, resolve(source, dirname(file), target))
			const [from, into] = [roomOf(file), roomOf(to)]
			if (from === into) continue
			if (!rooms.get(from)?.has(into)) wrong.push(`${file} imports ${to}: ${from} may not use ${into}`)
			else if (to !== `${into}/index.ts`) wrong.push(`${file} imports ${to}: use ${into}/index.ts`)
		}
	}
	assert.deepEqual(wrong, [])
})

test('only cluster/ speaks NATS', () => {
	const wrong = files.filter(
		file => roomOf(file) !== 'cluster' && importsOf(file).some(name => name.startsWith('@nats-io/')),
	)
	assert.deepEqual(wrong, [])
})

test('every room has a front door that says what lives there', () => {
	for (const room of rooms.keys()) {
		if (room === 'main') continue // main is where it starts: nobody imports it
		const door = readFileSync(join(source, room, 'index.ts'), 'utf8')
		assert.match(door, /^\/\*\*[\s\S]{150,}?\*\//, `${room}/index.ts has no front door`)
	}
})

test('files of tests, that run side by side, have addresses of their own', () => {
	const owners = new Map<string, string>()
	const shared: string[] = []
	for (const file of globSync('*.test.ts', { cwd: join(root, 'test') })) {
		const text = readFileSync(join(root, 'test', file), 'utf8')
		for (const address of new Set([...text.matchAll(/'(127(?:\.\d+){3})'/g)].map(match => match[1]!))) {
			// Where programs come from, and ports that the system chooses.
			if (address === '127.0.0.1') continue
			const owner = owners.get(address)
			if (owner) shared.push(`${address}: ${owner}, ${file}`)
			else owners.set(address, file)
		}
	}
	assert.deepEqual(shared, [])
})
