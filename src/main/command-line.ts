import type { VerbName } from '../admin/index.ts'

/** How the words of a command line become the input of a verb. Positional arguments are named in order. */
type Form = {
	words?: string[]
	/** Words that are paths: what is in the file becomes the field. */
	files?: string[]
	/** The same for files that need not be text: base64. */
	bytes?: string[]
	/** Takes all further words. */
	rest?: string
	/** `--flag` to field; `no` and `yes` need no value: the field is false, true. A size may be `2G`, `none` = no limit, a quota `default`; a list has commas. */
	flags?: Record<string, [field: string, as: 'text' | 'number' | 'size' | 'quota' | 'list' | 'no' | 'yes']>
	/** Fields that are always set. */
	fixed?: Record<string, unknown>
	/** Reads this field from standard input when `--password-stdin` is given, or asks for it. */
	secret?: 'optional' | 'required'
	verb?: VerbName
	/** What it does, where the verb says it of another command. */
	about?: string
}

const filters: Form['flags'] = {
	'--node': ['node', 'text'],
	'--domain': ['domain', 'text'],
	'--search': ['search', 'text'],
	'--limit': ['limit', 'number'],
	'--after': ['after', 'text'],
}
const nodeFlags: Form['flags'] = {
	'--description': ['description', 'text'],
	'--site': ['site', 'text'],
}

const unitFlags: Form['flags'] = {
	'--kind': ['kind', 'text'],
	'--storage': ['storage', 'size'],
	'--messages': ['messages', 'size'],
	'--accounts': ['accounts', 'size'],
	'--recipients': ['recipients', 'size'],
	'--message-size': ['messageSize', 'size'],
	'--no-outside': ['outside', 'no'],
}
const scopeFlags: Form['flags'] = { '--domain': ['domain', 'text'], '--unit': ['unit', 'text'] }

const groupFlags: Form['flags'] = {
	'--name': ['name', 'text'],
	'--senders': ['senders', 'text'],
	'--named': ['named', 'list'],
	'--owner': ['owner', 'text'],
}

const quotaFlags: Form['flags'] = {
	'--storage': ['storage', 'quota'],
	'--messages': ['messages', 'quota'],
}

const everywhere: Form['flags'] = { '--everywhere': ['everywhere', 'yes'] }
const queueFlags: Form['flags'] = {
	'--search': ['search', 'text'],
	'--held': ['held', 'yes'],
	'--after': ['after', 'text'],
	'--limit': ['limit', 'number'],
}

