import { Problem } from '../../shared/api.ts'
import { number, size } from '../../shared/written.ts'

/** Why a message may not be sent (RFC 8621 section 7.5), so that the page can say the numbers and the addresses. */
export function refusalOf(
	{ status, code, detail, more }: Problem,
	isOurs: (address: string) => boolean,
): Problem {
	const told = (name: string, words: Record<string, string>) =>
		new Problem(status, name, detail, { ...more, ...words })
	const list = (addresses: string[]) => addresses.join(', ')
	const { maxSize, maxRecipients, invalidRecipients, forbiddenRecipients } = more
	if (code === 'jmap-tooLarge' && typeof maxSize === 'number')
		return told('jmap-tooLargeToSend', { most: size(maxSize) })
	if (code === 'jmap-tooManyRecipients' && typeof maxRecipients === 'number')
		return told(code, { most: number(maxRecipients) })
	if (code === 'jmap-invalidRecipients' && isList(invalidRecipients))
		return told(code, { addresses: list(invalidRecipients) })
	if (code === 'jmap-forbiddenToSend' && isList(forbiddenRecipients)) {
		const inside = forbiddenRecipients.some(isOurs)
		return told(inside ? 'jmap-mayNotWriteTo' : 'jmap-mayNotWriteOutside', {
			addresses: list(forbiddenRecipients),
		})
	}
	return new Problem(status, code, detail, more)
}

function isList(value: unknown): value is string[] {
	return Array.isArray(value) && value.every(one => typeof one === 'string')
}
