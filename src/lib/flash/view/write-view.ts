import type { Words } from '$lib/ui';
import type { FlashReport, FlashState } from '../facts';
import type { Halfway } from '../plan-facts';
import { flashErrorWords } from './flash-words';
import { leftWords, stopWords } from './halfway-words';
import type { PlanView } from './plan-words';
import { flashSize, type StripPart, type StripRow } from './strip';
import { baudWords, duration, lineWords, quarter } from './write-words';

/** Everything of a write that a person sees. */
export type WriteView = {
	readonly sizeBytes: number;
	readonly practice: boolean;
	readonly rows: readonly StripRow[];
	readonly picture: string;
	/** What a screen reader hears: it changes at milestones only. */
	readonly milestone: string;
} & (
	| {
			readonly kind: 'running';
			/** What it means to stop now. */
			readonly stopping: string;
			readonly figures: {
				readonly what: string;
				readonly writtenBytes: number;
				/** To be written: without what is unchanged. */
				readonly totalBytes: number;
				readonly unchangedBytes: number;
				readonly bytesPerSecond: number | undefined;
				readonly secondsLeft: number | undefined;
				readonly retries: number;
			};
	  }
	| { readonly kind: 'over'; readonly tone: 'live' | 'late' | 'failing'; readonly words: Words }
);

/** How far a write came: kept beside the state, because not every state tells it. */
export interface WriteProgress {
	/** So far the flash is as it should be, of all regions one after another. */
	readonly reachedBytes: number;
	readonly writtenBytes: number;
	readonly unchangedBytes: number;
	readonly bytesPerSecond: number | undefined;
	readonly secondsLeft: number | undefined;
	readonly retries: number;
	/** Something may be erased or written. */
	readonly begun: boolean;
	/** Regions whose digest was right. */
	readonly verified: number;
}

export const NO_PROGRESS: WriteProgress = {
	reachedBytes: 0,
	writtenBytes: 0,
	unchangedBytes: 0,
	bytesPerSecond: undefined,
	secondsLeft: undefined,
	retries: 0,
	begun: false,
	verified: 0
};

/** Takes a new state into what is known of a write. */
export function progressed(before: WriteProgress, state: FlashState): WriteProgress {
	switch (state.kind) {
		case 'erasing':
			return { ...before, begun: true };
		case 'writing':
			return {
				reachedBytes: state.reachedBytes,
				writtenBytes: state.writtenBytes,
				unchangedBytes: state.unchangedBytes,
				bytesPerSecond: state.bytesPerSecond,
				secondsLeft: state.secondsLeft,
				retries: state.retries,
				begun: true,
				verified: 0 // what was verified before something was written is asked again
			};
		case 'verifying':
			return { ...before, reachedBytes: Infinity, verified: state.region };
		case 'done':
			return {
				...before,
				reachedBytes: state.totalBytes,
				writtenBytes: state.totalBytes - state.unchangedBytes,
				unchangedBytes: state.unchangedBytes,
				retries: state.retries,
				verified: Infinity
			};
		default:
			return before;
	}
}

/** The strip, the figures and the words of a write. */
export function writeView(plan: PlanView, state: FlashState, progress: WriteProgress): WriteView {
	const after = plan.rows.at(-1) ?? { title: 'After', parts: [] };
	const totalBytes = plan.writtenBytes - progress.unchangedBytes;
	const unchanged =
		progress.unchangedBytes > 0 ? `, ${flashSize(progress.unchangedBytes)} are unchanged` : '';
	const shared = {
		sizeBytes: plan.sizeBytes,
		practice: plan.practice,
		rows: [{ title: 'The flash', parts: filled(after.parts, progress) }],
		picture: `${flashSize(progress.writtenBytes)} of ${flashSize(totalBytes)} are written to a flash of ${flashSize(plan.sizeBytes)}${unchanged}.`,
		milestone: milestone(state, progress, totalBytes, plan)
	};
	const over = outcome(state, plan.halfway);
	if (over) return { ...shared, kind: 'over', ...over };
	const { writtenBytes, unchangedBytes, bytesPerSecond, secondsLeft, retries } = progress;
	const names = after.parts.filter((part) => part.look === 'new').map((part) => part.label);
	const figures = { writtenBytes, totalBytes, unchangedBytes, bytesPerSecond, secondsLeft, retries };
	const stopping = stopWords(plan.halfway, progress.begun);
	return { ...shared, kind: 'running', stopping, figures: { what: doing(state, names, plan), ...figures } };
}

