/** Runs `work`, and then whatever it asked to be done at its end, the last first, however it ends. */
export async function withCleanUp<T>(
	work: (atEnd: (fn: () => Promise<unknown>) => void) => Promise<T>
): Promise<T> {
	const ends: (() => Promise<unknown>)[] = [];
	try {
		return await work((fn) => ends.push(fn));
	} finally {
		for (const end of ends.reverse()) await end();
	}
}
