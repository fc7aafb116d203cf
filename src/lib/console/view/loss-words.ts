import type { LineFault, ReceiveFault, SerialLine } from '$lib/link';

const FAULTS = {
	framing: 'characters that did not fit the baud rate',
	parity: 'parity errors',
	break: 'breaks',
	overrun: 'overruns of the adapter'
} as const satisfies Record<ReceiveFault, string>;

const DROPPED = {
	'bad-frame': 'damaged frames',
	'bad-improv': 'damaged Improv packets',
	'too-long': 'frames that were too long'
} as const satisfies Record<LineFault, string>;

/** What was lost or damaged on the line so far; empty where nothing was. */
export function lossWords({ faults, dropped }: Pick<SerialLine, 'faults' | 'dropped'>): string {
	const counts = { ...faults.snapshot(), ...dropped.snapshot() };
	const words: Readonly<Record<string, string>> = { ...FAULTS, ...DROPPED };
	return Object.entries(counts)
		.map(([kind, count]) => `${count.toLocaleString('en')} ${words[kind] ?? kind}`)
		.join(', ');
}
