import { IMAGE_MAGIC, bootloaderOffset, type PartitionTable } from '$lib/formats';
import type { BoardFacts, FirmwareSource } from './facts';
import { isSettings } from './plan-erase';
import type { EraseChoice, PlanProblem, PlanRange, PresentFlash } from './plan-facts';
import type { PlannedPart } from './plan-read';

const SETTINGS_KINDS: ReadonlySet<PlannedPart['bin']['kind']> = new Set(['nvs', 'nvs-encrypted', 'nvs-keys']);

/** Whether the part lies in a place for settings. @param after the table that will be there */
const isInSettings = ({ offset, bytes }: PlannedPart, after: PartitionTable | undefined): boolean =>
	after?.partitions.some(
		(row) => isSettings(row) && row.offset <= offset && offset + bytes.length <= row.offset + row.size
	) ?? false;

const isOfSettings = (part: PlannedPart): boolean => SETTINGS_KINDS.has(part.bin.kind);

/** A copy, or settings alone: it is put beside what the board has, and nobody wants that erased. */
export const isBeside = (
	{ copyOf }: FirmwareSource,
	parts: readonly PlannedPart[],
	after: PartitionTable | undefined
): boolean =>
	copyOf !== undefined ||
	(parts.length > 0 && parts.every((part) => isOfSettings(part) || isInSettings(part, after)));

/** Settings that a person wants there take the place of those that are there. @param beside the source is */
export const areMeantSettings = (
	part: PlannedPart,
	after: PartitionTable | undefined,
	beside: boolean
): boolean => part.isSettings || (beside && isOfSettings(part) && isInSettings(part, after));

/** The program that the board has dies, and no other comes. */
export function appProblems(
	{ chip }: BoardFacts,
	parts: readonly PlannedPart[],
	present: PresentFlash | undefined,
	erase: EraseChoice,
	erased: readonly PlanRange[]
): readonly PlanProblem[] {
	const comes = parts.some(
		({ bytes, images }) =>
			images.some(({ offset }) => offset !== bootloaderOffset(chip)) ||
			(chip === 'ESP8266' && bytes[0] === IMAGE_MAGIC)
	);
	const apps = [...(present?.apps.keys() ?? [])];
	const die = apps.length > 0 && apps.every((app) => erased.some(({ offset }) => offset === app));
	const dies = erase === 'all' || (present !== undefined && (erase === 'all-but-settings' || die));
	if (comes || !dies || parts.length === 0) return [];
	return [{ kind: 'no-app-left', blocking: parts.every(isOfSettings) }];
}
