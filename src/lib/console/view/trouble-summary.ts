import { isCrash, type Trouble } from '../trouble';
import type { Troubles } from '../trouble-reader';
import { TONES, troubleWords } from './trouble-words';

export interface TroubleSummary {
	/** One line: "Crashed 3 times in 40 s: LoadProhibited". */
	readonly words: string;
	/** The same for as long as the same kind of thing goes on: what is read out. */
	readonly spoken: string;
	readonly tone: (typeof TONES)[keyof typeof TONES];
	/** The one it is about. */
	readonly about: Trouble;
}

const GRAVITY = { failing: 2, late: 1, info: 0 } as const;

/**
 * What to say first of all that was found: the gravest of the last, and how often.
 * @param fromId troubles before it were put away by the person
 */
export function summarise({ list, counts, dropped }: Troubles, fromId: number): TroubleSummary | undefined {
	const mine = list.filter(({ id }) => id >= fromId);
	const last = mine.at(-1);
	if (!last) return undefined;
	const about = mine.reduce((best, one) => (gravity(one) >= gravity(best) ? one : best));
	const tone = TONES[about.what.kind];
	const { what } = troubleWords(about);
	const alike = mine.filter((one) => isCrash(one.what) === isCrash(about.what) && sameKind(one, about));
	const whole = dropped > 0 && fromId === 0;
	const times = whole ? (counts[about.what.kind] ?? alike.length) : alike.length;
	const loop = mine.findLast((one) => one.what.kind === 'boot-loop');
	if (isCrash(about.what)) {
		const reason = about.what.kind === 'panic' ? about.what.reason : what;
		const words =
			times > 1
				? `Crashed ${times.toLocaleString('en')} times in ${span(about.lastMs - alike[0]!.atMs)}: ${reason}`
				: what;
		return { words, spoken: what, tone, about };
	}
	const on =
		loop && about !== loop
			? `, in a loop of ${loop.what.kind === 'boot-loop' ? loop.what.restarts : 0} restarts`
			: '';
	const words =
		times > 1
			? `${what}, ${times.toLocaleString('en')} times in ${span(about.lastMs - alike[0]!.atMs)}`
			: what;
	return {
		words: words + on,
		spoken: about.what.kind === 'boot-loop' ? 'The board keeps restarting' : what,
		tone,
		about
	};
}

/** What restarts in a loop mostly does so because of something worse that is known: that comes first. */
const gravity = ({ what }: Trouble): number => (what.kind === 'boot-loop' ? 1.5 : GRAVITY[TONES[what.kind]]);

const sameKind = (a: Trouble, b: Trouble): boolean => isCrash(a.what) || a.what.kind === b.what.kind;

function span(ms: number): string {
	const s = Math.max(1, Math.round(ms / 1000));
	return s < 120 ? `${s} s` : `${Math.round(s / 60)} min`;
}
