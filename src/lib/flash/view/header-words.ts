import { flashFrequencies, flashSizeOfCode, SPI_MODES, type FlashHeader } from '$lib/formats';
import type { BoardFacts } from '../facts';
import type { HeaderPlan, HeaderWishes, WritePlan } from '../plan-facts';
import { flashSize } from './strip';

interface Choice<T> {
	readonly label: string;
	readonly value: T;
}

/** The flash header of the image that the ROM starts, before and after, and what may be chosen for it. */
export interface HeaderView {
	/** "DIO · 80 MHz · 2 MB" */
	readonly built: string;
	readonly becomes: string;
	readonly changed: boolean;
	/** The part that it lies in. */
	readonly label: string;
	readonly locked?: string;
	readonly wishes: Required<HeaderWishes>;
	readonly modes: readonly Choice<Required<HeaderWishes>['mode']>[];
	readonly frequencies: readonly Choice<string>[];
	readonly sizes: readonly Choice<Required<HeaderWishes>['size']>[];
}

const MOST_SIZE_CODE = 7;

const WHY_LOCKED = {
	'no-image': 'It is not whole, so nothing in it is changed.',
	damaged: 'Its digest is wrong, so nothing in it is changed.',
	signed: 'It is signed: one changed byte would void the signature, so it stays as it was built.',
	'secure-boot': 'The chip starts only what is signed, so it stays as it was built.'
} as const satisfies Record<NonNullable<HeaderPlan['locked']>, string>;

export function headerView(board: BoardFacts, { header }: WritePlan): HeaderView | undefined {
	if (!header) return undefined;
	const { built, becomes, label, wishes, locked } = header;
	const [asBuilt, afterwards] = [headerWords(board, built), headerWords(board, becomes)];
	const clocks = Object.keys(flashFrequencies(board.chip));
	const sizes = Array.from({ length: MOST_SIZE_CODE + 1 }, (_, code) => flashSizeOfCode(code) ?? 0);
	return {
		built: asBuilt,
		becomes: afterwards,
		changed: Object.entries(built).some(([name, code]) => becomes[name as keyof FlashHeader] !== code),
		label,
		...(locked && { locked: WHY_LOCKED[locked] }),
		wishes,
		modes: [
			{ value: 'as-built', label: `As built: ${modeName(built)}` },
			...SPI_MODES.map((mode) => ({ value: mode, label: mode.toUpperCase() }))
		],
		frequencies: [
			{ value: 'as-built', label: `As built: ${clockName(board, built)}` },
			...clocks.map((clock) => ({ value: clock, label: `${clock.slice(0, -1)} MHz` }))
		],
		sizes: [
			{ value: 'as-built', label: `As built: ${sizeName(built)}` },
			...(board.flashSizeBytes === null
				? []
				: [{ value: 'detected', label: `As large as it is: ${flashSize(board.flashSizeBytes)}` } as const]),
			...sizes
				.filter((size) => board.flashSizeBytes === null || size <= board.flashSizeBytes)
				.map((size) => ({ value: size, label: flashSize(size) }))
		]
	};
}

const headerWords = (board: BoardFacts, header: FlashHeader): string =>
	[modeName(header), clockName(board, header), sizeName(header)].join(' · ');

const modeName = ({ spiMode }: FlashHeader): string => SPI_MODES[spiMode]?.toUpperCase() ?? `mode ${spiMode}`;

/** Where two clocks share a code, both. */
function clockName({ chip }: BoardFacts, { spiSpeed }: FlashHeader): string {
	const named = Object.entries(flashFrequencies(chip)).filter(([, code]) => code === spiSpeed);
	if (named.length === 0) return `clock ${spiSpeed}`;
	return `${named.map(([name]) => name.slice(0, -1)).join(' or ')} MHz`;
}

function sizeName({ sizeCode }: FlashHeader): string {
	const bytes = flashSizeOfCode(sizeCode);
	return bytes === undefined ? `size ${sizeCode}` : flashSize(bytes);
}
