import { systemClock, type Clock, type Result, err, done } from '$lib/base';
import { idsOf, type Row } from './codec/row-group';
import { decodeWalRecord } from './codec/wal-record';
import { ColumnarStore, type StoreParts } from './columnar-store';
import type { Disk, Loaded, StateRow } from './disk';
import type { Filling } from './copy/copy-return';
import type { SecondCopy } from './copy/second-copy';
import { openDisk } from './indexeddb-disk';
import { Ledger } from './ledger';
import { LetGoLog } from './let-go-log';
import { DEFAULT_LIMITS, KEEP_ALL } from './limits';
import { mend } from './mend';
import { Names } from './names';
import { placeOf, TELEMETRY_DATABASE } from './place';
import { findLosses, parseSentinel } from './sentinel';
import { Series, numberKey } from './series';
import type { OpenedStore, OpenOptions, StoreLimits, StoreLoss } from './store';
import { warmUp } from './warm-up';

interface DurableOptions extends OpenOptions {
	/** Follows what is sealed, and gives it back to a store that was lost. */
	readonly copy?: SecondCopy;
}

/** Chromium answers UnknownError while it repairs or deletes a damaged store: three tries more, then memory. */
const RETRY_AFTER_MS: readonly number[] = [50, 250, 1000];

/**
 * Opens the telemetry store, replays its write-ahead log and says what is missing. Never rejects: where the database
 * will not open, the store keeps what fits in memory, `append` answers `unavailable`, and `health` says why.
 */
export async function openTelemetryStore(options: DurableOptions): Promise<OpenedStore> {
	void warmUp();
	const clock = options.clock ?? systemClock;
	const limits: StoreLimits = { ...DEFAULT_LIMITS, ...options.limits };
	const onTrouble = options.onTrouble ?? (() => undefined);
	const known = (await options.letGo?.all().catch(() => undefined)) ?? []; // rows that cannot be read cannot be written either, which is told
	const common = {
		clock,
		limits,
		retention: options.retention ?? KEEP_ALL,
		onSentinel: options.onSentinel,
		onTrouble,
		letGo: new LetGoLog(known, options.letGo, (error) => onTrouble({ kind: 'failing', error }))
	};
	let cause: unknown;
	for (const waitMs of [0, ...RETRY_AFTER_MS]) {
		if (waitMs > 0) await new Promise<void>((resolve) => clock.after(waitMs, resolve));
		try {
			return await openDurable(options, common);
		} catch (refused) {
			cause = refused; // told below, when the tries are over
		}
	}
	const text = String(cause);
	const store = new ColumnarStore({ ...common, ...emptyParts(), disk: undefined, cause: text });
	const newer = cause instanceof DOMException && cause.name === 'VersionError';
	return {
		store,
		losses: [],
		health: { kind: newer ? 'newer' : 'memory', cause: text },
		sentinel: undefined
	};
}

/** Deletes the telemetry database: the way out where it will not open. Every connection must be closed. */
export async function resetTelemetry(
	options: Pick<OpenOptions, 'indexedDB' | 'name'> = {}
): Promise<Result<void, { kind: 'unavailable'; cause: string }>> {
	try {
		await (await placeOf(options)).reset(options.name ?? TELEMETRY_DATABASE);
		return done;
	} catch (cause) {
		return err({ kind: 'unavailable', cause: String(cause) });
	}
}

async function openDurable(
	options: DurableOptions,
	common: Pick<StoreParts, 'clock' | 'limits' | 'retention' | 'letGo' | 'onSentinel' | 'onTrouble'>
): Promise<OpenedStore> {
	const { copy } = options;
	const place = await placeOf(options);
	const name = options.name ?? TELEMETRY_DATABASE;
	const { disk: opened, loaded: found } = await openDisk(place, name, options.fence, () =>
		common.onTrouble({ kind: 'ended' })
	);
	const disk = copy?.over(opened) ?? opened;
	try {
		// Where a page knows this very store, that it is empty is no loss.
		const isKnown = options.known.some((text) => parseSentinel(text)?.generation === found.state.generation);
		const filling = isKnown ? undefined : await copy?.refill(opened, found);
		const refilled = filling?.kind === 'filled' ? filling.refilled : undefined;
		const loaded = refilled ? await disk.load() : found;
		const restored = restore(loaded, options.known, common.clock, await unclaimed(disk, loaded));
		const { parts, damaged, missing } = restored;
		const losses = filling ? withFilling(restored.losses, filling, common.clock.now()) : restored.losses;
		// Ledgers of a copy with holes tell of more than it brought.
		const holed = (refilled?.damagedFiles ?? 0) > 0;
		const torn = restored.torn || holed;
		const untold = holed ? new Set(parts.series.map(({ id }) => id)) : restored.untold;
		// Fenced or full: they stay where they are and are told again at the next start.
		if (damaged.size > 0) await disk.quarantine(damaged);
		const mended = torn ? await mend(disk, parts, untold, common.clock.now()) : undefined;
		const state = mended?.ok ? mended.value : parts.state;
		const store = new ColumnarStore({ ...common, ...parts, state, disk, cause: '' });
		if (filling?.kind === 'unfilled' && losses[0])
			await copy?.owe(filling.generation ?? lostOf(options.known, state) ?? '', losses[0]);
		copy?.attach({
			...{ disk: opened, state, telemetry: store, seal: () => store.seal() },
			names: loaded.names.map(({ id }) => id),
			onReturned: (back, loss) => common.onTrouble({ kind: 'returned', refilled: back, loss }),
			onNeed: (need) => common.onTrouble({ kind: 'copy-waits', need })
		});
		// A hole in the log would be told at every start: once told, what is left goes into blocks.
		if (damaged.size > 0 || missing > 0 || torn) await store.seal();
		common.onSentinel(store.sentinel);
		return { store, losses, health: { kind: 'durable' }, sentinel: store.sentinel };
	} catch (cause) {
		disk.close();
		throw cause;
	}
}

