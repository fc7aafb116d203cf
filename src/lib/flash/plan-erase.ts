import { DATA_TYPE, bootloaderOffset, type Partition, type PlacedTable } from '$lib/formats';
import type { BoardFacts, FirmwareSource } from './facts';
import type { EraseChoice, PlanRange, PlanWishes, PresentFlash, WritePlan } from './plan-facts';
import type { PlannedPart } from './plan-read';

/** The least that a flash erases, bytes. */
export const SECTOR_BYTES = 0x1000;

/** ESP-IDF's subtypes of `data` that make up the settings: NVS, and the keys that an encrypted one is read with. */
const NVS_SUBTYPE = 2;
const NVS_KEYS_SUBTYPE = 4;

interface Stretch {
	readonly offset: number;
	readonly length: number;
}

export const isSettings = ({ type, subtype }: Partition): boolean =>
	type === DATA_TYPE && (subtype === NVS_SUBTYPE || subtype === NVS_KEYS_SUBTYPE);

/** Whole sectors that hold it. */
export const sectorsOf = ({ offset, length }: Stretch): Stretch => {
	const start = offset - (offset % SECTOR_BYTES);
	return { offset: start, length: Math.ceil((offset + length) / SECTOR_BYTES) * SECTOR_BYTES - start };
};

export const touch = (a: Stretch, b: Stretch): boolean =>
	a.offset < b.offset + b.length && b.offset < a.offset + a.length;

/** What shall be erased, and by whose choice. A board that runs the same program already is updated, not installed. */
export function eraseWish(
	{ eraseFirst }: FirmwareSource,
	parts: readonly PlannedPart[],
	{ erase }: PlanWishes,
	present: PresentFlash | 'unread' | undefined
): WritePlan['erase'] {
	if (erase) return { choice: erase, because: 'chosen' };
	if (eraseFirst === 'never') return { choice: 'nothing', because: 'maker-keeps' };
	const apps = parts.flatMap(({ images }) => images.flatMap(({ image }) => image.descriptor ?? []));
	if (apps.length === 0) return { choice: 'nothing', because: 'nothing-known' };
	if (present === 'unread') return { choice: 'nothing', because: 'unread' };
	const there = new Set([...(present?.apps.values() ?? [])].map(({ project }) => project));
	if (apps.some(({ project }) => there.has(project))) return { choice: 'nothing', because: 'same-project' };
	if (eraseFirst === 'always') return { choice: 'all', because: 'first-install' };
	return { choice: 'nothing', because: present ? 'asks' : 'nothing-known' };
}

/** What is erased beside what is written where the settings shall stay. */
export function clearedFor(
	choice: EraseChoice,
	board: BoardFacts,
	parts: readonly Stretch[],
	present: PresentFlash | undefined
): readonly Stretch[] {
	if (choice !== 'all-but-settings' || !present) return [];
	const places = placesPresent(board, present);
	const end = board.flashSizeBytes ?? Math.max(...places.map(({ offset, length }) => offset + length));
	const stays = places.filter((place) => staysBeside(place, parts, present));
	return without({ offset: 0, length: end }, [...stays, ...parts].map(sectorsOf));
}

/** Of what no part is written over: whether `all-but-settings` spares it. */
export function staysBeside(
	place: PlanRange,
	parts: readonly Stretch[],
	{ tableOffset }: Pick<PresentFlash, 'tableOffset'>
): boolean {
	if (place.holds === 'settings' || place.offset === tableOffset) return true;
	return place.offset < tableOffset && !parts.some((part) => touch(part, place));
}

function without(whole: Stretch, holes: readonly Stretch[]): readonly Stretch[] {
	const left: Stretch[] = [];
	let at = whole.offset;
	const end = whole.offset + whole.length;
	for (const hole of [...holes].sort((a, b) => a.offset - b.offset)) {
		if (hole.offset > at) left.push({ offset: at, length: Math.min(hole.offset, end) - at });
		at = Math.max(at, hole.offset + hole.length);
	}
	if (at < end) left.push({ offset: at, length: end - at });
	return left;
}

/** Every named stretch of a flash with this table: what comes before its first partition, and its partitions. */
export function placesOf(
	board: Pick<BoardFacts, 'chip'>,
	{ table, offset }: PlacedTable,
	apps?: PresentFlash['apps']
): readonly PlanRange[] {
	const bootloader = bootloaderOffset(board.chip);
	return [
		{ offset: bootloader, length: offset - bootloader, label: 'bootloader' },
		{ offset, length: SECTOR_BYTES, label: 'partition table' },
		...table.partitions.map((row) => named(row, apps))
	];
}

/** The same of what is on the board now. */
export const placesPresent = (board: BoardFacts, present: PresentFlash): readonly PlanRange[] =>
	placesOf(board, { table: present.table, offset: present.tableOffset }, present.apps);

/** NVS is where a board keeps its Wi-Fi and its broker, so it is named for what it means to a person; an app calls itself. */
function named(row: Partition, apps: PresentFlash['apps'] | undefined): PlanRange {
	const { label, offset, size } = row;
	const app = apps?.get(offset);
	if (isSettings(row))
		return { offset, length: size, label: `settings (${label})`, row: label, holds: 'settings' };
	const name = app && [app.project, app.version].filter(Boolean).join(' ');
	return { offset, length: size, ...(name ? { label: `${name} (${label})`, row: label } : { label }) };
}
