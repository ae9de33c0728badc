/** What is said to people, by what is said in English; numbers and what programs read stay as they are. */
const CHINESE: Record<string, string> = {
	'Panpipe at your service': 'Panpipe 为您服务',
	'Now the password': '请输入密码',
	Here: '在线',
	Goodbye: '再见',
	'This can be done here': '本服务器支持以下功能',
	'Go on with TLS': '请继续 TLS 握手',
	'UTF-8 it is': '已启用 UTF-8',
	'Marked; QUIT will delete it': '已标记，QUIT 后删除',
	'Top of the message': '邮件开头部分',
	'There is no such message': '没有这封邮件',
	'This message was deleted elsewhere meanwhile': '这封邮件已在别处删除',
	'The marked messages could not be deleted; try again later': '已标记的邮件未能删除，请稍后再试',
	'This server has a problem; try again later': '服务器出现问题，请稍后再试',
	'This account is moving; try again later': '账号正在迁移，请稍后再试',
	'Another program is reading this mail by POP3; wait until it is done':
		'另一个程序正在用 POP3 收取此邮箱，请等它结束',
	'Passwords are taken under TLS only; use STLS first': '仅在 TLS 加密下接受密码，请先使用 STLS',
	'name or password is wrong': '用户名或密码错误',
	'this account is switched off, please ask your administrator': '账号已停用，请联系管理员',
	'this account has two-step sign-in: make an app password in the webmail settings and use it here':
		'账号已启用两步验证：请在网页邮箱设置中生成应用专用密码并在此使用',
	'nobody acts for somebody else here': '不能代替他人登录',
	'No such language here; LANG lists them': '不支持该语言，可用 LANG 查看列表',
	'Languages:': '可用语言：',
	'Sign in first': '请先登录',
	'You are signed in already': '您已登录',
	'Say USER first': '请先使用 USER',
	'Sign-in given up': '已放弃登录',
	'TLS is on already': 'TLS 已启用',
	'TLS failed': 'TLS 失败',
	'The line is too long': '命令行过长',
	'The line is not UTF-8': '命令行不是 UTF-8',
	'The line has control characters in it': '命令行含有控制字符',
	'This is not base64': '这不是 base64',
	'The initial response is not base64': '初始响应不是 base64',
	'A number is missing': '缺少编号',
	'Command not known': '未知命令',
	'Write USER name': '请写成 USER 用户名',
	'Write PASS password': '请写成 PASS 密码',
	'Write TOP number lines': '请写成 TOP 编号 行数',
	'Write AUTH mechanism [initial response]': '请写成 AUTH 机制 [初始响应]',
}

const PATTERNS: [RegExp, string][] = [
	[/^(\d+) messages \((\d+) octets\)$/, '$1 封邮件（$2 字节）'],
	[/^(\d+) octets$/, '$1 字节'],
	[/^([A-Z0-9]+) takes no argument$/, '$1 不带参数'],
	[/^Cannot sign in so: (.*)$/, '无法这样登录：$1'],
]

export function inChinese(text: string): string {
	const found = CHINESE[text]
	if (found !== undefined) return found
	for (const [pattern, words] of PATTERNS) if (pattern.test(text)) return text.replace(pattern, words)
	return text
}
