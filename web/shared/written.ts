import {
	formatAgo,
	formatDate,
	formatDay,
	formatDuration,
	formatHour,
	formatNumber,
	formatPercent,
	formatSize,
	formatTime,
	formatWeekdayTime,
} from './format.ts'
import { language } from './i18n.ts'
import { minute } from './now.ts'
import { zone } from './zone.ts'

/** format.ts in the language of the page, for templates: drawn anew when the language changes. */
export const number = (value: number) => formatNumber(value, language.value)
export const size = (octets: number) => formatSize(octets, language.value)
export const percent = (share: number) => formatPercent(share, language.value)
export const duration = (ms: number) => formatDuration(ms, language.value)
/** Also drawn anew as time goes by. */
export const ago = (time: number | string) =>
	formatAgo(new Date(time).getTime(), Math.max(minute.value, Date.now()), language.value)
export const time = (at: number | string, seconds = false) =>
	formatTime(at, language.value, seconds, zone.value)
/** A moment that is near. */
export const weekdayTime = (at: number | string) => formatWeekdayTime(at, language.value, zone.value)
export const hour = (at: number | string) => formatHour(at, language.value, zone.value)
export const day = (at: number | string) => formatDay(at, language.value, zone.value)
export const date = (at: number | string) => formatDate(at, language.value)
