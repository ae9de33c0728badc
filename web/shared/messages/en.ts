import type zh from './zh-CN.ts'

export default {
	shared: {
		product: 'Panpipe Mail',
		language: 'Language',
		close: 'Close',
		cancel: 'Cancel',
		signOut: 'Sign out',
		theme: { label: 'Appearance', system: 'As the system', light: 'Light', dark: 'Dark' },
	},
	signIn: {
		login: 'Email address',
		password: 'Password',
		code: 'Verification code',
		codeHint:
			'Open the authenticator app on your phone and type the six digits it shows, or use a recovery code.',
		act: 'Sign in',
	},
	problem: {
		network: 'The server cannot be reached. Check your connection and try again shortly.',
		'not-understood':
			'The server gave an answer this page does not understand. Reload the page and try again.',
		ours: 'This page has a fault. Reload it and try again; if it stays so, tell your administrator.',
		unknown: 'It could not be done ({code}). Try again later.',
	},
} satisfies typeof zh
