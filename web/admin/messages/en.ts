import type zh from './zh-CN.ts'

export default {
	admin: { title: 'Administration', signIn: 'Sign in to administration' },
} satisfies typeof zh
