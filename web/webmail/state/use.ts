import { type InjectionKey, inject, provide } from 'vue'
import type { Mail } from './mail.ts'
import type { Writing } from './writing.ts'

const MAIL: InjectionKey<Mail> = Symbol('mail')
const WRITING: InjectionKey<Writing> = Symbol('writing')

export function giveMail(mail: Mail, writing: Writing): void {
	provide(MAIL, mail)
	provide(WRITING, writing)
}

export const useMail = (): Mail => inject(MAIL)!
export const useWriting = (): Writing => inject(WRITING)!
