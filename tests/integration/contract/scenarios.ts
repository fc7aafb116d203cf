import { readFileSync } from 'node:fs';

/** Who asks. The owner is at the cable; nobody has no seal, tokenless is over HTTP; the others have their role's keys. */
export type Caller = 'nobody' | 'tokenless' | 'viewer' | 'operator' | 'admin' | 'owner';

export interface Scenario {
	readonly name: string;
	/** 0: the clock is not set. */
	readonly unix_ms: number;
	/** Only of a board, or only of a device that is none; else of both. */
	readonly board?: boolean;
	/** The device has a secret from the beginning. */
	readonly keyed?: boolean;
	readonly steps: readonly {
		/** Missing: whoever the link lets in without a key. */
		readonly as?: Caller;
		readonly request: string;
		readonly response: unknown;
	}[];
}

export const scenarios = JSON.parse(readFileSync('tests/vectors/rpc.json', 'utf8')) as readonly Scenario[];

const KINDS: Readonly<Record<string, (value: unknown) => boolean>> = {
	$number: (value) => typeof value === 'number' && Number.isFinite(value),
	$text: (value) => typeof value === 'string',
	$list: Array.isArray,
	$object: (value) => isObject(value)
};

/** The expected answer, with what may vary as `answer` has it, where it is of the kind that the pattern names. */
export function filled(pattern: unknown, answer: unknown): unknown {
	if (typeof pattern === 'string') return KINDS[pattern]?.(answer) ? answer : pattern;
	if (Array.isArray(pattern))
		return pattern.map((each, i) => filled(each, Array.isArray(answer) ? answer[i] : undefined));
	if (!isObject(pattern)) return pattern;
	const { $more, ...members } = pattern;
	const given = isObject(answer) ? answer : {};
	const named = Object.entries(members).map(([name, each]) => [name, filled(each, given[name])] as const);
	return { ...($more === true ? given : {}), ...Object.fromEntries(named) };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
	typeof value === 'object' && value !== null && !Array.isArray(value);
