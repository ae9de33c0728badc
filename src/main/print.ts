/** Columns a person reads; everything else is for --json. */
const columns: Record<string, string[]> = {
	'domain list': ['domain', 'accounts'],
	'account list': ['address', 'name', 'home', 'homeDescription', 'unit', 'conflict', 'disabled'],
	'group list': ['address', 'name', 'members', 'senders', 'owner', 'conflict'],
	'unit list': ['path', 'kind', 'accounts', 'limits', 'id'],
	'account app-password list': ['id', 'name', 'created', 'lastUsed'],
	'admin list': ['address', 'role', 'domain', 'unit', 'by', 'created'],
	'token list': ['id', 'name', 'scopes', 'created', 'ends'],
	'link list': ['to', 'state', 'roundTripMs', 'clockOffMs', 'waiting'],
	'audit list': ['time', 'name', 'client', 'verb', 'object', 'outcome', 'before', 'after'],
	'session list': ['id', 'since', 'renewed', 'nodeName', 'client', 'program'],
	'job list': ['id', 'what', 'state', 'done', 'total', 'started', 'problem'],
	'conflict list': ['address', 'claimed', 'home', 'homeDescription'],
	'alias list': ['address', 'targets'],
	'node list': [
		'ip',
		'webPort',
		'description',
		'site',
		'enabled',
		'state',
		'copyAgeMs',
		'accounts',
		'version',
		'id',
	],
	'node refresh': ['ip', 'description', 'state', 'records', 'added', 'changed', 'conflicts'],
	'cluster rebuild': ['node', 'state', 'records', 'changed'],
	forwards: ['address', 'node', 'description'],
	'queue list': ['id', 'from', 'to', 'size', 'arrived', 'sendAt', 'attempts', 'destination', 'reason'],
}

/** Shown where some row has something to say in them. */
const rare: Record<string, string[]> = {
	'account list': ['mergesInto', 'waitsFor'],
	'conflict list': ['mergesInto', 'waitsFor'],
}

/** Answers that name nodes by their ids. */
export const namesNodes: ReadonlySet<string> = new Set([
	'account list',
	'account show',
	'conflict list',
	'link list',
	'link everywhere',
	'queue everywhere',
	'queue retry',
	'queue hold',
	'queue release',
	'queue drop',
])

/** The same answer with nodes by what people call them. @param names by id */
export function named(answer: unknown, names: ReadonlyMap<string, string>): unknown {
	if (typeof answer === 'string') return names.get(answer) ?? answer
	if (Array.isArray(answer)) return answer.map(one => named(one, names))
	if (answer === null || typeof answer !== 'object') return answer
	return Object.fromEntries(Object.entries(answer).map(([name, value]) => [name, named(value, names)]))
}

/** Of lists within an answer. */
const inner: Record<string, string[]> = {
	peers: columns['node list']!,
	records: ['name', 'type', 'values', 'state', 'about'],
	alerts: ['began', 'ended', 'nodes', 'code', 'en'],
	items: ['id', 'from', 'to', 'size', 'arrived', 'attempts', 'held', 'destination', 'reason', 'node'],
	links: ['from', 'to', 'state', 'roundTripMs', 'clockOffMs', 'waiting'],
	lines: ['line', 'address', 'outcome', 'fields', 'password', 'why'],
}

/** An answer as text: a list as a table, a value as lines of name and value. */
export function asText(verb: string, answer: unknown): string {
	if (verb === 'figures') return figuresText(answer as Parameters<typeof figuresText>[0])
	if (verb === 'trace') return traceText(answer as Parameters<typeof traceText>[0])
	if (verb === 'account export') return (answer as { csv: string }).csv.trimEnd()
	if (verb === 'node code') return (answer as { code: string }).code
	if (Array.isArray(answer)) {
		const some = (rare[verb] ?? []).filter(name => answer.some(row => row[name] !== undefined))
		return answer.length === 0 ? '(none)' : table(answer, columns[verb] && [...columns[verb], ...some])
	}
	if (answer === null || typeof answer !== 'object') return String(answer)
	return Object.entries(answer)
		.map(([name, value]) => {
			if (name === 'problems') return problems(value as (string | { en: string })[])
			if (Array.isArray(value) && value.length > 0 && typeof value[0] === 'object') {
				return `${name}:\n${indent(table(value, inner[name]))}`
			}
			return `${name}: ${cell(value)}`
		})
		.join('\n')
}

