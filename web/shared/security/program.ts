const BROWSERS: [RegExp, string][] = [
	[/\bEdg\//, 'Edge'],
	[/\bOPR\//, 'Opera'],
	[/\bFirefox\//, 'Firefox'],
	[/Chrom(e|ium)\//, 'Chrome'],
	[/\bSafari\//, 'Safari'],
]
const SYSTEMS: [RegExp, string][] = [
	[/Windows/, 'Windows'],
	[/iPhone|iPad/, 'iOS'],
	[/Mac OS X/, 'macOS'],
	[/Android/, 'Android'],
	[/Linux/, 'Linux'],
]

/** The `User-Agent` of a browser, as far as a person wants to know it: names, which no language translates. */
export function programOf(userAgent: string): { browser: string; system: string } {
	const found = (names: [RegExp, string][]) => names.find(([pattern]) => pattern.test(userAgent))?.[1]
	return { browser: found(BROWSERS) ?? (userAgent.slice(0, 60) || '?'), system: found(SYSTEMS) ?? '?' }
}
