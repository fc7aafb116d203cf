import {
	bootloaderOffset,
	flashFrequencies,
	flashHeaderAt,
	flashSizeCode,
	parseAppImage,
	SPI_MODES,
	withFlashHeader,
	type FlashHeader
} from '$lib/formats';
import type { BoardFacts, FirmwarePart, FirmwareSource } from './facts';
import type { HeaderPlan, HeaderWishes, PlanProblem } from './plan-facts';

/** The parts, with the header of the image that the ROM starts as it is wished. */
export interface HeaderedParts {
	readonly parts: readonly FirmwarePart[];
	readonly header?: HeaderPlan;
	readonly problems: readonly PlanProblem[];
}

const AS_BUILT = { mode: 'as-built', frequency: 'as-built', size: 'as-built' } as const;

/**
 * Flash mode, clock and size in the header of the image at the bootloader's offset, as esptool's `write_flash` patches them; no
 * other image's is read by the ROM. What a build says for itself is the default.
 */
export function withHeader(
	board: BoardFacts,
	source: FirmwareSource,
	wishes: HeaderWishes = {}
): HeaderedParts {
	const { parts } = source;
	const place = bootloaderOffset(board.chip);
	const index = parts.findIndex(({ offset, bytes }) => offset <= place && place < offset + bytes.length);
	const part = parts[index];
	if (!part || board.chip === 'ESP8266') return { parts, problems: [] };
	const at = place - part.offset;
	if (!parseAppImage(part.bytes.subarray(at)).ok) return { parts, problems: [] };
	const said = builtFor(board, source.builtFor);
	const wished = { ...AS_BUILT, ...said.wishes, ...wishes };
	const built = flashHeaderAt(part.bytes, at);
	const wanted = headerOf(board, built, wished);
	const plan = { label: part.name, built, wishes: wished };
	const patched = withFlashHeader(part.bytes, at, wanted);
	if (board.secureBoot || !patched.ok) {
		const by: NonNullable<HeaderPlan['locked']> =
			patched.ok || board.secureBoot ? 'secure-boot' : patched.error.kind;
		const problem = { kind: 'header-locked', blocking: false, label: part.name, by } as const;
		const header = { ...plan, becomes: built, locked: by };
		return { parts, header, problems: [...said.problems, ...(same(built, wanted) ? [] : [problem])] };
	}
	const header = { ...plan, becomes: wanted };
	if (same(built, wanted)) return { parts, header, problems: said.problems };
	return { parts: parts.with(index, { ...part, bytes: patched.value }), header, problems: said.problems };
}

const same = (a: FlashHeader, b: FlashHeader): boolean =>
	a.spiMode === b.spiMode && a.spiSpeed === b.spiSpeed && a.sizeCode === b.sizeCode;

function headerOf(board: BoardFacts, built: FlashHeader, wishes: Required<HeaderWishes>): FlashHeader {
	const { mode, frequency, size } = wishes;
	const sizeBytes = size === 'detected' ? board.flashSizeBytes : size;
	return {
		spiMode: mode === 'as-built' ? built.spiMode : SPI_MODES.indexOf(mode),
		spiSpeed: flashFrequencies(board.chip)[frequency] ?? built.spiSpeed,
		sizeCode: (typeof sizeBytes === 'number' ? flashSizeCode(sizeBytes) : undefined) ?? built.sizeCode
	};
}

/** What a `flasher_args.json` says, as wishes; what it says that no header of this chip can, as problems. */
function builtFor(
	board: BoardFacts,
	settings: FirmwareSource['builtFor'] = {}
): { readonly wishes: HeaderWishes; readonly problems: readonly PlanProblem[] } {
	const unknown: string[] = [];
	const read = <T>(text: string | undefined, known: (text: string) => T | undefined): T | undefined => {
		if (text === undefined || text === 'keep') return undefined;
		const value = known(text.toLowerCase());
		if (value === undefined) unknown.push(text);
		return value;
	};
	const mode = read(settings.mode, (text) => SPI_MODES.find((one) => one === text));
	const clocks = flashFrequencies(board.chip);
	const frequency = read(settings.frequency, (text) => (text in clocks ? text : undefined));
	const size = read(settings.size, (text) => (text === 'detect' ? 'detected' : sizeNamed(text)));
	return {
		wishes: { ...(mode && { mode }), ...(frequency && { frequency }), ...(size && { size }) },
		problems: unknown.map((setting) => ({ kind: 'header-setting', blocking: false, setting }))
	};
}

/** `4mb` */
function sizeNamed(text: string): number | undefined {
	const megabytes = Number(/^(\d{1,3})mb$/u.exec(text)?.[1]);
	return flashSizeCode(megabytes * 2 ** 20) === undefined ? undefined : megabytes * 2 ** 20;
}
