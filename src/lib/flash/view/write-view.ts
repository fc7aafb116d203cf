import type { Words } from '$lib/ui';
import type { FlashState } from '../facts';
import { flashErrorWords } from './flash-words';
import type { PlanView } from './plan-words';
import { flashSize, type StripPart, type StripRow } from './strip';
import { duration, quarter } from './write-words';

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
			readonly figures: {
				readonly what: string;
				readonly writtenBytes: number;
				readonly totalBytes: number;
				readonly bytesPerSecond: number | undefined;
				readonly secondsLeft: number | undefined;
				readonly retries: number;
			};
	  }
	| { readonly kind: 'over'; readonly tone: 'live' | 'late' | 'failing'; readonly words: Words }
);

/** How far a write came: kept beside the state, because not every state tells it. */
export interface WriteProgress {
	readonly writtenBytes: number;
	readonly bytesPerSecond: number | undefined;
	readonly secondsLeft: number | undefined;
	readonly retries: number;
	/** Regions whose digest was right. */
	readonly verified: number;
}

export const NO_PROGRESS: WriteProgress = {
	writtenBytes: 0,
	bytesPerSecond: undefined,
	secondsLeft: undefined,
	retries: 0,
	verified: 0
};

/** Takes a new state into what is known of a write. */
export function progressed(before: WriteProgress, state: FlashState): WriteProgress {
	switch (state.kind) {
		case 'writing':
			return {
				writtenBytes: state.writtenBytes,
				bytesPerSecond: state.bytesPerSecond,
				secondsLeft: state.secondsLeft,
				retries: state.retries,
				verified: Math.max(before.verified, state.region)
			};
		case 'verifying':
			return { ...before, verified: Math.max(before.verified, state.region) };
		case 'done':
			return { ...before, writtenBytes: state.totalBytes, retries: state.retries, verified: Infinity };
		default:
			return before;
	}
}

/** The strip, the figures and the words of a write. */
export function writeView(plan: PlanView, state: FlashState, progress: WriteProgress): WriteView {
	const after = plan.rows.at(-1) ?? { title: 'After', parts: [] };
	const totalBytes = plan.writtenBytes;
	const shared = {
		sizeBytes: plan.sizeBytes,
		practice: plan.practice,
		rows: [{ title: 'The flash', parts: filled(after.parts, progress) }],
		picture: `${flashSize(progress.writtenBytes)} of ${flashSize(totalBytes)} are written to a flash of ${flashSize(plan.sizeBytes)}.`,
		milestone: milestone(state, progress, totalBytes)
	};
	const over = outcome(state);
	if (over) return { ...shared, kind: 'over', ...over };
	const { writtenBytes, bytesPerSecond, secondsLeft, retries } = progress;
	const names = after.parts.filter((part) => part.look === 'new').map((part) => part.label);
	const figures = { writtenBytes, totalBytes, bytesPerSecond, secondsLeft, retries };
	return { ...shared, kind: 'running', figures: { what: doing(state, names), ...figures } };
}

/** Regions are written one after another, so the bytes written fill them in order. */
function filled(parts: readonly StripPart[], progress: WriteProgress): readonly StripPart[] {
	let left = progress.writtenBytes;
	let region = 0;
	return parts.map((part) => {
		if (part.look !== 'new') return part;
		const share = Math.min(1, Math.max(0, left / part.lengthBytes));
		left -= part.lengthBytes;
		return { ...part, filled: share, verified: region++ < progress.verified };
	});
}

function doing(state: FlashState, names: readonly string[]): string {
	switch (state.kind) {
		case 'erasing':
			return 'Erasing the flash. The chip does this by itself and is silent meanwhile.';
		case 'writing':
			return `Writing ${names[state.region] ?? 'a part'}, part ${state.region + 1} of ${names.length}.`;
		case 'verifying':
			return `Checking ${names[state.region] ?? 'a part'}: the chip reads it back and tells its MD5.`;
		case 'resetting':
			return 'Restarting the board into its program.';
		case 'connecting':
			return 'Getting the line ready: the fastest speed is tried first.';
		default:
			return 'Getting ready.';
	}
}

function outcome(
	state: FlashState
): { readonly tone: 'live' | 'late' | 'failing'; readonly words: Words } | undefined {
	switch (state.kind) {
		case 'done':
			return {
				tone: 'live',
				words: {
					what: `Written and checked in ${duration(state.durationMs)}`,
					means: `${flashSize(state.totalBytes)} at ${flashSize((1000 * state.totalBytes) / Math.max(1, state.durationMs))}/s. The chip read every part back, and each MD5 is right${state.retries > 0 ? `; ${state.retries} blocks were sent twice` : ''}.`,
					todo: 'The board has restarted: its log is in the console.'
				}
			};
		case 'cancelled':
			return {
				tone: 'late',
				words: {
					what: 'Stopped',
					means: state.wroteAnything
						? 'Some of it is written and some is not: the board does not start a program as it is.'
						: 'Nothing was written: the board is as it was.',
					todo: state.wroteAnything ? 'Flash again to bring it back.' : 'Flash again when you like.'
				}
			};
		case 'failed': {
			const words = flashErrorWords(state.error);
			return {
				tone: 'failing',
				words: {
					...words,
					means: `${words.means} ${state.wroteAnything ? 'The board does not start a program as it is.' : 'Nothing was written.'}`
				}
			};
		}
		default:
			return undefined;
	}
}

const QUARTERS = [
	'Writing has begun.',
	'A quarter is written.',
	'Half is written.',
	'Three quarters are written.',
	'All is written.'
];

function milestone(state: FlashState, progress: WriteProgress, totalBytes: number): string {
	if (state.kind === 'writing') return QUARTERS[quarter(progress.writtenBytes, totalBytes)] ?? '';
	if (state.kind === 'verifying' || state.kind === 'erasing' || state.kind === 'resetting')
		return doing(state, []);
	return outcome(state)?.words.what ?? '';
}