export const forms: Record<string, Form> = {
	status: {},
	setup: {
		secret: 'required',
		flags: { '--domain': ['domain', 'text'], '--admin': ['admin', 'text'], '--name': ['name', 'text'] },
	},
	'domain add': { words: ['domain'] },
	'domain quota': { words: ['domain'], flags: quotaFlags },
	'domain quota show': { words: ['domain'] },
	'domain list': {},
	'domain remove': { words: ['domain'] },
	'domain dns': { words: ['domain'], flags: { '--check': ['check', 'yes'] } },
	'domain dkim list': { words: ['domain'] },
	'domain dkim add': { words: ['domain'] },
	'domain dkim retire': { words: ['domain', 'selector'] },
	'domain mta-sts': { words: ['domain', 'mode'] },
	'account add': {
		words: ['address'],
		secret: 'optional',
		flags: { '--name': ['name', 'text'], '--node': ['node', 'text'], '--unit': ['unit', 'text'] },
	},
	'account list': { flags: { ...filters, '--unit': ['unit', 'text'], '--state': ['state', 'text'] } },
	'account import': {
		words: ['file'],
		bytes: ['file'],
		flags: {
			'--dry-run': ['dryRun', 'yes'],
			'--generate-passwords': ['generate', 'yes'],
			'--reset-passwords': ['resetPasswords', 'yes'],
		},
	},
	'account export': {
		flags: {
			'--node': ['node', 'text'],
			'--domain': ['domain', 'text'],
			'--unit': ['unit', 'text'],
			'--search': ['search', 'text'],
		},
	},
	'session list': { words: ['address'] },
	'session end': { words: ['address'], flags: { '--id': ['id', 'text'], '--except': ['except', 'text'] } },
	'job list': {},
	'job show': { words: ['id'] },
	'account move-unit': { words: ['address', 'unit'] },
	'unit add': { words: ['name'], flags: { ...unitFlags, '--parent': ['parent', 'text'] } },
	'unit list': { flags: { '--below': ['below', 'text'] } },
	'unit edit': {
		words: ['unit'],
		flags: { ...unitFlags, '--name': ['name', 'text'], '--outside': ['outside', 'yes'] },
	},
	'unit move': { words: ['unit', 'parent'] },
	'unit remove': { words: ['unit'] },
	'account show': { words: ['address'] },
	'account edit': { words: ['address'], flags: { '--name': ['name', 'text'] } },
	'account passwd': { words: ['address'], secret: 'required' },
	'account quota': { words: ['address'], flags: quotaFlags },
	'account quota show': { words: ['address'] },
	'account rename': { words: ['address', 'to'] },
	'account merge': { words: ['address', 'into'] },
	'account disable': { words: ['address'], fixed: { disabled: true } },
	'account enable': {
		words: ['address'],
		fixed: { disabled: false },
		verb: 'account disable',
		about: 'its owner can sign in again',
	},
	'account remove': { words: ['address'] },
	'account app-password add': { words: ['address', 'name'] },
	'account app-password list': { words: ['address'] },
	'account app-password remove': { words: ['address', 'id'] },
	'account change-password': { words: ['address', 'old'], secret: 'required' },
	'account totp propose': { words: ['address'] },
	'account totp on': { words: ['address', 'secret', 'code'] },
	'account totp off': { words: ['address', 'old'] },
	'account totp show': { words: ['address'] },
	'account totp reset': { words: ['address'] },
	'admin grant': { words: ['address', 'role'], flags: scopeFlags },
	'admin revoke': { words: ['address', 'role'], flags: scopeFlags },
	'admin remove': { words: ['id'] },
	'admin list': {},
	'token add': { words: ['address', 'name'], rest: 'scopes', flags: { '--days': ['days', 'number'] } },
	'token list': { words: ['address'] },
	'token remove': { words: ['address', 'id'] },
	'conflict list': {},
	'alias add': { words: ['address'], rest: 'targets' },
	'alias list': {},
	'alias remove': { words: ['address'] },
	'group add': { words: ['address'], rest: 'members', flags: groupFlags },
	'group list': {
		flags: {
			'--domain': ['domain', 'text'],
			'--state': ['state', 'text'],
			'--search': ['search', 'text'],
			'--limit': ['limit', 'number'],
			'--after': ['after', 'text'],
		},
	},
	'group show': { words: ['group'] },
	'group edit': { words: ['group'], flags: { ...groupFlags, '--address': ['address', 'text'] } },
	'group remove': { words: ['group'] },
	'group member': { words: ['group'], rest: 'members', flags: { '--remove': ['remove', 'yes'] } },
	'node code': {},
	'node add': { words: ['ip', 'webPort', 'code'], flags: { ...nodeFlags, '--disabled': ['enabled', 'no'] } },
	'node list': {},
	'node names': {},
	'node edit': {
		words: ['node'],
		flags: {
			...nodeFlags,
			'--ip': ['ip', 'text'],
			'--web-port': ['webPort', 'number'],
			'--port': ['webPort', 'number'],
			'--cluster-port': ['clusterPort', 'number'],
		},
	},
	'node enable': {
		words: ['node'],
		fixed: { enabled: true },
		about: 'the others hand mail over to this node again: what waited for it goes',
	},
	'node disable': { words: ['node'], fixed: { enabled: false }, verb: 'node enable' },
	'node remove': { words: ['node'], flags: { '--anyway': ['anyway', 'yes'] } },
	'node refresh': {},
	forwards: { flags: filters },
	'queue list': { flags: queueFlags },
	'queue here': { flags: queueFlags },
	'queue everywhere': { flags: { ...queueFlags, '--node': ['node', 'text'] } },
	'queue show': { words: ['id'] },
	'queue retry': { rest: 'ids', flags: everywhere },
	'queue hold': { rest: 'ids', flags: everywhere },
	'queue release': { rest: 'ids', flags: everywhere },
	'queue drop': { rest: 'ids', flags: { ...everywhere, '--no-report': ['report', 'no'] } },
	'certificate show': {},
	'certificate use': { words: ['certificate', 'key'], files: ['certificate', 'key'] },
	'certificate order': {
		rest: 'names',
		flags: {
			'--directory': ['directory', 'text'],
			'--email': ['email', 'text'],
			'--challenge': ['challenge', 'text'],
			'--agree': ['agree', 'yes'],
		},
	},
	'certificate renew': {},
	'certificate reset': {},
	'link list': {},
	'link everywhere': {},
	'audit list': {
		flags: {
			'--from': ['from', 'text'],
			'--to': ['to', 'text'],
			'--person': ['person', 'text'],
			'--object': ['object', 'text'],
			'--node': ['node', 'text'],
			'--before': ['before', 'text'],
			'--limit': ['limit', 'number'],
		},
	},
	'audit verify': {},
	figures: { flags: { '--hours': ['hours', 'number'] } },
	'figures here': { flags: { '--hours': ['hours', 'number'] } },
	'alert list': { flags: { '--open': ['open', 'yes'] } },
	'alert here': { flags: { '--open': ['open', 'yes'] } },
	trace: {
		flags: {
			'--address': ['address', 'text'],
			'--subject': ['subject', 'text'],
			'--message-id': ['messageId', 'text'],
			'--since': ['since', 'text'],
			'--until': ['until', 'text'],
			'--limit': ['limit', 'number'],
			'--id': ['id', 'text'],
		},
	},
	'trace here': {
		flags: {
			'--address': ['address', 'text'],
			'--subject': ['subject', 'text'],
			'--message-id': ['messageId', 'text'],
			'--since': ['since', 'text'],
			'--until': ['until', 'text'],
			'--limit': ['limit', 'number'],
		},
	},
	'cluster rebuild': {},
}

