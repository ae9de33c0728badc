import { Resolver } from 'node:dns/promises'
import { z } from 'zod'
import { reach } from '../reach.ts'
import type { Office } from '../verb.ts'
import type { DnsType } from './records.ts'

export type Question = { name: string; type: DnsType }
/** What is there, in the words of a zone file; an empty list: nothing. `problem`: no answer, and why. */
export type Look = { found: string[] } | { problem: string }

const VERB = 'dns.look'
const TIMEOUT_MS = 4000
const MOST_QUESTIONS = 500
const AT_ONCE = 20
// What a name server says when there is nothing.
const NOTHING = new Set(['ENODATA', 'ENOTFOUND'])

const questions = z
	.array(z.object({ name: z.string().max(255), type: z.enum(['MX', 'A', 'AAAA', 'TXT', 'SRV', 'PTR']) }))
	.max(MOST_QUESTIONS)

/** Other nodes may ask what is seen from here. */
export function answerLooks(office: Office): void {
	office.cluster.links.answer(VERB, async payload => {
		const asked = questions.parse(JSON.parse(Buffer.from(payload).toString('utf8')))
		return Buffer.from(JSON.stringify(await lookHere(office.dnsServers, asked)))
	})
}

/** As seen from a node, this one or another. @throws when it cannot be asked */
export async function lookFrom(office: Office, node: string, asked: Question[]): Promise<Look[]> {
	if (node === office.self) return lookHere(office.dnsServers, asked)
	const rounds = Math.ceil(asked.length / AT_ONCE)
	const payload = Buffer.from(JSON.stringify(asked))
	const answer = await reach(office, node, VERB, payload, rounds * TIMEOUT_MS * 2 + 2000)
	return JSON.parse(Buffer.from(answer).toString('utf8')) as Look[]
}

async function lookHere(servers: readonly string[], asked: Question[]): Promise<Look[]> {
	const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: 2 })
	if (servers.length > 0) resolver.setServers(servers as string[])
	const looks: Look[] = []
	for (let at = 0; at < asked.length; at += AT_ONCE) {
		looks.push(...(await Promise.all(asked.slice(at, at + AT_ONCE).map(one => look(resolver, one)))))
	}
	return looks
}

async function look(resolver: Resolver, { name, type }: Question): Promise<Look> {
	try {
		return { found: (await resolve(resolver, name, type)).sort() }
	} catch (error) {
		const { code, message } = error as NodeJS.ErrnoException
		return NOTHING.has(code ?? '') ? { found: [] } : { problem: code ?? message }
	}
}

async function resolve(resolver: Resolver, name: string, type: DnsType): Promise<string[]> {
	switch (type) {
		case 'A':
			return resolver.resolve4(name)
		case 'AAAA':
			return resolver.resolve6(name)
		case 'TXT':
			return (await resolver.resolveTxt(name)).map(parts => parts.join(''))
		case 'MX':
			return (await resolver.resolveMx(name)).map(({ priority, exchange }) => `${priority} ${exchange}`)
		case 'SRV': {
			const all = await resolver.resolveSrv(name)
			return all.map(({ priority, weight, port, name }) => `${priority} ${weight} ${port} ${name}`)
		}
		case 'PTR':
			return resolver.resolvePtr(name)
	}
}
