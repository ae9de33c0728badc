import type { Address } from '../jmap/types.ts'
import { SPEAKS_OF_ATTACHMENT } from '../understood.ts'
import { formatAddresses } from './addresses.ts'
import { type Draft, filesOf } from './draft.ts'
import { htmlToText } from './html.ts'

/** What a person may want to look at before it goes out. `stops`: it cannot be sent like this. */
export type Doubt = {
	code:
		| 'no-recipient'
		| 'wrong-address'
		| 'attachment'
		| 'no-subject'
		| 'outsider'
		| 'too-large'
		| 'not-uploaded'
	stops: boolean
	more?: Record<string, string>
}

export function doubtsOf(
	draft: Draft,
	recipients: Address[],
	wrong: Address[],
	isOurs: (address: string) => boolean,
	octets: number,
	most: number | null,
): Doubt[] {
	const doubts: Doubt[] = []
	if (recipients.length === 0) doubts.push({ code: 'no-recipient', stops: true })
	if (wrong.length > 0)
		doubts.push({ code: 'wrong-address', stops: true, more: { addresses: formatAddresses(wrong) } })
	if (draft.attached.some(each => each.problem)) doubts.push({ code: 'not-uploaded', stops: true })
	// In base64 a file takes a third more.
	if (most !== null && octets * 1.37 > most) doubts.push({ code: 'too-large', stops: true })
	if (draft.subject.trim() === '') doubts.push({ code: 'no-subject', stops: false })
	if (filesOf(draft).length === 0 && SPEAKS_OF_ATTACHMENT.test(ownWords(draft)))
		doubts.push({ code: 'attachment', stops: false })
	const outsiders = outsidersAmongColleagues(
		recipients.filter(each => !wrong.includes(each)),
		isOurs,
	)
	if (outsiders.length > 0)
		doubts.push({ code: 'outsider', stops: false, more: { addresses: formatAddresses(outsiders) } })
	return doubts
}

/** Without what is quoted. */
function ownWords(draft: Draft): string {
	const text = draft.rich ? htmlToText(draft.html) : draft.text
	return `${draft.subject}\n${text
		.split('\n')
		.filter(line => !line.startsWith('>'))
		.join('\n')}`
}

/** Easily overlooked: one stranger in a row of colleagues. Mail to strangers alone is meant for them. */
function outsidersAmongColleagues(recipients: Address[], isOurs: (address: string) => boolean): Address[] {
	const outside = recipients.filter(({ email }) => !isOurs(email))
	return outside.length < recipients.length ? outside : []
}
