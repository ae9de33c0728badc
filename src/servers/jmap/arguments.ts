import { z } from 'zod'
import { jmap } from '../../wire/index.ts'

/** Shapes that arguments of methods have. */

export const id = z.string().refine(jmap.isId, 'not an id')
/** An id, or `#` and a creation id. */
export const idOrReference = z
	.string()
	.refine(value => jmap.isId(value.startsWith('#') ? value.slice(1) : value), 'not an id')
export const int = z.int()
export const unsigned = z.int().min(0)
export const object = z.record(z.string(), z.unknown())
export const utcDate = z
	.string()
	.refine(value => jmap.parseUtcDate(value) !== null, 'not a UTCDate')
	.transform(value => jmap.parseUtcDate(value)!)

/** @throws MethodRefused invalidArguments that names what is wrong */
export function read<T extends z.ZodType>(shape: T, args: unknown): z.output<T> {
	const result = shape.safeParse(args)
	if (result.success) return result.data
	const names = new Set<string>()
	const lines: string[] = []
	for (const issue of result.error.issues) {
		const path = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys.join(', ')] : issue.path
		names.add(String(path[0] ?? ''))
		lines.push(`${path.join('/')}: ${issue.message}`)
	}
	throw new jmap.MethodRefused('invalidArguments', lines.slice(0, 5).join('; '), { arguments: [...names] })
}
