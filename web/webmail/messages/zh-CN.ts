export default {
	mail: { title: '邮箱', signIn: '登录邮箱', signedInAs: '已登录为 {login}' },
}
