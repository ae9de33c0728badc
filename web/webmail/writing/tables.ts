import { HELD } from './styles.ts'

/** Tables that come from elsewhere: their text, and what of them the editor is given. */

/** No page has more columns; a cell that claims more would have a grid made that no machine can hold. */
const MOST_COLUMNS = 100
/** Squares of the grids of one letter: an editor with more of them is too slow to write in. */
export const MOST_SQUARES = 20_000
/** Lines. A cell with more of them is no figure but a piece of a page. */
const LONG_CELL = 3

const columnsOf = (cell: HTMLTableCellElement) => Math.min(cell.colSpan, MOST_COLUMNS)

/** How large its grid is, without making it. */
export function squaresOf(table: HTMLTableElement): number {
	const rows = [...table.rows]
	const ends = new Array<number>(rows.length + 1).fill(0)
	let widest = 0
	/** Columns of cells that began further up. */
	let hanging = 0
	for (const [y, row] of rows.entries()) {
		hanging -= ends[y]!
		let here = 0
		let hangs = 0
		for (const cell of row.cells) {
			here += columnsOf(cell)
			if (cell.rowSpan <= 1) continue
			hangs += columnsOf(cell)
			ends[Math.min(y + cell.rowSpan, rows.length)]! += columnsOf(cell)
		}
		widest = Math.max(widest, hanging + here)
		hanging += hangs
	}
	return rows.length * widest
}

/** Its rows; a cell that takes more than one square stands in its first one, so that columns stay below each other. */
function gridOf(table: HTMLTableElement): (HTMLTableCellElement | null)[][] {
	const rows = [...table.rows]
	if (squaresOf(table) > MOST_SQUARES) return rows.map(row => [...row.cells])
	const grid: (HTMLTableCellElement | null)[][] = rows.map(() => [])
	for (const [y, row] of rows.entries()) {
		let x = 0
		for (const cell of row.cells) {
			while (grid[y]![x] !== undefined) x++
			for (const line of grid.slice(y, y + Math.max(1, cell.rowSpan)))
				for (let column = 0; column < columnsOf(cell); column++) line[x + column] = null
			grid[y]![x] = cell
			x += columnsOf(cell)
		}
	}
	// Where nothing came to stand, too.
	return grid.map(line => Array.from(line, cell => cell ?? null))
}

/** A row is a line, its cells are apart by tabs. Of a table that only holds a page together the pieces are below each other. */
export function tableText(table: HTMLTableElement, textOf: (cell: Element) => string, apart = '\t'): string {
	const caption = table.caption ? [textOf(table.caption).trim()] : []
	const lines = gridOf(table).map(row => {
		const cells = row.map(cell => (cell ? textOf(cell).trim() : ''))
		if (cells.some(cell => cell.split(/\n+/).length > LONG_CELL)) return cells.filter(Boolean).join('\n\n')
		return cells
			.map(cell => cell.replace(/\n+/g, ' '))
			.join(apart)
			.trimEnd()
	})
	return [...caption, ...lines].join('\n')
}

/**
 * Makes of a table one that the editor knows: how it looks stands in attributes, as mail programs of all ages read them,
 * and no longer in styles, which the policy of the page forbids.
 */
export function attributed(table: HTMLTableElement): void {
	const own = styleOf(table)
	const cells = [...table.rows].flatMap(row => [...row.cells])
	if (!Number(table.getAttribute('border')) && [own, ...cells.map(styleOf)].some(isFramed)) {
		table.setAttribute('border', '1')
		if (!table.hasAttribute('cellspacing')) table.setAttribute('cellspacing', '0')
		if (!table.hasAttribute('cellpadding')) table.setAttribute('cellpadding', '4')
	}
	if (own.borderCollapse === 'collapse') table.setAttribute('cellspacing', '0')
	setWidth(table, own.width)
	const columns = [...table.querySelectorAll<HTMLTableColElement>(':scope > colgroup > col, :scope > col')]
	const widths = columns.flatMap(column =>
		new Array<string>(Math.min(column.span, MOST_COLUMNS)).fill(
			styleOf(column).width || (column.getAttribute('width') ?? ''),
		),
	)
	let x = 0
	for (const cell of table.rows[0]?.cells ?? []) {
		if (cell.colSpan === 1 && !cell.hasAttribute('width')) setWidth(cell, widths[x] ?? '')
		x += columnsOf(cell)
	}
	for (const cell of cells) {
		const style = styleOf(cell)
		setWidth(cell, style.width)
		if (/^(left|right|center)$/.test(style.textAlign)) cell.setAttribute('align', style.textAlign)
		if (/^(top|middle|bottom)$/.test(style.verticalAlign)) cell.setAttribute('valign', style.verticalAlign)
		if (cell.colSpan > MOST_COLUMNS) cell.colSpan = MOST_COLUMNS
	}
}

/** What its `style` says. The element itself does not know: it is in no page. */
function styleOf(element: Element): CSSStyleDeclaration {
	const { style } = document.createElement('span')
	style.cssText = element.getAttribute(HELD) ?? ''
	return style
}

const isFramed = (style: CSSStyleDeclaration) =>
	[style.borderTopStyle, style.borderBottomStyle, style.borderLeftStyle].some(
		each => each !== '' && !/^(none|hidden|initial|inherit)$/.test(each),
	)

const PIXELS: Record<string, number> = { px: 1, '': 1, pt: 4 / 3 }
function setWidth(element: Element, width: string): void {
	const [, figure = '', unit = ''] = /^([\d.]+)(px|pt|%|)$/.exec(width.trim()) ?? []
	if (figure === '') return
	element.setAttribute(
		'width',
		unit === '%' ? `${figure}%` : String(Math.round(Number(figure) * PIXELS[unit]!)),
	)
}
