import type zh from './zh-CN.ts'

export default {
	mail: { title: 'Mail', signIn: 'Sign in to your mail', signedInAs: 'Signed in as {login}' },
} satisfies typeof zh
