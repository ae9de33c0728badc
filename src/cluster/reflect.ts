/**
 * The three functions of the metadata proposal that @peculiar/x509 (through tsyringe) asks for when it is
 * loaded. Imported before it, for its effect only. Left alone when somebody else brought the whole polyfill.
 */
type Metadata = {
	getMetadata?: (key: unknown, target: object) => unknown
	getOwnMetadata?: (key: unknown, target: object) => unknown
	defineMetadata?: (key: unknown, value: unknown, target: object) => void
}

const reflect = Reflect as typeof Reflect & Metadata

if (!reflect.getMetadata) {
	const known = new WeakMap<object, Map<unknown, unknown>>()
	reflect.getOwnMetadata = (key, target) => known.get(target)?.get(key)
	reflect.getMetadata = (key, target) => {
		for (let at: object | null = target; at; at = Object.getPrototypeOf(at)) {
			const found = known.get(at)
			if (found?.has(key)) return found.get(key)
		}
		return undefined
	}
	reflect.defineMetadata = (key, value, target) => {
		const own = known.get(target) ?? new Map<unknown, unknown>()
		known.set(target, own.set(key, value))
	}
}