/** Says with the loss what came back, first. Where nobody remembers what there was, that there is a copy of it says that it was lost. */
function withFilling(losses: readonly StoreLoss[], filling: Filling, noticedMs: number): StoreLoss[] {
	const none = { knownSeal: 0, knownWal: 0, foundSeal: 0, foundWal: 0 };
	const loss = losses.find(({ cause }) => cause === 'discarded-by-browser');
	const outcome = filling.kind === 'filled' ? { refilled: filling.refilled } : { unfilled: filling.why };
	return [
		{ noticedMs, cause: 'discarded-by-browser', ...none, ...loss, ...outcome },
		...losses.filter((other) => other !== loss)
	];
}

/** The generation that somebody remembers and that is not this one. */
const lostOf = (known: readonly (string | null)[], { generation }: StateRow): string | undefined =>
	known.map(parseSentinel).find((sentinel) => sentinel && sentinel.generation !== generation)?.generation;

/** How many series have blocks and no ledger: a row that was lost, since the two are written together. */
async function unclaimed(disk: Disk, { names, ledgers }: Loaded): Promise<number> {
	const without = names.filter(({ kind, id }) => kind === 'series' && !ledgers.has(id));
	const heads = await Promise.all(without.map(({ id }) => disk.heads(id)));
	return heads.filter(({ length }) => length > 0).length;
}

type Restored = Pick<StoreParts, 'state' | 'wal' | 'walBytes' | 'names' | 'series'>;

/**
 * Tables and log → memory: ledger and latest values are what was sealed, plus the log's replay.
 * @param lostRows that were found to be missing
 */
function restore(
	loaded: Loaded,
	known: readonly (string | null)[],
	clock: Clock,
	lostRows: number
): {
	parts: Restored;
	damaged: ReadonlyMap<number, Uint8Array>;
	missing: number;
	torn: boolean;
	/** Series without a ledger. */
	untold: ReadonlySet<number>;
	losses: StoreLoss[];
} {
	const names = new Names(loaded.names);
	const damaged = new Map<number, Uint8Array>();
	let badRows = loaded.malformed + lostRows;
	const byId = new Map<number, Series>();
	const untold = new Set<number>();
	for (const row of loaded.names) {
		if (row.kind !== 'series') continue;
		const bytes = loaded.ledgers.get(row.id);
		const ledger = bytes && Ledger.decode(bytes);
		if (bytes && !ledger) badRows++;
		if (!ledger) untold.add(row.id);
		byId.set(
			row.id,
			new Series(row.id, row.device, row.provenance, clock, ledger, loaded.latest.get(row.id))
		);
	}
	for (const id of [...loaded.ledgers.keys(), ...loaded.latest.keys()]) names.startAbove(id);

	let wal = loaded.state.sealedWal;
	let walBytes = 0;
	let missing = 0;
	for (const [number, bytes] of loaded.wal) {
		missing += number - wal - 1;
		wal = number;
		const record = decodeWalRecord(bytes);
		if (!record.ok) {
			damaged.set(number, bytes);
			continue;
		}
		walBytes += bytes.length;
		for (const [id, rows] of record.value) {
			const series = byId.get(id);
			names.startAbove(id);
			for (const metric of new Set(rows.flatMap(idsOf))) {
				if (names.metricName(metric) === undefined) badRows++;
				names.startAbove(metric);
			}
			if (!series) badRows++;
			if (series) replay(series, rows, number);
		}
	}

	const { generation, seal } = loaded.state;
	const losses = findLosses(
		known.map(parseSentinel),
		{ generation, seal, wal, discarded: loaded.discarded, damaged: damaged.size + badRows, missing },
		clock.now()
	);
	return {
		parts: { state: loaded.state, wal, walBytes, names, series: [...byId.values()] },
		damaged,
		missing,
		torn: badRows > 0,
		untold,
		losses
	};
}

/** Rows of a record as they came. One with nothing but a number that came before brings that number's time. */
function replay(series: Series, rows: readonly Row[], wal: number): void {
	let held: ReturnType<Series['heldByNumber']> | undefined;
	for (const row of rows) {
		const { identity, timeMs, clock } = row;
		if (identity && idsOf(row).length === 0 && series.ledger.has(identity.epoch, identity.seq)) {
			held ??= series.heldByNumber(); // a correction is in a later record than what it corrects
			series.correct(identity.epoch, identity.seq, { timeMs, clock }, held.get(numberKey(identity)));
			series.staleLatest = true;
			continue;
		}
		if (identity) series.ledger.add(identity.epoch, identity.seq, timeMs, clock);
		series.hold({ ...row, wal });
	}
}

function emptyParts(): Restored {
	const state: StateRow = {
		format: 2,
		generation: '0',
		seal: 0,
		sealedWal: 0,
		blocks: 0,
		blockBytes: 0,
		rollupBytes: 0,
		samples: 0
	};
	return { state, wal: 0, walBytes: 0, names: new Names(), series: [] };
}
