import { APP_TYPE, DATA_TYPE, buildOtaData, OTA_DATA_BYTES, parseOtaData } from '$lib/formats';
import type { OtaData, OtaRecord, Partition, PartitionTable } from '$lib/formats';
import { bootOrder } from './boot-order';
import { isOtaSlot } from './inspect/table-faults';
import { SECTOR_BYTES, touch } from './plan-erase';
import type { BootPlan, EraseChoice, PlanProblem, PresentFlash } from './plan-facts';
import type { PlannedPart } from './plan-read';

const FACTORY = 0;
const FIRST_OTA = 0x10;
const LAST_OTA = 0x1f;
const OTA_DATA_SUBTYPE = 0;

const NOTHING_CHOSEN: OtaData = { records: [undefined, undefined], selected: undefined };

/** What the bootloader would start, and what is written so that it starts what is new. */
export interface BootChoice {
	readonly boot?: BootPlan;
	/** Of otadata: one sector, or both where the factory app shall start. */
	readonly part?: { readonly offset: number; readonly bytes: Uint8Array<ArrayBuffer> };
	readonly problems: readonly PlanProblem[];
}

/**
 * Whether the app that is written is the one that starts: see `bootOrder`. A place that was not looked into counts as one with an app.
 */
export function bootChoice(
	parts: readonly PlannedPart[],
	table: PartitionTable | undefined,
	present: PresentFlash | undefined,
	erase: EraseChoice,
	leave: boolean
): BootChoice {
	if (!table) return { problems: [] };
	const images = new Set(parts.flatMap((part) => part.images.map(({ offset }) => offset)));
	const apps = table.partitions.filter(({ type }) => type === APP_TYPE);
	const slots = slotsOf(apps);
	const factory = apps.find(({ subtype }) => subtype === FACTORY);
	const written = [...slots, ...(factory ? [factory] : [])].filter(({ offset }) => images.has(offset));
	const [target] = written;
	const place = table.partitions.find((row) => row.type === DATA_TYPE && row.subtype === OTA_DATA_SUBTYPE);
	const brought = place && broughtFor(place, parts);
	const data = place ? (brought ?? foundAt(place, present, erase)) : NOTHING_CHOSEN;
	if (!target || !data) return { problems: [] };
	const mayHoldApp = ({ offset }: Partition) =>
		images.has(offset) || (erase === 'nothing' && !present?.empty?.has(offset));
	const { starts } = bootOrder(apps, data.selected?.sequence, mayHoldApp);
	// A record on trial belongs to the app before: with it the bootloader would give the new one up.
	const onTrial = data.selected?.state === 'pending-verify' || data.selected?.state === 'new';
	if (!starts || (written.includes(starts) && !onTrial)) return { problems: [] };
	const boot = { would: starts.label, written: target.label };
	if (!place || brought || leave)
		return {
			boot: { ...boot, changed: false },
			problems: [{ kind: 'starts-other', blocking: false, written: target.label, starts: starts.label }]
		};
	return {
		boot: { ...boot, changed: true },
		part:
			target === factory
				? nobodysTurn(place)
				: turnOf(place, slots.indexOf(target), apps.filter(isOtaSlot).length, data),
		problems: []
	};
}

/** `ota_0`, `ota_1`, … as far as there is no gap. */
function slotsOf(apps: readonly Partition[]): readonly Partition[] {
	const slots = apps
		.filter(({ subtype }) => subtype >= FIRST_OTA && subtype <= LAST_OTA)
		.toSorted((a, b) => a.subtype - b.subtype);
	const gap = slots.findIndex(({ subtype }, i) => subtype !== FIRST_OTA + i);
	return gap < 0 ? slots : slots.slice(0, gap);
}

/** What the firmware itself writes there: its own choice. */
function broughtFor(place: Partition, parts: readonly PlannedPart[]): OtaData | undefined {
	const range = { offset: place.offset, length: OTA_DATA_BYTES };
	const part = parts.find(({ offset, bytes }) => touch({ offset, length: bytes.length }, range));
	if (!part) return undefined;
	const bytes = new Uint8Array(OTA_DATA_BYTES).fill(0xff);
	const from = part.offset - place.offset;
	bytes.set(part.bytes.subarray(Math.max(0, -from), OTA_DATA_BYTES - from), Math.max(0, from));
	const data = parseOtaData(bytes);
	return data.ok ? data.value : NOTHING_CHOSEN;
}

function foundAt(
	place: Partition,
	present: PresentFlash | undefined,
	erase: EraseChoice
): OtaData | undefined {
	if (erase !== 'nothing') return NOTHING_CHOSEN;
	const there = present?.table.partitions.some(
		({ type, subtype, offset }) =>
			type === DATA_TYPE && subtype === OTA_DATA_SUBTYPE && offset === place.offset
	);
	return there ? present?.otaData : undefined;
}

const nobodysTurn = ({ offset }: Partition) => ({ offset, bytes: buildOtaData([undefined, undefined]) });

/** A newer record in the sector that is not followed: until it is there, what started before still does. */
function turnOf({ offset }: Partition, slot: number, slots: number, data: OtaData) {
	let sequence = 1 + Math.max(0, ...data.records.map((record) => record?.sequence ?? 0));
	while ((sequence - 1) % slots !== slot) sequence++;
	const record: OtaRecord = { sequence, state: 'undefined' };
	const first = data.selected === undefined || data.records[0] !== data.selected;
	const bytes = buildOtaData(first ? [record, undefined] : [undefined, record]);
	const at = first ? 0 : SECTOR_BYTES;
	return { offset: offset + at, bytes: bytes.slice(at, at + SECTOR_BYTES) };
}
