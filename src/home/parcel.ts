import type { Directory } from '../directory/index.ts'
import { LineReader } from '../kit/index.ts'
import type { Op, OpResult, Role, StagedBody, Store } from '../store/index.ts'
import { objectOps } from './objects.ts'

/*
 * What goes from an account that becomes part of another to that other one: a line of JSON for each thing, and behind
 * that of a message its octets. At the other end all of a parcel is one transaction; what comes again is filed once.
 */

export type Item =
	| { is: 'mailbox'; name: string; role: Role | null; subscribed: boolean }
	| {
			is: 'message'
			/** The mailbox it is in. */
			name: string
			role: Role | null
			flags: number
			keywords: string[]
			internalDate: number
			/** Octets. */
			size: number
			/** The same for the same message, however often it comes. */
			once: string
	  }
	| { is: 'object'; kind: string; id: string; value: unknown }
type MessageItem = Extract<Item, { is: 'message' }>

/** The media type of a parcel. */
export const PARCEL = 'application/x-panpipe-parcel'

const LONGEST_LINE = 4 * 1024 * 1024

export function lineOf(item: Item): Buffer {
	return Buffer.from(`${JSON.stringify(item)}\r\n`)
}

/** Where things go: a mailbox for sent mail is the one of that kind, whatever either account calls it. */
export class Places {
	#names = new Map<Role, string>()
	#store: Store

	constructor(store: Store, account: string) {
		this.#store = store
		for (const { role, name } of store.reader.mailboxes(account)) if (role) this.#names.set(role, name)
	}

	/** What an item becomes in the account. */
	ops(account: string, item: Item, body?: StagedBody | { known: string }): Op[] {
		if (item.is === 'object') return objectOps(this.#store, account, item)
		const name = this.#nameOf(item)
		if (item.is === 'mailbox') {
			return [
				{ do: 'mailbox.create', account, name, role: item.role },
				...(item.subscribed ? [{ do: 'mailbox.subscribe', account, name, on: true } as const] : []),
			]
		}
		const { flags, keywords, internalDate, once } = item
		return [
			{
				do: 'message.add',
				account,
				mailbox: name,
				create: true,
				body: body!,
				flags,
				keywords,
				internalDate,
				once,
			},
		]
	}

	#nameOf({ name, role }: { name: string; role: Role | null }): string {
		// Levels of dots are made no more; older mailboxes may have them.
		return (
			(role && this.#names.get(role)) ??
			name.replace(/(?<=^|\/)\.{1,2}(?=\/|$)/g, dots => '_'.repeat(dots.length))
		)
	}
}

/** What was there already is as good as made. @throws when something could not be */
export function allDone(results: OpResult[]): void {
	const failed = results.find(result => !result.ok && result.error !== 'exists')
	if (failed) throw new Error(`the store refuses a part of it: ${JSON.stringify(failed)}`)
}

/**
 * Will it take another's mail in? Only its home can say: it is here, and is not itself becoming part of a third, or of that
 * other, which somewhere else may have been told the reverse.
 */
export function willTakeIn(directory: Directory, account: string): boolean {
	const present = directory.account(account)
	return present?.home === directory.self && present.mergesInto === null
}

/** Puts a parcel into an account that `willTakeIn`. On disk when it resolves; else nothing of it is there. */
export async function takeIn(store: Store, account: string, parcel: AsyncIterable<Buffer>): Promise<void> {
	allDone(await store.write([{ do: 'account.create', account }]))
	const places = new Places(store, account)
	const ops: Op[] = []
	const lines = new LineReader(LONGEST_LINE)
	let message: { item: MessageItem; stage: ReturnType<Store['stage']>; left: number } | null = null
	try {
		for await (const chunk of parcel) {
			lines.push(chunk)
			for (;;) {
				if (message) {
					const octets = message.left > 0 ? lines.take(message.left) : null
					if (octets) await message.stage.write(octets)
					message.left -= octets?.length ?? 0
					if (message.left > 0) break
					const body = await message.stage.end()
					ops.push(...places.ops(account, message.item, body))
					message = null
					continue
				}
				const line = lines.line()
				if (!line) break
				const item = JSON.parse(line.toString('utf8')) as Item
				if (item.is === 'message') message = { item, stage: store.stage(), left: item.size }
				else ops.push(...places.ops(account, item))
			}
		}
		if (message || lines.length > 0) throw new Error('the parcel broke off')
	} catch (error) {
		message?.stage.abort()
		throw error
	}
	allDone(await store.write(ops))
}
