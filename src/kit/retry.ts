/**
 * How long to wait before try number `attempt` (1 = the first retry): doubles from `first` to `most`,
 * plus or minus a tenth so that a thousand waiters do not wake together. Milliseconds.
 */
export function backOff(
	attempt: number,
	first: number,
	most: number,
	random: () => number = Math.random,
): number {
	const plain = Math.min(most, first * 2 ** Math.min(attempt - 1, 30))
	return Math.round(plain * (0.9 + 0.2 * random()))
}
