/** How soon somebody should look. */
export type Severity = 'info' | 'warning' | 'critical';

export const isSeverity = (value: unknown): value is Severity =>
	value === 'info' || value === 'warning' || value === 'critical';

/** Words that others use for it. */
const WORDS: ReadonlyMap<string, Severity> = new Map([
	...(['info', 'information', 'notice', 'low', 'debug'] as const).map((word) => [word, 'info'] as const),
	...(['critical', 'error', 'high', 'fatal', 'alarm', 'emergency', 'severe'] as const).map(
		(word) => [word, 'critical'] as const
	)
]);

/** Total: what is no severity we know is a warning. */
export const severityOf = (value: unknown): Severity =>
	(typeof value === 'string' ? WORDS.get(value.toLowerCase()) : undefined) ?? 'warning';
