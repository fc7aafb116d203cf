import { err, ok, type Result } from '$lib/base';
import { BitSource, ByteSource, type ByteFault } from './byte-source';
import { readColumn, type BatchColumn } from './column';

/** How far a batch's times can be believed, docs/protocol.md §2. */
export type BatchClock = 'sync' | 'corrected' | 'none';

/** Several consecutive samples of one log. */
export interface Batch {
	/** 1 … 2³²−1 */
	readonly epoch: number;
	/** Of the first sample; each next one has one more, at most 2³²−1. */
	readonly firstSeq: number;
	readonly clock: BatchClock;
	readonly simulated: boolean;
	/** Whole ms since the Unix epoch, or since the boot where the clock is 'none'; 1 … 256 of them. */
	readonly timesMs: Float64Array<ArrayBuffer>;
	/** 1 … 16, with names of 1 … 64 bytes that all differ. */
	readonly metrics: readonly BatchMetric[];
}

export interface BatchMetric extends BatchColumn {
	readonly name: string;
}

export type BatchError = { kind: 'unknown-version'; version: number } | { kind: ByteFault };

const VERSION = 1;
const SIMULATED = 4;
const FLAGS = 7;
const CLOCKS = ['sync', 'corrected', 'none'] as const;
const MAX_METRICS = 16;
const MAX_NAME_BYTES = 64;
const TIME_LIMIT_MS = 2 ** 48;
/** In place of a width: each difference by itself, not packed. */
const ALONE = 255;
const MAX_WIDTH = 52;
const MAX_SEQ = 2 ** 32 - 1;

/** Reads a batch's payload. Total: any bytes give a batch of at most 256 × 16 values, or an error. */
export function decodeBatch(payload: Uint8Array): Result<Batch, BatchError> {
	const from = new ByteSource(payload);
	const version = from.byte();
	if (from.ok && version !== VERSION) return err({ kind: 'unknown-version', version });
	const flags = from.byte();
	const clock = CLOCKS[flags & 3];
	const epoch = from.u32();
	const firstSeq = from.u32();
	const samples = from.byte() + 1;
	const columns = from.byte();
	if (clock === undefined || (flags & ~FLAGS) !== 0) from.spoil();
	if (epoch === 0 || samples - 1 > MAX_SEQ - firstSeq || columns === 0) from.spoil();
	if (columns > MAX_METRICS) from.spoil('bomb');
	if (!from.ok || clock === undefined) return faulty(from);
	const names = Array.from({ length: columns }, () => nameOf(from.bytes(from.byte())));
	if (names.includes(undefined) || new Set(names).size < names.length) from.spoil();
	if (!from.ok) return faulty(from);
	const timesMs = readTimes(from, samples);
	const metrics: BatchMetric[] = [];
	for (const name of names)
		if (from.ok && name !== undefined) metrics.push({ name, ...readColumn(from, samples) });
	if (!from.atEnd) from.spoil();
	if (!from.ok) return faulty(from);
	return ok({ epoch, firstSeq, clock, simulated: (flags & SIMULATED) !== 0, timesMs, metrics });
}

const faulty = (from: ByteSource) => err({ kind: from.fault ?? 'corrupt' } as const);

/** Keeps a byte order mark: names differ where their bytes do. */
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function nameOf(bytes: Uint8Array): string | undefined {
	if (bytes.length === 0 || bytes.length > MAX_NAME_BYTES) return undefined;
	try {
		return strictUtf8.decode(bytes);
	} catch {
		return undefined; // not UTF-8, so not a name
	}
}

/** Differences of differences, so that a steady step takes no room. */
function readTimes(from: ByteSource, samples: number): Float64Array<ArrayBuffer> {
	const times = new Float64Array(samples);
	let time = from.varint();
	let step = 0;
	const put = (at: number) => {
		if (time < 0 || time >= TIME_LIMIT_MS) from.spoil();
		times[at] = time;
	};
	put(0);
	if (samples > 1) {
		step = from.zigzag();
		time += step;
		put(1);
	}
	if (samples < 3) return times;
	const width = from.byte();
	const alone = width === ALONE;
	if (!alone && width > MAX_WIDTH) from.spoil();
	const least = alone ? 0 : from.zigzag();
	const bits = new BitSource(from);
	for (let at = 2; from.ok && at < samples; at++) {
		step += alone ? from.zigzag() : least + bits.get(width);
		time += step;
		put(at);
	}
	bits.finish();
	return times;
}
