/** Remembers a value; when there are too many, the one that was remembered first is forgotten for it. */
export function remember<K, V>(what: Map<K, V>, key: K, value: V, most: number): void {
	what.delete(key)
	if (what.size >= most) what.delete(what.keys().next().value!)
	what.set(key, value)
}
