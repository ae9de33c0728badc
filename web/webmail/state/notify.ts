import { t, tn } from '../../shared/i18n.ts'
import type { EmailLine } from '../jmap/types.ts'
import { shortName } from '../people.ts'
import type { Mail } from './mail.ts'
import { go } from './place.ts'

/** Tells on the desktop of new mail in the inbox: of one message by whom and what, of several how many. */
export async function notify(mail: Mail, count: number): Promise<void> {
	const inbox = mail.mailboxes.withRole('inbox')
	if (!inbox) return
	const { newest } = await mail.jmap.request([
		[
			'Email/query',
			{
				filter: { inMailbox: inbox.id, notKeyword: '$seen' },
				sort: [{ property: 'receivedAt', isAscending: false }],
				limit: 1,
			},
			'query',
		],
		[
			'Email/get',
			{
				'#ids': { resultOf: 'query', name: 'Email/query', path: '/ids' },
				properties: ['id', 'from', 'subject'],
			},
			'newest',
		],
	])
	const [email] = newest!.list as EmailLine[]
	if (!email) return
	const one = count === 1
	const from = email.from?.[0]
	const title = one && from ? shortName(from) : t('mail.title')
	const body = one ? email.subject || t('mail.noSubject') : tn('mail.newMail', count)
	const shown = new Notification(title, { body, tag: 'new-mail', icon: '/mail/icon-192.png' })
	shown.onclick = () => {
		window.focus()
		shown.close()
		go({ view: 'mail', folder: null, search: '', message: one ? email.id : null })
	}
}
