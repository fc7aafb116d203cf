import type { SerialPortLike } from '$lib/link';

/** What is tried, from the fastest down; every bridge and every ROM has the last. */
export const BAUDS = [2_000_000, 1_500_000, 921_600, 460_800, 230_400, 115_200] as const;
/**
 * Where an adapter begins that nothing is known of: the fastest that all common bridges keep. More is begun with only where a
 * person asked for it before, and it worked.
 */
export const DEFAULT_BAUD = 921_600;
/** After so many writes without one fault, an adapter that was slowed is tried a step faster. */
const CLEAN_WRITES = 3;

/** What is remembered of one adapter. */
export interface KeptBaud {
	/** Bits per second that its last write ended with. */
	readonly baud: number;
	/** Writes without a fault at that rate since. */
	readonly cleanWrites: number;
}

/** Remembers what worked, by adapter. A browser tells its two USB numbers and no serial number: alike adapters share an entry. */
export interface BaudMemory {
	recall(adapter: string): KeptBaud | undefined;
	keep(adapter: string, kept: KeptBaud): void;
}

/** "10c4:ea60"; a port without numbers has none. */
export function adapterOf(port: Pick<SerialPortLike, 'getInfo'>): string | undefined {
	const { usbVendorId, usbProductId } = port.getInfo();
	if (usbVendorId === undefined || usbProductId === undefined) return undefined;
	return [usbVendorId, usbProductId].map((n) => n.toString(16).padStart(4, '0')).join(':');
}

/** The rate to begin with. */
export function firstBaud(kept: KeptBaud | undefined): number {
	if (!kept) return DEFAULT_BAUD;
	if (kept.cleanWrites < CLEAN_WRITES || kept.baud >= DEFAULT_BAUD) return kept.baud;
	return BAUDS.findLast((baud) => baud > kept.baud) ?? kept.baud;
}

/** What a write teaches of its adapter. */
export function keptAfter(
	before: KeptBaud | undefined,
	{ baud, retries }: { readonly baud: number; readonly retries: number }
): KeptBaud {
	const earlier = before?.baud === baud ? before.cleanWrites : 0;
	return { baud, cleanWrites: retries === 0 ? earlier + 1 : 0 };
}

/** The rates below this one, fastest first. */
export const slowerThan = (baud: number): readonly number[] => BAUDS.filter((rate) => rate < baud);

/** How many faults close together are borne before the line is slowed. */
const MOST_STRAIN = 3;

/** Faults of a line, forgiven one by one as stretches go through: rare ones cost a stretch, many want a slower rate. */
export class Strain {
	#faults = 0;

	fault(): void {
		this.#faults++;
	}

	/** A stretch went through. */
	ease(): void {
		this.#faults = Math.max(0, this.#faults - 1);
	}

	get tooMuch(): boolean {
		return this.#faults >= MOST_STRAIN;
	}

	/** The rate is another: what was, says nothing of it. */
	forget(): void {
		this.#faults = 0;
	}
}
