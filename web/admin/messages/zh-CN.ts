export default {
	admin: { title: '管理', signIn: '登录管理后台' },
}
