import { fuzzParser, type FuzzOptions } from './fuzz';
import { parserTargets } from './targets';

/**
 * Each parser in turn, or `only` the one of that name.
 * @returns the first failure of each that failed, with how to have it again
 */
export function soakParsers({
	only,
	log,
	...options
}: FuzzOptions & { readonly only?: string | undefined; log(line: string): void }): string | undefined {
	const chosen = parserTargets().filter(({ name }) => only === undefined || name === only);
	if (chosen.length === 0)
		return `no parser is called ${only ?? ''}: ${parserTargets()
			.map(({ name }) => name)
			.join(', ')}`;
	const failures: string[] = [];
	for (const target of chosen) {
		const { runs, ms, outcomes, failure } = fuzzParser(target, options);
		const told = [...outcomes].sort(([, a], [, b]) => b - a).map(([kind, count]) => `${kind} ${count}`);
		log(
			`${target.name}: ${runs} inputs, ${Math.round((runs / ms) * 1000)}/s, seed ${options.seed}` +
				(told.length > 0 ? ` (${told.join(', ')})` : '')
		);
		if (failure !== undefined) failures.push(failure);
	}
	return failures.length > 0 ? failures.join('\n') : undefined;
}
