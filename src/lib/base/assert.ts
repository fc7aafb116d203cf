/** Throws when an invariant of ours is broken. Bad input is not that: it is a Result. */
export function assert(condition: unknown, broken: string): asserts condition {
	if (!condition) throw new Error(`Broken invariant: ${broken}`);
}

/** Marks a branch that the types say cannot be reached. */
export function unreachable(value: never): never {
	throw new Error(`Unreachable: ${JSON.stringify(value)}`);
}
