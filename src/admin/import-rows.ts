import { type CsvRow, csvRows, csvText, OpenQuote } from '../kit/index.ts'
import { CannotBeDone } from './verb.ts'

/** What a line says of an account. Absent: there is no such column; '' : nothing stands there. */
export type ImportRow = {
	line: number
	address: string
	name?: string
	password?: string
	unit?: string
	node?: string
	disabled?: string
	aliases?: string
}
type Column = Exclude<keyof ImportRow, 'line'>

export const EXPORT_COLUMNS = ['address', 'name', 'unit', 'node', 'disabled', 'aliases'] as const

/** Words a first line may have, in small letters; the first of each is what an export writes. */
const COLUMNS: Record<Column, string[]> = {
	address: [
		'address',
		'email',
		'e-mail',
		'mail',
		'account',
		'邮箱',
		'邮箱地址',
		'邮件地址',
		'地址',
		'账号',
		'帐号',
	],
	name: ['name', 'display name', 'full name', '姓名', '名称', '显示名'],
	password: ['password', '密码', '初始密码'],
	unit: ['unit', 'department', '部门', '单位', '组织单位'],
	node: ['node', 'home', 'server', '节点', '归属节点', '服务器'],
	disabled: ['disabled', '停用', '禁用', '是否停用'],
	aliases: ['aliases', 'alias', '别名'],
}

const MOST_LINES = 200_000

/** Reads a whole file. @throws CannotBeDone when its first line does not name the columns, or it cannot be told apart into cells */
export function readRows(bytes: Uint8Array): { rows: ImportRow[]; ignored: string[] } {
	try {
		return readAll(bytes)
	} catch (error) {
		if (!(error instanceof OpenQuote)) throw error
		throw new CannotBeDone(`${error.message}; nothing of the file is done`, 'open-quote')
	}
}

function readAll(bytes: Uint8Array): { rows: ImportRow[]; ignored: string[] } {
	const all = csvRows(csvText(bytes))
	const first = all.next().value as CsvRow | undefined
	const names = (first?.cells ?? []).map(cell => cell.replace(/^\ufeff/, '').trim())
	const columns = names.map(columnOf)
	if (!columns.includes('address')) {
		throw new CannotBeDone(
			'the first line must name the columns, "address" (邮箱) among them; others are name (姓名), password (密码), unit (部门), node (节点), disabled (停用), aliases (别名)',
			'no-columns',
		)
	}
	const rows: ImportRow[] = []
	for (const { line, cells } of all) {
		if (rows.length >= MOST_LINES)
			throw new CannotBeDone(`a file of more than ${MOST_LINES} lines is too long; divide it`, 'too-long')
		const row: ImportRow = { line, address: '' }
		for (const [index, column] of columns.entries()) {
			if (column) row[column] = plain(cells[index] ?? '', column)
		}
		rows.push(row)
	}
	return { rows, ignored: names.filter((name, index) => name !== '' && columns[index] === null) }
}

function columnOf(name: string): Column | null {
	const found = Object.entries(COLUMNS).find(([, names]) => names.includes(name.toLowerCase()))
	return (found?.[0] as Column | undefined) ?? null
}

/** Without the apostrophe an export puts before what looks like a formula. A password is taken as it stands. */
function plain(cell: string, column: Column): string {
	return column === 'password' ? cell : cell.trim().replace(/^'(?=[=+\-@])/, '')
}

const YES = new Set(['yes', 'y', 'true', '1', '是', '停用', '禁用', 'disabled'])
const NO = new Set(['no', 'n', 'false', '0', '否', '启用', '正常', 'enabled'])

/** Undefined: nothing is said; null: nobody can tell what is said. */
export function yesOrNo(text: string | undefined): boolean | null | undefined {
	if (!text) return undefined
	const word = text.toLowerCase()
	return YES.has(word) ? true : NO.has(word) ? false : null
}
