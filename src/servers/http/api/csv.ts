/** RFC 4180, with the mark by which spreadsheets know UTF-8. */
export function csv(names: string[], rows: Record<string, unknown>[]): string {
	const lines = [names, ...rows.map(row => names.map(name => cell(row[name])))]
	return `\ufeff${lines.map(line => line.map(quoted).join(',')).join('\r\n')}\r\n`
}

/** A spreadsheet would calculate what begins like a formula. */
function cell(value: unknown): string {
	const text = value === null || value === undefined ? '' : String(value)
	return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
}

function quoted(text: string): string {
	return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
