import { readFileSync } from 'node:fs'
import { askPassword } from './ask.ts'
import { forms, Usage, understand } from './command-line.ts'
import { ConfigError, flagNames, loadConfig } from './config.ts'
import { asText, named, namesNodes } from './print.ts'
import { NotDone, sayTo } from './speak.ts'

// The rooms are loaded only where a node is run: saying a verb to one is to be quick.

/** Exit status: 0 done, 1 not done (with a sentence on stderr), 2 wrong usage. */
async function main(args: string[]): Promise<number> {
	const [first] = args
	if (first === undefined || first === 'help' || args.includes('--help') || args.includes('-h')) {
		const words = args.filter(word => word !== 'help')
		const flag = words.findIndex(word => word.startsWith('-'))
		process.stdout.write(await help(flag < 0 ? words : words.slice(0, flag)))
		return first === undefined ? 2 : 0
	}
	if (first === 'serve') return serveHere(args.slice(1))
	if (first === 'demo') return (await import('./demo.ts')).demo(args.slice(1))
	return speak(args)
}

async function serveHere(args: string[]): Promise<number> {
	const { config, flags } = serveFlags(args)
	const { serve } = await import('./node.ts')
	await serve(loadConfig(config, flags))
	process.exit(0) // a peer that is slow to say goodbye is not waited for
}

/** `--name value` and `--name=value`, for every setting of the configuration file. */
function serveFlags(args: string[]): { config: string | undefined; flags: Record<string, string> } {
	const known = new Set(flagNames())
	const flags: Record<string, string> = {}
	let config: string | undefined
	for (let i = 0; i < args.length; i++) {
		const [, name, inline] = /^--([\w.-]+)(?:=(.*))?$/s.exec(args[i]!) ?? []
		const value = inline ?? args[++i]
		if (!name || (name !== 'config' && !known.has(name)))
			throw new Usage(`"serve" has no flag ${args[i - 1] ?? args[i]}`)
		if (value === undefined) throw new Usage(`--${name} wants a value`)
		if (name === 'config') config = value
		else flags[name] = value
	}
	return { config, flags }
}

async function speak(args: string[]): Promise<number> {
	const spoken = understand(args)
	const data = loadConfig(spoken.config ?? undefined, spoken.data ? { data: spoken.data } : {}).data
	if (spoken.passwordFromStdin || (spoken.secret && process.stdin.isTTY)) {
		const password = spoken.passwordFromStdin ? await readStdin() : await askPassword()
		if (password !== '') spoken.input.password = password
	}
	if (spoken.secret === 'required' && spoken.input.password === undefined) {
		throw new Usage('a password is wanted: type it when asked, or give --password-stdin')
	}
	for (const field of spoken.files) spoken.input[field] = readNamed(String(spoken.input[field])).toString()
	for (const field of spoken.bytes)
		spoken.input[field] = readNamed(String(spoken.input[field])).toString('base64')
	const answer = await sayTo(data, spoken.verb, spoken.input, spoken.at)
	if (spoken.json) process.stdout.write(`${JSON.stringify(answer, null, 1)}\n`)
	else {
		const told = namesNodes.has(spoken.verb) ? named(answer, await nodeNames(data)) : answer
		process.stdout.write(`${asText(spoken.verb, told)}\n`)
	}
	return 0
}

async function nodeNames(data: string): Promise<Map<string, string>> {
	const nodes = (await sayTo(data, 'node names', {})) as { id: string; ip: string; description: string }[]
	return new Map(nodes.map(({ id, ip, description }) => [id, description || ip || id]))
}

/** `-` is standard input. */
function readNamed(path: string): Buffer {
	try {
		return readFileSync(path === '-' ? 0 : path)
	} catch (error) {
		throw new Error(`${path} cannot be read: ${(error as NodeJS.ErrnoException).code}`)
	}
}

async function readStdin(): Promise<string> {
	const chunks: Buffer[] = []
	for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
	return Buffer.concat(chunks)
		.toString('utf8')
		.replace(/\r?\n$/, '')
}

const SERVE = `  panpipe serve [--config FILE] [--data DIR] [--listen IP] [--smtp PORT] ...
      run one node in the foreground; every setting of panpipe.toml is a flag too`
const DEMO = `  panpipe demo [--nodes 3]
      run several nodes on this machine, with one domain, users and mail`

/** @param topic the first words of a command; none: of all */
async function help(topic: string[]): Promise<string> {
	const { verbs } = await import('../admin/index.ts')
	const wanted = ([name]: [string, unknown]) => topic.every((word, at) => name.split(' ')[at] === word)
	const rows = Object.entries(forms)
		.filter(wanted)
		.map(([name, form]) => {
			const words = [...(form.words ?? []), ...(form.rest ? [`${form.rest}...`] : [])].map(word =>
				word.toUpperCase(),
			)
			const flags = Object.keys(form.flags ?? {}).map(flag => `[${flag}]`)
			const secret = form.secret ? ['[--password-stdin]'] : []
			const about = form.about ?? verbs[form.verb ?? (name as keyof typeof verbs)].about
			return `  panpipe ${[name, ...words, ...secret, ...flags].join(' ')}\n      ${about}`
		})
	for (const [name, row] of [
		['demo', DEMO],
		['serve', SERVE],
	] as const)
		if (wanted([name, null])) rows.unshift(row)
	if (rows.length === 0) throw new Usage(`there is no command "${topic.join(' ')}"`)
	return `Panpipe 排箫: many mail servers, one domain.

${rows.join('\n')}

"panpipe help node" shows what begins so. Every command takes --data DIR (which node) and --json (for machines); --at NODE has another node do it.
`
}

/** Said on purpose, not thrown by the runtime: needs no stack. */
function isPlain(error: unknown): boolean {
	return error instanceof Error && Object.getPrototypeOf(error) === Error.prototype
}

try {
	process.exitCode = await main(process.argv.slice(2))
} catch (error) {
	const usage = error instanceof Usage
	const expected = usage || error instanceof ConfigError || error instanceof NotDone || isPlain(error)
	process.stderr.write(`panpipe: ${expected ? (error as Error).message : (error as Error).stack}\n`)
	if (usage) process.stderr.write('panpipe: "panpipe help" shows the commands\n')
	process.exitCode = usage ? 2 : 1
}
