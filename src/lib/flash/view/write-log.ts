import type { BoardFacts, FirmwareSource, FlashState } from '../facts';
import type { WritePlan } from '../plan-facts';
import { planView, type PlanView } from './plan-words';
import { flashSize, hexAddress } from './strip';
import { duration } from './write-words';
import { outcomeWords } from './write-view';

/** What a write told, and when. */
export interface WriteEvent {
	/** Since 1970. */
	readonly atMs: number;
	readonly state: FlashState;
}

/** More would be of no use to anybody; the last ones matter most. */
const MOST_EVENTS = 500;

/** Of the many states of a write those that say something new: another act, another part, something sent again. */
export function logged(
	events: readonly WriteEvent[],
	state: FlashState,
	atMs: number
): readonly WriteEvent[] {
	const last = events.at(-1)?.state;
	if (last && gistOf(last) === gistOf(state)) return events;
	return [...events, { atMs, state }].slice(-MOST_EVENTS);
}

function gistOf(state: FlashState): string {
	switch (state.kind) {
		case 'writing':
			return `writing ${state.region} ${state.retries}`;
		case 'comparing':
		case 'verifying':
			return `${state.kind} ${state.region}`;
		case 'connecting':
			return `connecting ${state.attempt}`;
		default:
			return state.kind;
	}
}

/** A write from its plan to its end, as a text to keep or to send to somebody. No bytes of settings are in it. */
export function writeLog(
	board: BoardFacts,
	firmware: FirmwareSource,
	plan: WritePlan,
	events: readonly WriteEvent[]
): string {
	const view = planView(board, plan, undefined); // the rate that it had is told with the result
	const beganMs = events[0]?.atMs ?? 0;
	return [
		'Fieldbench: log of a write',
		`Begun ${new Date(beganMs).toISOString()}`,
		`Board: ${board.description}, revision ${board.revision || 'unknown'}, MAC ${board.mac}, ${board.flashSizeBytes === null ? 'flash of unknown size' : `${flashSize(board.flashSizeBytes)} of flash`}${board.practice ? ', a practice board' : ''}`,
		`Firmware: ${[firmware.name, firmware.version].filter(Boolean).join(' ')}`,
		'',
		'Planned',
		...planLines(view, plan),
		'',
		'What happened',
		...events.map(({ atMs, state }) => `  ${seconds(atMs - beganMs)}  ${eventWords(state, plan)}`),
		'',
		...resultLines(events.at(-1)?.state, plan),
		''
	].join('\n');
}

function planLines(view: PlanView, plan: WritePlan): readonly string[] {
	const parts = view.parts.flatMap((part) => [
		`  ${hexAddress(part.offsetBytes)}  ${flashSize(part.lengthBytes).padStart(8)}  ${part.label}${part.overwrites.length > 0 ? `, over ${part.overwrites.join(', ')}` : ''}`,
		...part.images.map(
			({ name, facts }) =>
				`            ${name}: ${facts.map(({ term, value }) => `${term} ${value}`).join('; ')}`
		)
	]);
	return [
		...parts,
		`  Beside that: ${view.summary.split(', ').slice(1).join(', ')}`,
		...(plan.overridden.length > 0
			? [`  OVERRIDDEN by the person: images for ${plan.overridden.join(', ')} are written to another chip`]
			: []),
		...(view.header?.changed ? [`  Flash header: ${view.header.built} becomes ${view.header.becomes}`] : []),
		...(view.boot ? [`  Starts: ${view.boot.changed ? view.boot.written : view.boot.would}`] : []),
		...(view.settings ? [`  ${view.settings.what}: ${view.settings.means}`] : []),
		...view.problems.map(({ what, means }) => `  Told: ${what}. ${means}`)
	];
}

function eventWords(state: FlashState, { regions }: WritePlan): string {
	const name = (region: number) => regions[region]?.label ?? `part ${region + 1}`;
	switch (state.kind) {
		case 'connecting':
			return `connecting, attempt ${state.attempt}`;
		case 'erasing':
			return state.totalBytes === undefined
				? 'erasing the whole flash'
				: `erasing ${flashSize(state.totalBytes)} beside the parts`;
		case 'keeping-settings':
			return 'keeping the settings that this costs';
		case 'comparing':
			return `comparing ${name(state.region)} with what is there`;
		case 'writing':
			return `writing ${name(state.region)}, ${flashSize(state.writtenBytes)} written, ${state.retries} sent again`;
		case 'verifying':
			return `checking ${name(state.region)} by the chip’s MD5`;
		default:
			return state.kind;
	}
}

function resultLines(state: FlashState | undefined, { regions, halfway }: WritePlan): readonly string[] {
	const words = state && outcomeWords(state, halfway);
	const told = words
		? [words.what, words.means, ...(words.details ? [words.details] : [])]
		: ['Not over yet.'];
	const head = ['Result', ...told.map((line) => `  ${line}`)];
	if (state?.kind !== 'done') return head;
	return [
		...head,
		`  ${duration(state.durationMs)} at ${state.baud.toLocaleString('en')} baud${state.slowedFrom === undefined ? '' : `, slowed down from ${state.slowedFrom.toLocaleString('en')}`}; ${state.retries} sent again; ${flashSize(state.totalBytes)} in all, ${flashSize(state.unchangedBytes)} unchanged`,
		...regions.map(
			({ offset, length, label }, i) =>
				`  MD5 ${state.digests[i] ?? '?'}  ${hexAddress(offset)}  ${length} bytes  ${label}`
		)
	];
}

const seconds = (ms: number): string => `+${(ms / 1000).toFixed(1)} s`.padStart(9);
