/** Causes are counted by name, and a newer worker may count one that this page has no words for. */
const WORDS: ReadonlyMap<string, string> = new Map([
	['not-json', 'Not JSON'],
	['not-object', 'JSON, but not an object'],
	['too-large', 'Larger than 64 KiB'],
	['reported-too-large', 'A reported state larger than 4 KiB'],
	[
		'retained-telemetry',
		'An old measurement that the broker keeps, without a number that tells it from a new one'
	],
	['no-sensors', 'No “sensors” in it'],
	['no-metrics', 'No metric in it'],
	['bad-value', 'A value that is not a finite number'],
	['bad-timestamp', 'A timestamp that cannot be'],
	['bad-identity', 'epoch and seq that do not fit together'],
	['too-many-metrics', 'More metrics than are kept'],
	['too-deep', 'Nested too deep'],
	['bad-device-id', 'A device id that is not allowed'],
	['bad-envelope', 'A batch whose message is not as it must be'],
	['other-device', 'A batch that says it is another device’s'],
	['bad-batch', 'A batch that is cut short or damaged'],
	['newer-batch', 'A batch of a newer firmware than this page understands'],
	['forged-batch', 'A batch that is not sealed with its device’s key'],
	['unsealed-batch', 'A batch without a seal, of a device that has a key'],
	['key-unusable', 'A batch of a device whose key in this browser cannot be read'],
	['unsealed-answer', 'An answer without a seal, of a device that has a key'],
	['forged-answer', 'An answer that is not sealed with its device’s key'],
	['answer-key-unusable', 'An answer of a device whose key in this browser cannot be read'],
	['stale-epoch', 'An answer that asked for newer numbers; the command was sent again with them'],
	['batch-backlog', 'More batches and answers at once than can be checked']
]);

export const refusalWord = (cause: string): string => WORDS.get(cause) ?? cause.replaceAll('-', ' ');
