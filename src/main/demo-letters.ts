/** Who works where in the demo, and what they write to each other. All of it is made up. */
export const places = [
	{
		short: 'hq',
		name: '总部 Headquarters',
		site: '中国 China',
		users: [
			{ local: 'zhangwei', name: '张伟' },
			{ local: 'lina', name: '李娜' },
		],
	},
	{
		short: 'hk',
		name: '香港 Hong Kong',
		site: '中国 China',
		users: [
			{ local: 'alice', name: 'Alice Chan' },
			{ local: 'bob', name: 'Bob Lau' },
		],
	},
	{
		short: 'ham',
		name: '汉堡 Hamburg',
		site: '欧洲 Europe',
		users: [
			{ local: 'erika', name: 'Erika Muster' },
			{ local: 'wangfang', name: '王芳' },
		],
	},
	{ short: 'sz', name: '深圳 Shenzhen', site: '中国 China', users: [{ local: 'chenjie', name: '陈杰' }] },
	{ short: 'cd', name: '成都 Chengdu', site: '中国 China', users: [{ local: 'liuyang', name: '刘洋' }] },
	{
		short: 'sg',
		name: '新加坡 Singapore',
		site: '东南亚 South-East Asia',
		users: [{ local: 'carol', name: 'Carol Tan' }],
	},
]

type Letter = {
	from: string
	to: string[]
	subject: string
	text: string
	html?: string
	attachment?: { filename: string; content: string }
}

export const letters: Letter[] = [
	{
		from: 'zhangwei',
		to: ['alice', 'erika', 'lina'],
		subject: '第四季度例会安排',
		text: '各位同事：\n\n第四季度例会定于周四下午三点（北京时间）。请各地提前准备本季度的数据。\n\n张伟\n总部',
		html: '<p>各位同事：</p><p>第四季度例会定于<b>周四下午三点</b>（北京时间）。请各地提前准备本季度的数据。</p><p>张伟<br>总部</p>',
	},
	{
		from: 'alice',
		to: ['zhangwei'],
		subject: 'Re: 第四季度例会安排',
		text: '收到。香港这边的报表周三发出。\n\nAlice',
	},
	{
		from: 'erika',
		to: ['zhangwei', 'alice'],
		subject: 'Meeting on Thursday: time for Hamburg?',
		text: 'Hello all,\n\n15:00 in Beijing is 08:00 here, that works. I will bring the figures of the warehouse.\n\nBest regards\nErika',
	},
	{
		from: 'bob',
		to: ['wangfang'],
		subject: '货运单据 / Shipping documents',
		text: '王芳，\n\n附件是本周的货运清单，请核对。\n\nBob',
		attachment: { filename: '货运清单.csv', content: '编号,品名,数量\nHK-1001,轴承,400\nHK-1002,电机,25\n' },
	},
	{
		from: 'wangfang',
		to: ['bob', 'lina'],
		subject: 'Re: 货运单据 / Shipping documents',
		text: '已核对，HK-1002 少两台，请补发。\n\n王芳',
	},
	{
		from: 'lina',
		to: ['alice', 'bob', 'erika', 'wangfang', 'zhangwei'],
		subject: '新系统上线通知 New mail system',
		text: '从今天起，所有地点使用同一个邮件域。任何一个节点都可以登录。\n\nFrom today all places share one mail domain; sign in at any node.\n\n李娜',
	},
]
