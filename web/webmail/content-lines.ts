/** Lines as iCalendar (RFC 5545) and vCard (RFC 6350) have them: `NAME;PARAM=value;PARAM="a:b":value`. */
export type Property = { name: string; params: Record<string, string>; value: string }

const LINE =
	/^(?:[\w-]+\.)?([A-Za-z0-9-]+)((?:;[A-Za-z0-9-]+(?:=(?:"[^"]*"|[^";:,]*)(?:,(?:"[^"]*"|[^";:,]*))*)?)*):(.*)$/s

/** Long lines are folded. What is no such line is left out. @param most so many lines are read */
export function properties(text: string, most: number): Property[] {
	return text
		.replace(/\r?\n[ \t]/g, '')
		.split(/\r?\n/, most)
		.flatMap(line => propertyOf(line) ?? [])
}

function propertyOf(line: string): Property | null {
	const match = LINE.exec(line)
	if (!match) return null
	const params: Record<string, string> = {}
	// RFC 6868: what may not stand in a parameter. One alone is a type of something (vCard 2.1).
	for (const [, name, quoted, plain] of match[2]!.matchAll(/;([^=;]+)(?:=(?:"([^"]*)"|([^;]*)))?/g))
		params[name!.toUpperCase()] = (quoted ?? plain ?? name!).replace(/\^([n^'])/g, (_, sign: string) =>
			sign === 'n' ? '\n' : sign === "'" ? '"' : '^',
		)
	return { name: match[1]!.toUpperCase(), params, value: match[3]! }
}

export function unescaped(value: string): string {
	return value.replace(/\\([nN,;:\\])/g, (_, sign: string) => (/n/i.test(sign) ? '\n' : sign))
}
