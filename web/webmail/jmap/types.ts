/** The shapes of RFC 8620 and RFC 8621 as far as the webmail asks for them. */

export type Id = string

export type JmapSession = {
	username: string
	apiUrl: string
	downloadUrl: string
	uploadUrl: string
	eventSourceUrl: string
	accounts: Record<Id, { name: string; accountCapabilities: Record<string, Record<string, unknown>> }>
	primaryAccounts: Record<string, Id>
	capabilities: Record<string, Record<string, unknown>>
}

export type Role = 'inbox' | 'drafts' | 'sent' | 'junk' | 'trash' | 'archive' | (string & {})

export type Mailbox = {
	id: Id
	name: string
	parentId: Id | null
	role: Role | null
	sortOrder: number
	totalEmails: number
	unreadEmails: number
	totalThreads: number
	unreadThreads: number
	isSubscribed: boolean
	myRights: Record<
		| 'mayReadItems'
		| 'mayAddItems'
		| 'mayRemoveItems'
		| 'mayCreateChild'
		| 'mayRename'
		| 'mayDelete'
		| 'maySubmit',
		boolean
	>
}

export type Address = { name: string | null; email: string }

/** What a line of the list shows. */
export type EmailLine = {
	id: Id
	threadId: Id
	mailboxIds: Record<Id, true>
	keywords: Record<string, true>
	receivedAt: string
	sentAt: string | null
	from: Address[] | null
	to: Address[] | null
	subject: string | null
	preview: string
	hasAttachment: boolean
	size: number
}

export type BodyPart = {
	partId: string | null
	blobId: Id | null
	size: number
	name: string | null
	type: string
	charset: string | null
	disposition: string | null
	cid: string | null
}

export type Email = EmailLine & {
	blobId: Id
	cc: Address[] | null
	bcc: Address[] | null
	replyTo: Address[] | null
	messageId: string[] | null
	inReplyTo: string[] | null
	references: string[] | null
	textBody: BodyPart[]
	htmlBody: BodyPart[]
	attachments: BodyPart[]
	/** As they stand there, from the top down. */
	headers: { name: string; value: string }[]
	bodyValues: Record<string, { value: string; isEncodingProblem: boolean; isTruncated: boolean }>
}

export type Identity = {
	id: Id
	name: string
	email: string
	replyTo: Address[] | null
	textSignature: string
	htmlSignature: string
	mayDelete: boolean
}

export type Filter =
	| { operator: 'AND' | 'OR' | 'NOT'; conditions: Filter[] }
	| {
			inMailbox?: Id
			inMailboxOtherThan?: Id[]
			before?: string
			after?: string
			minSize?: number
			maxSize?: number
			hasKeyword?: string
			notKeyword?: string
			hasAttachment?: boolean
			text?: string
			from?: string
			to?: string
			cc?: string
			subject?: string
			body?: string
			header?: [name: string, value?: string]
	  }

export type SetError = { type: string; description?: string | null; properties?: string[] }

export type StateChange = { '@type': 'StateChange'; changed: Record<Id, Record<string, string>> }
