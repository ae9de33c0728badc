import { jmap } from '../../wire/index.ts'
import type { Call, Responses } from './call.ts'
import { checkProperties, inOrder, isTextOrNull, type Json, objectState, putObject } from './objects.ts'
import { getFrom, readGet } from './standard-get.ts'
import { changed, oneByOne, readSet, type Setting, set } from './standard-set.ts'

const KIND = 'VacationResponse'
const ONLY = 'singleton'
const NONE = { isEnabled: false, fromDate: null, toDate: null, subject: null, textBody: null, htmlBody: null }

function current({ house, account }: Call): Json {
	return { id: ONLY, ...NONE, ...(house.reader.emails.object(account.id, KIND, ONLY) as Json | null) }
}

/** RFC 8621 section 8.1. */
export function getVacation(call: Call, args: Json): Responses {
	const asked = readGet(call, args, ['id', ...Object.keys(NONE)])
	const { list, notFound } = getFrom([current(call)], asked)
	return [[`${KIND}/get`, { accountId: asked.accountId, state: objectState(call, KIND), list, notFound }]]
}

const isDateOrNull = (value: unknown) => value === null || jmap.parseUtcDate(value) !== null
const SHAPE = {
	isEnabled: (value: unknown) => typeof value === 'boolean',
	fromDate: isDateOrNull,
	toDate: isDateOrNull,
	subject: isTextOrNull,
	textBody: isTextOrNull,
	htmlBody: isTextOrNull,
}

/** Dates as they are told, where they were said with a fraction of zero. */
function withoutZero(asked: Json): Json | null {
	const dates = Object.entries(asked).filter(
		([name, value]) => name.endsWith('Date') && typeof value === 'string' && /\.0+Z$/.test(value),
	)
	const plain = dates.map(([name, value]) => [name, (value as string).replace(/\.0+Z$/, 'Z')])
	return plain.length > 0 ? Object.fromEntries(plain) : null
}

/** RFC 8621 section 8.2: there is one, and it stays. */
export async function setVacation(call: Call, args: Json): Promise<Responses> {
	const never = async () => {
		throw new jmap.RecordRefused({ type: 'singleton' })
	}
	const setting: Setting = {
		state: () => objectState(call, KIND),
		create: objects => oneByOne(objects, ([creationId]) => creationId, never),
		update: patches =>
			oneByOne(
				patches,
				([id]) => id,
				async ([id, patch]) => {
					if (id !== ONLY) throw new jmap.RecordRefused({ type: 'notFound' })
					const before = current(call)
					const asked = changed(before, jmap.applyPatch(before, patch, NONE))
					checkProperties(asked, SHAPE)
					const plain = withoutZero(asked)
					const { id: _, ...value } = { ...before, ...asked, ...plain }
					await putObject(call, KIND, ONLY, value)
					return plain
				},
			),
		destroy: ids => oneByOne(ids, id => id, never),
	}
	const answer = await inOrder(call, () => set(call, readSet(call, args), setting))
	return [[`${KIND}/set`, answer]]
}
