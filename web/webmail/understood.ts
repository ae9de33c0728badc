/**
 * Words that people write and we understand, in both languages whatever the language of the page. Nothing here is shown.
 */

/** Operators of a search. */
export const OPERATORS: Record<string, string> = {
	发件人: 'from',
	收件人: 'to',
	抄送: 'cc',
	主题: 'subject',
	正文: 'body',
	文件夹: 'in',
	状态: 'is',
	包含: 'has',
	标签: 'label',
	早于: 'before',
	晚于: 'after',
	since: 'after',
	大于: 'larger',
	小于: 'smaller',
}

/** What `is:` may be followed by, and the keyword it is about. */
export const STATES: Record<string, { hasKeyword: string } | { notKeyword: string }> = {
	unread: { notKeyword: '$seen' },
	未读: { notKeyword: '$seen' },
	read: { hasKeyword: '$seen' },
	已读: { hasKeyword: '$seen' },
	starred: { hasKeyword: '$flagged' },
	flagged: { hasKeyword: '$flagged' },
	星标: { hasKeyword: '$flagged' },
	answered: { hasKeyword: '$answered' },
	已回复: { hasKeyword: '$answered' },
}

export const ATTACHMENT = /^(attachments?|附件)$/i

/** 2026-11-05, 2026/11/5, 2026年11月5日, 2026-11, 2026. */
export const DAY = /^(\d{4})(?:[-/.年](\d{1,2})(?:[-/.月](\d{1,2})日?)?月?)?年?$/

/** Beginnings of a subject that say the same as ours. */
export const ANSWER_PREFIX = /^(re|回复|答复|回覆)\s*[:：]/i
export const FORWARD_PREFIX = /^(fwd?|转发|轉寄)\s*[:：]/i

export const SPEAKS_OF_ATTACHMENT = /attach(ed|ment)|enclosed|see (the )?file|附件|附上|随信|附檔|见附/i
