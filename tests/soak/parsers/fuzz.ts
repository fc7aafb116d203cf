import { getHeapStatistics } from 'node:v8';
import fc from 'fast-check';

/** One parser, and inputs that are nearly what it reads. */
export interface ParserTarget<T = unknown> {
	readonly name: string;
	readonly inputs: fc.Arbitrary<T>;
	/** Gives what the parser gave. Whatever it throws is a fault of the parser. */
	readonly parse: (input: T) => unknown;
}

export const target = <T>(
	name: string,
	inputs: fc.Arbitrary<T>,
	parse: (input: T) => unknown
): ParserTarget => ({ name, inputs, parse: parse as (input: unknown) => unknown });

export interface FuzzOptions {
	readonly runs: number;
	readonly seed: number;
	/** Of fast-check, as a failure told it: begins at that input and tries nothing before it. */
	readonly path?: string | undefined;
}

export interface FuzzOutcome {
	readonly runs: number;
	readonly ms: number;
	/** How often each came: `ok`, or an error's kind. Empty for a parser that knows no error. */
	readonly outcomes: ReadonlyMap<string, number>;
	/** What was wrong, with how to have it again; undefined where nothing was. */
	readonly failure: string | undefined;
}

/** A parser may take this long for one input; the longest here are 16 KiB. */
export const MOST_MS = 50;
/** What an input that is slow at first is tried again, since another process may have had the processor. */
const MORE_TRIES = 3;
/** Of heap and buffers above what was in use at the beginning, garbage included. */
const MOST_BYTES = 512 * 1024 * 1024;
const SHOWN = 96;

/** Tries `runs` inputs; those of one seed are the same on each machine. */
export function fuzzParser<T>(target: ParserTarget<T>, { runs, seed, path }: FuzzOptions): FuzzOutcome {
	const inUse = bytesInUse();
	const begun = performance.now();
	const outcomes = new Map<string, number>();
	const property = fc.property(target.inputs, (input) => {
		const { took, kind } = timed(target, input);
		if (kind !== undefined) outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1);
		if (took > MOST_MS) throw new Error(`takes ${Math.round(took)} ms`);
		const grown = bytesInUse() - inUse;
		if (grown > MOST_BYTES) throw new Error(`memory grew by ${Math.round(grown / 1024 / 1024)} MiB`);
	});
	const found = fc.check(property, { numRuns: runs, seed, ...(path === undefined ? {} : { path }) });
	const ms = performance.now() - begun;
	if (!found.failed) return { runs: found.numRuns, ms, outcomes, failure: undefined };
	const { counterexample, counterexamplePath, errorInstance } = found;
	return {
		runs: found.numRuns,
		ms,
		outcomes,
		failure:
			`${target.name}: ${errorInstance instanceof Error ? (errorInstance.stack ?? errorInstance.message) : String(errorInstance)}\n` +
			`input: ${shown(counterexample?.[0])}\n` +
			`again: npm run soak:parsers -- --only '${target.name}' --seed ${seed} --path ${counterexamplePath ?? ''}`
	};
}

/** @returns ms, the least of several where the first was too long. Throws what the parser throws. */
function timed<T>({ parse }: ParserTarget<T>, input: T): { took: number; kind: string | undefined } {
	let took = Infinity;
	let outcome: unknown;
	for (let i = 0; i <= MORE_TRIES && took > MOST_MS; i++) {
		const begun = performance.now();
		outcome = parse(input);
		took = Math.min(took, performance.now() - begun);
	}
	return { took, kind: kindOf(outcome) };
}

/** A Result is a value or an error with its kind; any other parser gives what it gives, or nothing. */
function kindOf(outcome: unknown): string | undefined {
	if (typeof outcome !== 'object' || outcome === null || !('ok' in outcome)) return undefined;
	if (outcome.ok === true && 'value' in outcome) return 'ok';
	const error = 'error' in outcome ? outcome.error : undefined;
	if (outcome.ok === false && typeof error === 'object' && error !== null && 'kind' in error)
		return String(error.kind);
	throw new Error(`neither a value nor an error with its kind: ${JSON.stringify(outcome)}`);
}

function bytesInUse(): number {
	const { used_heap_size, external_memory } = getHeapStatistics();
	return used_heap_size + external_memory;
}

function shown(input: unknown): string {
	if (input instanceof Uint8Array) {
		const hex = Buffer.from(input.subarray(0, SHOWN)).toString('hex');
		return `${input.length} bytes ${hex}${input.length > SHOWN ? '…' : ''}`;
	}
	return fc.stringify(input).slice(0, 4 * SHOWN);
}
