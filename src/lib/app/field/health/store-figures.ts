import type { SeriesSize, StoreStats, TelemetryStore } from '$lib/telemetry';

/** What the store says of itself; `fault` where it does not answer. */
export interface StoreFigures {
	readonly atMs: number;
	readonly stats: StoreStats | undefined;
	/** Largest first. */
	readonly sizes: readonly SeriesSize[];
	readonly fault?: string;
}

/** Asks the store; of large stores the headers are read once, then kept. */
export async function readStoreFigures(
	store: Pick<TelemetryStore, 'stats' | 'sizes'>,
	atMs: number
): Promise<StoreFigures> {
	try {
		const [stats, sizes] = await Promise.all([store.stats(), store.sizes()]);
		const bytes = (size: SeriesSize) => size.blockBytes + size.rollupBytes;
		return { atMs, stats, sizes: [...sizes].sort((a, b) => bytes(b) - bytes(a)) };
	} catch (cause) {
		return { atMs, stats: undefined, sizes: [], fault: String(cause) };
	}
}