/** The command line is wrong; exit status 2. */
export class Usage extends Error {}

export type Spoken = {
	verb: VerbName
	input: Record<string, unknown>
	secret: Form['secret']
	/** Fields of the input that are paths. */
	files: string[]
	bytes: string[]
	passwordFromStdin: boolean
	json: boolean
	data: string | null
	config: string | null
	/** The node that is to do it, where it is not the one spoken to. */
	at: string | null
}

/** Words of the command line to a verb and its input. Flags may stand anywhere. @throws Usage */
export function understand(args: string[]): Spoken {
	const spoken = {
		json: false,
		passwordFromStdin: false,
		data: null as string | null,
		config: null as string | null,
		at: null as string | null,
	}
	const own: string[] = []
	for (let i = 0; i < args.length; i++) {
		const [name, inline] = split(args[i]!)
		if (name === '--json') spoken.json = true
		else if (name === '--password-stdin') spoken.passwordFromStdin = true
		else if (name === '--data') spoken.data = wanted(name, inline ?? args[++i])
		else if (name === '--config') spoken.config = wanted(name, inline ?? args[++i])
		else if (name === '--at') spoken.at = wanted(name, inline ?? args[++i])
		else own.push(args[i]!)
	}
	const name = [3, 2, 1].map(words => own.slice(0, words).join(' ')).find(one => forms[one])
	if (name === undefined)
		throw new Usage(own.length > 0 ? `there is no command "${own.join(' ')}"` : 'a command is wanted')
	const form = forms[name]!
	const input = readInput(name, form, own.slice(name.split(' ').length))
	return {
		...spoken,
		verb: form.verb ?? (name as VerbName),
		input,
		secret: form.secret,
		files: form.files ?? [],
		bytes: form.bytes ?? [],
	}
}

/** Positional words and flags of one command. */
function readInput(name: string, form: Form, args: string[]): Record<string, unknown> {
	const input: Record<string, unknown> = { ...form.fixed }
	const words: string[] = []
	for (let i = 0; i < args.length; i++) {
		const [flag, inline] = split(args[i]!)
		if (!flag.startsWith('--')) {
			words.push(args[i]!)
			continue
		}
		const known = form.flags?.[flag]
		if (!known) throw new Usage(`"${name}" has no flag ${flag}`)
		const [field, as] = known
		if (as === 'no' || as === 'yes') input[field] = as === 'yes'
		else {
			const value = wanted(flag, inline ?? args[++i])
			input[field] = readers[as](flag, value)
		}
	}
	for (const field of form.words ?? []) {
		const value = words.shift()
		if (value === undefined)
			throw new Usage(`"${name}" wants ${form.words!.map(word => word.toUpperCase()).join(' ')}`)
		input[field] = field === 'webPort' ? asNumber('the web port', value) : value
	}
	if (form.rest) input[form.rest] = words
	else if (words.length > 0) throw new Usage(`"${name}" does not know what to do with "${words.join(' ')}"`)
	return input
}

const readers = {
	text: (_flag: string, value: string) => value,
	number: asNumber,
	size: asSize,
	quota: (flag: string, value: string) => (value === 'default' ? value : asSize(flag, value)),
	list: (_flag: string, value: string) => value.split(',').filter(word => word !== ''),
}

function wanted(flag: string, value: string | undefined): string {
	if (value === undefined) throw new Usage(`${flag} wants a value`)
	return value
}

function split(word: string): [name: string, value: string | undefined] {
	const at = word.startsWith('--') ? word.indexOf('=') : -1
	return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)]
}

const UNITS = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 }

/** `500M` in octets, a plain number as it is, `none` = null. */
function asSize(what: string, text: string): number | null {
	if (text === 'none') return null
	const [, digits, unit = ''] = /^(\d+)([KMGT]?)$/i.exec(text) ?? []
	if (digits === undefined) throw new Usage(`${what} is a number, a size like 500M, or none; not "${text}"`)
	return Number(digits) * UNITS[unit.toUpperCase() as keyof typeof UNITS]
}

function asNumber(what: string, text: string): number {
	if (!/^\d+$/.test(text)) throw new Usage(`${what} is a number, not "${text}"`)
	return Number(text)
}
