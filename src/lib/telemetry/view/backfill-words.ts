import type { BackfillView } from '../backfill';

const count = (n: number, what: string): string => `${n.toLocaleString('en')} ${n === 1 ? what : `${what}s`}`;

/** How far the filling of a device's history is; '' where there is nothing to say. */
export function backfillWords({ state, missing, lost, undated, disowned, abandoned }: BackfillView): string {
	const sentences = [
		missing > 0 ? MISSING[state](count(missing, 'sample')) : '',
		lost > 0 ? `${count(lost, 'sample')} cannot be had any more: the device has let go of them.` : '',
		abandoned > 0
			? `${count(abandoned, 'sample')} never came and ${abandoned === 1 ? 'is' : 'are'} not asked for any more: this device’s history has more gaps than are remembered. A steadier link, or a tab that stays open, keeps them few.`
			: '',
		undated > 0
			? `${count(undated, 'sample')} came without a time that can be, most likely from before its clock was set, and are left out.`
			: '',
		disowned > 0
			? `${count(disowned, 'sample')} came with a number that the device’s own log never gave: damaged on the way, or sent by somebody else. Nothing is missing for their sake.`
			: ''
	];
	return sentences.filter(Boolean).join(' ');
}

const MISSING = {
	unheard: (samples) => `Missing of the past: ${samples}, asked for with the device’s next message.`,
	idle: (samples) => `Missing of the past: ${samples}, asked for in a moment.`,
	filling: (samples) => `Fetching ${samples} of the past from the device’s own log.`,
	waiting: (samples) =>
		`Missing of the past: ${samples}. The device does not answer now; it is asked again by itself.`,
	refused: (samples) =>
		`Missing of the past: ${samples}. The device gives its log only to who has its key; this browser has not.`,
	unsupported: (samples) => `Missing of the past: ${samples}. This firmware keeps no log that could be asked.`
} as const satisfies Record<BackfillView['state'], (samples: string) => string>;
