import { t } from '../../shared/i18n.ts'
import { time } from '../../shared/written.ts'
import type { Address, Email } from '../jmap/types.ts'
import { ANSWER_PREFIX, FORWARD_PREFIX } from '../understood.ts'
import { formatAddresses } from './addresses.ts'
import { escapeHtml, htmlToText, textToHtml, withNamedPictures } from './html.ts'

export type Quoted = {
	to: Address[]
	cc: Address[]
	subject: string
	html: string
	text: string
	rich: boolean
	inReplyTo: string[] | null
	references: string[] | null
}

/** An answer to a message (RFC 5322 section 3.6.4). @param own addresses of the person, in lower case */
export function answerTo(email: Email, own: ReadonlySet<string>, everyone: boolean): Quoted {
	const isOwn = ({ email: address }: Address) => own.has(address.toLowerCase())
	const wrote = email.from ?? []
	// To one's own mail the answer goes where it went.
	const to = wrote.length > 0 && wrote.every(isOwn) ? (email.to ?? []) : (email.replyTo ?? wrote)
	const others = everyone ? [...(email.to ?? []), ...(email.cc ?? [])] : []
	const reached = new Set(to.map(each => each.email.toLowerCase()))
	const cc = others.filter(each => {
		const address = each.email.toLowerCase()
		if (isOwn(each) || reached.has(address)) return false
		reached.add(address)
		return true
	})
	const said = t('mail.quote.wrote', {
		when: time(email.sentAt ?? email.receivedAt),
		who: formatAddresses(wrote),
	})
	const { html, text } = bodyOf(email)
	return {
		to,
		cc,
		subject: prefixed('Re: ', ANSWER_PREFIX, email.subject),
		...quotes(
			`<p>${escapeHtml(said)}</p><blockquote>${html}</blockquote>`,
			`\n${said}\n${text
				.split('\n')
				.map(line => (line.startsWith('>') ? `>${line}` : `> ${line}`))
				.join('\n')}`,
		),
		inReplyTo: email.messageId,
		references: email.messageId && [...(email.references ?? email.inReplyTo ?? []), ...email.messageId],
	}
}

export function forwardOf(email: Email): Quoted {
	const rows: [string, string][] = [
		[t('mail.head.from'), formatAddresses(email.from ?? [])],
		[t('mail.head.date'), time(email.sentAt ?? email.receivedAt)],
		[t('mail.head.to'), formatAddresses(email.to ?? [])],
		...(email.cc?.length ? [[t('mail.head.cc'), formatAddresses(email.cc)] as [string, string]] : []),
		[t('mail.head.subject'), email.subject ?? ''],
	]
	const { html, text } = bodyOf(email)
	const title = `---------- ${t('mail.quote.forwarded')} ----------`
	return {
		to: [],
		cc: [],
		subject: prefixed('Fwd: ', FORWARD_PREFIX, email.subject),
		...quotes(
			`<p>${escapeHtml(title)}<br>${rows.map(([name, value]) => `${escapeHtml(name)}: ${escapeHtml(value)}`).join('<br>')}</p>${withNamedPictures(html)}`,
			`\n${title}\n${rows.map(([name, value]) => `${name}: ${value}`).join('\n')}\n\n${text}`,
		),
		inReplyTo: null,
		references: null,
	}
}

const quotes = (html: string, text: string) => ({ html, text, rich: true })

function prefixed(prefix: string, known: RegExp, subject: string | null): string {
	return known.test(subject ?? '') ? subject! : `${prefix}${subject ?? ''}`
}

/** What is quoted of it: the editor takes only what it knows of the HTML, and pictures stay where they are. */
function bodyOf(email: Email): { html: string; text: string } {
	const value = (parts: Email['textBody'], type: string) =>
		parts
			.filter(part => part.type === type)
			.map(part => email.bodyValues[part.partId ?? '']?.value ?? '')
			.join('\n')
	const html = value(email.htmlBody, 'text/html')
	const text = value(email.textBody, 'text/plain')
	return {
		html: html || textToHtml(text),
		text: text || htmlToText(html),
	}
}
