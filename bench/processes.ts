/** Processes: who belongs to a server, what memory they hold, how to end them. Linux only (/proc). */
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** The process and everything that descends from it, as of now. */
export function family(root: number): number[] {
	const children = new Map<number, number[]>()
	for (const entry of readdirSync('/proc')) {
		const pid = Number(entry)
		if (!Number.isInteger(pid)) continue
		const stat = read(`/proc/${pid}/stat`)
		// The name stands in brackets and may hold anything: what counts comes after the last one.
		const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
		const siblings = children.get(parent)
		if (siblings) siblings.push(pid)
		else children.set(parent, [pid])
	}
	const found = [root]
	for (let i = 0; i < found.length; i++) found.push(...(children.get(found[i]!) ?? []))
	return found
}

/**
 * Octets of memory of a server. PSS divides what processes share among those that share it,
 * so that its sum over Dovecot's many processes is what they really cost.
 * Not counted: Dovecot's idle `lmtp` processes, which may end between two measurements.
 */
export function proportionalMemory(root: number): number {
	const counted = family(root).filter(pid => read(`/proc/${pid}/comm`).trim() !== 'lmtp')
	return counted.reduce((sum, pid) => sum + kilobytes(read(`/proc/${pid}/smaps_rollup`), 'Pss'), 0) * 1024
}

/** Octets resident, of the process and all its descendants. */
export function residentFamily(root: number): number {
	return family(root).reduce((sum, pid) => sum + kilobytes(read(`/proc/${pid}/status`), 'VmRSS'), 0) * 1024
}

/** Waits until they do nothing any more: what one server does in its own time must not be taken from the other. */
export async function quiet(roots: number[]): Promise<void> {
	const spent = () => roots.flatMap(family).reduce((sum, pid) => sum + ticks(read(`/proc/${pid}/stat`)), 0)
	let before = spent()
	for (let second = 0; second < 60; second++) {
		await sleep(1000)
		const now = spent()
		if (now - before <= 5) return
		before = now
	}
	throw new Error('a server is busy for a minute, and nobody asks it anything')
}

/** Of processor time, a hundredth of a second each. */
function ticks(stat: string): number {
	const [, , , , , , , , , , , user, system] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
	return Number(user ?? 0) + Number(system ?? 0)
}

export function alive(pid: number): boolean {
	const stat = read(`/proc/${pid}/stat`)
	return stat !== '' && stat[stat.lastIndexOf(')') + 2] !== 'Z'
}

/** SIGTERM for the root of the family; who is still there after `patienceMs` gets SIGKILL. */
export async function end(root: number, patienceMs = 5000): Promise<void> {
	const all = family(root)
	signal(root, 'SIGTERM')
	for (let waited = 0; waited < patienceMs && all.some(alive); waited += 50) await sleep(50)
	for (const pid of all.filter(alive)) signal(pid, 'SIGKILL')
}

function signal(pid: number, name: NodeJS.Signals): void {
	try {
		process.kill(pid, name)
	} catch {
		// Gone already: that is what we wanted.
	}
}

function kilobytes(text: string, name: string): number {
	return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0)
}

/** '' when the process is gone. */
function read(path: string): string {
	try {
		return readFileSync(path, 'latin1')
	} catch {
		return ''
	}
}
