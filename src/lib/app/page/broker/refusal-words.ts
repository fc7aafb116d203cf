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
	['retained-event', 'An old event that the broker keeps'],
	['bad-event', 'A result, an alert or an update that does not say what it is'],
	['bad-state', 'A status that does not say how the device is'],
	['unknown-unit', 'A unit that the metric cannot have'],
	['bad-audio', 'A sound that is not base64 of 16-bit PCM or WAV'],
	['bad-audio-length', 'A sound that is not exactly two seconds long'],
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
	['bad-batch', 'A batch that is damaged'],
	['truncated-batch', 'A batch that is cut short'],
	['batch-bomb', 'A batch that would unpack to more than is allowed'],
	['unknown-compression', 'A batch packed in a way this page does not know'],
	['unnamed-values', 'A batch of values without the names of its registers'],
	['replayed-batch', 'A batch whose number was taken before'],
	['stale-batch', 'A batch whose number is too old to know whether it was taken before'],
	[
		'differs-from-sealed',
		'A single measurement that said something else than its device’s signed batch: the batch was stored'
	],
	['unsealed-message', 'A message without a seal, of a device that has a secret'],
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