function problems(sentences: (string | { en: string })[]): string {
	const told = sentences.map(sentence => (typeof sentence === 'string' ? sentence : sentence.en))
	return told.length > 0 ? `problems:\n${indent(told.join('\n'))}` : 'problems: none'
}

/** Sums over the time, and what there is now. */
function figuresText({ nodes, total }: { nodes: { name: string; series: Sums }[]; total: Sums }): string {
	const names = [...new Set(nodes.flatMap(({ series }) => Object.keys(series)))].sort()
	const all = [...nodes, { name: 'all', series: total }]
	const rows = names.map(figure => ({
		figure,
		...Object.fromEntries(all.map(({ name, series }) => [name, summed(figure, series[figure])])),
	}))
	return rows.length === 0 ? '(none)' : table(rows)
}

type Sums = Record<string, (number | null)[]>

/** Of a level there are gaps where nobody looked: its last value counts. */
function summed(figure: string, values: (number | null)[] | undefined): number | null {
	if (!values) return null
	const level = LEVELS.has(figure)
	return level
		? (values.findLast(value => value !== null) ?? null)
		: values.reduce((sum: number, one) => sum + (one ?? 0), 0)
}

const LEVELS = new Set(['storage', 'messages', 'queue', 'accounts', 'load', 'memory', 'disk free'])

/** Each message with its steps below it. */
function traceText(answer: {
	messages: { id: string; from: string; subject: string; state: string[]; steps: Record<string, unknown>[] }[]
	missing: string[]
}): string {
	const blocks = answer.messages.map(({ id, from, subject, state, steps }) => {
		const head = `${id}  <${from}>  ${subject}  ${state.join(', ')}`
		return `${head}\n${indent(table(steps, ['time', 'node', 'event', 'via', 'to', 'detail']))}`
	})
	const missing =
		answer.missing.length > 0 ? [`not everything: ${answer.missing.join(', ')} did not answer`] : []
	return [...(blocks.length > 0 ? blocks : ['(none)']), ...missing].join('\n')
}

export function table(rows: Record<string, unknown>[], names: string[] = Object.keys(rows[0] ?? {})): string {
	const lines = [names, ...rows.map(row => names.map(name => cell(row[name], name)))]
	const widths = names.map((_, index) => Math.max(...lines.map(line => width(line[index]!))))
	return lines
		.map(line =>
			line
				.map((text, index) => pad(text, widths[index]!))
				.join('  ')
				.trimEnd(),
		)
		.join('\n')
}

function cell(value: unknown, name = ''): string {
	if (value === null || value === undefined) return '-'
	if (name === 'before' || name === 'after') return JSON.stringify(value)
	if (typeof value === 'boolean') return value ? 'yes' : 'no'
	if (Array.isArray(value)) return value.map(one => cell(one)).join(', ') || '-'
	if (typeof value === 'object')
		return Object.entries(value)
			.filter(([, one]) => one !== null)
			.map(([name, one]) => `${cell(one)} ${name}`)
			.join(', ')
	return String(value)
}

/** Columns on a terminal: Chinese characters take two. */
function width(text: string): number {
	let columns = 0
	for (const char of text)
		columns +=
			/[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/.test(
				char,
			)
				? 2
				: 1
	return columns
}

function pad(text: string, columns: number): string {
	return text + ' '.repeat(Math.max(0, columns - width(text)))
}

function indent(text: string): string {
	return text.replace(/^/gm, '  ')
}
