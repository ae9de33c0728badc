export default {
	shared: {
		product: '排箫邮件系统',
		language: '语言',
		close: '关闭',
		cancel: '取消',
		signOut: '退出登录',
		theme: { label: '外观', system: '跟随系统', light: '浅色', dark: '深色' },
	},
	signIn: {
		login: '邮箱地址',
		password: '密码',
		code: '动态验证码',
		codeHint: '请打开手机上的验证器应用，输入其中显示的六位数字；也可以使用一个恢复码。',
		act: '登录',
	},
	problem: {
		network: '连接不上服务器。请检查网络，稍后再试。',
		'not-understood': '服务器的回答无法识别。请刷新页面后再试。',
		ours: '页面出错了。请刷新后再试；如果仍然如此，请告诉管理员。',
		unknown: '未能完成（{code}）。请稍后再试。',
	},
}
