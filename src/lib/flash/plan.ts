import type { RecognisedBin } from '$lib/formats';
import type { BoardFacts, FirmwareSource } from './facts';
import { appProblems, areMeantSettings, isBeside } from './plan-beside';
import { bootChoice } from './plan-boot';
import { copyProblems } from './plan-copy';
import { clearedFor, eraseWish, placesOf, placesPresent, sectorsOf, touch } from './plan-erase';
import type {
	EraseChoice,
	PlanProblem,
	PlanRange,
	PlanRegion,
	PlanWishes,
	PresentFlash,
	WritePlan
} from './plan-facts';
import { fates } from './plan-fates';
import { halfwayOf } from './plan-halfway';
import { withHeader, type HeaderedParts } from './plan-header';
import { partProblems } from './plan-problems';
import { plannedParts, writtenTable, type PlannedPart } from './plan-read';

/**
 * What a write would do to this board, and what speaks against it. Pure.
 * @param wishes.present what the board has now; absent where it has no table, `unread` where nobody knows
 */
export function planWrite(
	board: BoardFacts,
	source: FirmwareSource,
	wishes: PlanWishes & { readonly present?: PresentFlash | 'unread' } = {}
): WritePlan {
	const { settings } = wishes;
	const present = wishes.present === 'unread' ? undefined : wishes.present;
	const { copyOf } = source;
	// A copy is written as it was: neither its header nor what starts is changed.
	const {
		header,
		problems: headerProblems,
		...headered
	}: HeaderedParts = copyOf
		? { parts: source.parts, problems: [] }
		: withHeader(board, source, wishes.header);
	const parts = plannedParts(headered.parts, settings);
	const brought = writtenTable(parts.map(({ offset, bytes, bin }) => ({ offset, bytes, kind: bin.kind })));
	const placed = brought ?? (present && { table: present.table, offset: present.tableOffset });
	const after = placed?.table;
	const beside = isBeside(source, parts, after);
	const erase: WritePlan['erase'] = beside
		? { choice: 'nothing', because: 'beside' }
		: eraseWish(source, parts, wishes, wishes.present);
	const leave = wishes.leaveBootChoice ?? copyOf !== undefined;
	const start = bootChoice(parts, after, present, erase.choice, leave);
	const places = present ? placesPresent(board, present) : [];
	const own = parts.map((part) => regionOf(part, places, areMeantSettings(part, after, beside)));
	const regions = [...own, ...(start.part ? [turnRegion(start.part, places)] : [])];
	const cleared = clearedFor(erase.choice, board, regions, present);
	const fate = fates(board, regions, erase.choice, present, after);
	return {
		mac: board.mac,
		regions,
		erase,
		eraseAll: erase.choice === 'all',
		cleared,
		unseen: !present && board.chip !== 'ESP8266' && erase.choice !== 'all',
		halfway: halfwayOf(own, cleared, erase.choice === 'all', present),
		...fate,
		places: placed ? placesOf(board, placed) : [],
		...(header && { header }),
		...(start.boot && { boot: start.boot }),
		overridden: wishes.overridden ?? [],
		problems: [
			...flashProblems(board),
			...(copyOf
				? copyProblems(board, copyOf, parts, placed)
				: [
						...partProblems(board, parts, placed, wishes),
						...headerProblems,
						...startProblems(board, parts, wishes.present, erase.choice),
						...start.problems
					]),
			...appProblems(board, parts, present, erase.choice, fate.erased),
			...eraseProblems(erase, present)
		]
	};
}

/** Writes these bytes and touches nothing beside them. Nobody has looked at what they are. */
export function plainPlan(
	mac: string,
	parts: readonly {
		readonly offset: number;
		readonly bytes: Uint8Array<ArrayBuffer>;
		readonly label?: string;
	}[]
): WritePlan {
	return {
		mac,
		regions: parts.map(({ offset, bytes, label = 'part' }) => ({
			...{ offset, bytes, label, length: bytes.length },
			...{ kind: 'unknown', images: [], overwrites: [] }
		})),
		erase: { choice: 'nothing', because: 'chosen' },
		unseen: false,
		halfway: { starts: false, allErased: false, settings: false },
		...{ eraseAll: false, cleared: [], erased: [], kept: [], places: [], overridden: [], problems: [] }
	};
}

function regionOf(part: PlannedPart, places: readonly PlanRange[], meant: boolean): PlanRegion {
	const { offset, bytes, bin, images, isSettings, name, madeFrom } = part;
	const range = { offset, length: bytes.length };
	return {
		...range,
		label: isSettings ? 'Settings' : name,
		kind: bin.kind,
		bytes,
		images,
		overwrites: under(range, places),
		...(meant && { holds: 'settings' }),
		...(madeFrom && { madeFrom })
	};
}

function turnRegion(
	{ offset, bytes }: { readonly offset: number; readonly bytes: Uint8Array<ArrayBuffer> },
	places: readonly PlanRange[]
): PlanRegion {
	const range = { offset, length: bytes.length };
	const kind = 'otadata';
	return { ...range, label: 'Which app starts', kind, bytes, images: [], overwrites: under(range, places) };
}

const under = (range: { readonly offset: number; readonly length: number }, places: readonly PlanRange[]) =>
	places.filter((place) => touch(sectorsOf(range), place)).map(({ label }) => label);

const flashProblems = ({ flashId }: BoardFacts): readonly PlanProblem[] =>
	flashId ? [] : [{ kind: 'no-flash', blocking: true }];

/** An app needs a bootloader and a table; a board with a table is taken to have both. */
function startProblems(
	board: BoardFacts,
	parts: readonly PlannedPart[],
	present: PresentFlash | 'unread' | undefined,
	erase: EraseChoice
): readonly PlanProblem[] {
	const has = (kind: RecognisedBin['kind']) => parts.some(({ bin }) => bin.kind === kind);
	const there = present && erase !== 'all';
	if (board.chip === 'ESP8266' || !has('app') || has('merged') || there) return [];
	const missing = (['bootloader', 'partition-table'] as const).filter((kind) => !has(kind));
	return missing.map((kind) => ({ kind: 'nothing-starts-it', blocking: false, missing: kind }));
}

function eraseProblems(
	{ choice, because }: WritePlan['erase'],
	present: PresentFlash | undefined
): readonly PlanProblem[] {
	if (because === 'asks' || because === 'unread') return [{ kind: 'erase-undecided', blocking: true }];
	if (choice === 'all-but-settings' && !present) return [{ kind: 'settings-unknown', blocking: true }];
	return [];
}