/** Regions come one after another, so what is reached fills them in order. */
function filled(parts: readonly StripPart[], progress: WriteProgress): readonly StripPart[] {
	let left = progress.reachedBytes;
	let region = 0;
	return parts.map((part) => {
		if (part.look !== 'new') return part;
		const share = Math.min(1, Math.max(0, left / part.lengthBytes));
		left -= part.lengthBytes;
		return { ...part, filled: share, verified: region++ < progress.verified };
	});
}

function doing(state: FlashState, names: readonly string[], { baud }: Pick<PlanView, 'baud'>): string {
	switch (state.kind) {
		case 'erasing':
			return state.totalBytes === undefined
				? 'Erasing the flash. The chip does this by itself and is silent meanwhile.'
				: `Erasing all but the settings: ${flashSize(state.doneBytes ?? 0)} of ${flashSize(state.totalBytes)}.`;
		case 'keeping-settings':
			return `Keeping the settings that are there first: ${flashSize(state.readBytes)} of ${flashSize(state.totalBytes)}.`;
		case 'comparing':
			return `Comparing ${names[state.region] ?? 'a part'} with what is there: what is the same already is left as it is.`;
		case 'writing':
			return `Writing ${names[state.region] ?? 'a part'}, part ${state.region + 1} of ${names.length}.`;
		case 'verifying':
			return `Checking ${names[state.region] ?? 'a part'}: the chip reads it back and tells its MD5.`;
		case 'resetting':
			return 'Restarting the board into its program.';
		case 'connecting':
			return baud === undefined
				? 'Getting the line ready.'
				: `Getting the line ready, for ${baudWords(baud)}.`;
		default:
			return 'Getting ready.';
	}
}

/** What came of a write; undefined while it is not over. */
export const outcomeWords = (state: FlashState, halfway: Halfway): Words | undefined =>
	outcome(state, halfway)?.words;

function outcome(
	state: FlashState,
	halfway: Halfway
): { readonly tone: 'live' | 'late' | 'failing'; readonly words: Words } | undefined {
	switch (state.kind) {
		case 'done':
			return {
				tone: 'live',
				words: {
					what: `${state.unchangedBytes === state.totalBytes ? 'Nothing to write: checked' : 'Written and checked'} in ${duration(state.durationMs)}`,
					means:
						`${amounts(state)} The chip read every part back, and each MD5 is right${state.retries > 0 ? `; ${state.retries} blocks were sent twice` : ''}. ${lineWords(state)}`.trim(),
					todo: 'The board has restarted: its log is in the console.'
				}
			};
		case 'cancelled':
			return {
				tone: 'late',
				words: {
					what: 'Stopped',
					...(state.wroteAnything
						? leftWords(halfway)
						: {
								means: 'Nothing was written: the board is as it was.',
								todo: 'Flash again when you like.'
							})
				}
			};
		case 'failed': {
			const words = flashErrorWords(state.error);
			return {
				tone: 'failing',
				words: {
					...words,
					means: `${words.means} ${state.wroteAnything ? leftWords(halfway).means : 'Nothing was written.'}`
				}
			};
		}
		default:
			return undefined;
	}
}

function amounts({ totalBytes, unchangedBytes, durationMs }: FlashReport): string {
	const written = totalBytes - unchangedBytes;
	if (written === 0) return `All ${flashSize(totalBytes)} were in the flash already.`;
	const speed = `${flashSize((1000 * written) / Math.max(1, durationMs))}/s`;
	return unchangedBytes === 0
		? `${flashSize(written)} at ${speed}.`
		: `${flashSize(written)} at ${speed}; ${flashSize(unchangedBytes)} were unchanged and left out.`;
}

const QUARTERS = [
	'Writing has begun.',
	'A quarter is written.',
	'Half is written.',
	'Three quarters are written.',
	'All is written.'
];

function milestone(state: FlashState, progress: WriteProgress, totalBytes: number, plan: PlanView): string {
	if (state.kind === 'writing') return QUARTERS[quarter(progress.writtenBytes, totalBytes)] ?? '';
	if (
		state.kind === 'comparing' ||
		state.kind === 'verifying' ||
		state.kind === 'erasing' ||
		state.kind === 'resetting'
	)
		return doing(state, [], plan);
	return outcome(state, plan.halfway)?.words.what ?? '';
}
