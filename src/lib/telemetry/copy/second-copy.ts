import { concatBytes, type Clock, type Frame } from '$lib/base';
import { blockFrame, SnapshotMoved } from '../backup/snapshot';
import { parseSnapshotPart, SNAPSHOT_VERSION } from '../backup/restore';
import type { BlockHead, NewBlock } from '../codec/block';
import type { BlockChange, Disk, Loaded, StateRow } from '../disk';
import type { Refilled } from '../store';
import { Turns } from '../turns';
import type { CopyFolder } from './folder';
import { mirrored } from './mirrored-disk';
import { isFresh, refill } from './refill';
import { findRun, readRun } from './run';
import { encodeSegment, isSegmentName, segmentName, type GonePart, type SegmentHead } from './segment';

/** What is sealed waits so long for more, and is then written in one file. */
const GATHER_MS = 2000;
/** After a failure, and after it gave way to the store. */
const RETRY_MS = 5 * 60_000;
/** Waiting beyond this is let go of, and the copy made anew. */
const MOST_WAITING_BYTES = 32 << 20;
const FILE_BYTES = 4 << 20;
/** Made anew when it is longer than twice what lives, and this. */
const SLACK_BYTES = 4 << 20;
const MOST_FILES = 500;
/** The browser's room that is left to the store. */
const SPARE_SHARE = 0.1;
const NONE = new Uint8Array(0);

/** How the copy stands. */
export interface CopyStatus {
	/** 'off': not wanted. 'impossible': this browser has nowhere to put it. 'behind': it is being made, or will be. */
	readonly kind: 'impossible' | 'off' | 'behind' | 'current';
	readonly bytes: number;
	/** When it was last written, ms since the epoch. */
	readonly writtenMs: number | undefined;
	/** Writes that failed since the worker started, and why the last did; the next that works clears the reason. */
	readonly failures: number;
	readonly cause: string | undefined;
}

/**
 * Keeps what the store has sealed a second time, apart from its database: drawn in docs/telemetry-format.md. It is there while its
 * folder is, so that it outlives the loss of the settings too. Nothing it meets reaches the store: failures are counted and told.
 */
export class SecondCopy {
	readonly #turns = new Turns();
	#disk: Disk | undefined;
	#on = false;
	/** What lies there and what waits are together what the store has sealed. */
	#sound = false;
	#collecting = false;
	/** To be made anew. */
	#due = false;
	/** What it holds is to go from there, whatever happens. */
	#forgetting = false;
	#yielding = false;
	#stopped = false;
	#waiting: Frame[] = [];
	#rolled: BlockHead[] = [];
	#waitingBytes = 0;
	#state: StateRow | undefined;
	readonly #nameIds = new Set<number>();
	#begins = '';
	#next = 1;
	#files = 0;
	#bytes = 0;
	#writtenMs: number | undefined;
	#failures = 0;
	#cause: string | undefined;
	#cancel: (() => void) | undefined;

	constructor(
		private readonly parts: {
			/** Undefined: there is nowhere to put it. */
			readonly folder: CopyFolder | undefined;
			readonly clock: Clock;
			/** This leader's number: files of an earlier one that comes late are before ours. */
			readonly fence: number;
			/** Instead of 4 MiB, for tests. */
			readonly slackBytes?: number;
		}
	) {}

	get status(): CopyStatus {
		const kept = this.#sound && !this.#due ? 'current' : 'behind';
		const kind = !this.parts.folder ? 'impossible' : this.#on ? kept : 'off';
		const [bytes, writtenMs, failures, cause] = [this.#bytes, this.#writtenMs, this.#failures, this.#cause];
		return { kind, bytes, writtenMs, failures, cause };
	}

	/** The disk as the store is to write to it. */
	over(disk: Disk): Disk {
		return mirrored(disk, {
			changed: (change) => this.#changed(change),
			named: (rows) => {
				if (rows.length > 0) this.#add([{ meta: { kind: 'names', rows }, bytes: NONE }]);
				for (const { id } of rows) this.#nameIds.add(id);
			},
			emptied: (series) => this.#add([goneFrame({ emptied: [series] })]),
			dropped: (blocks) => this.#add([goneFrame({ blocks: blocks.map(keyOf) })]),
			giveWay: () => this.#giveWay()
		});
	}

	/** Fills a store that was lost, where there is a copy of it. @returns undefined where there is none, or it failed, which is told */
	async refill(disk: Disk, loaded: Loaded): Promise<Refilled | undefined> {
		const { folder } = this.parts;
		try {
			if (!folder || !isFresh(loaded) || !(await folder.exists())) return undefined;
			const run = await findRun(folder);
			if (!run || run.head.generation === loaded.state.generation) return undefined;
			const filled = await refill(disk, loaded.state, await readRun(folder, run));
			if (filled.ok) return filled.value;
			this.#failed(`it could not be put back: ${filled.error.kind}`);
		} catch (cause) {
			this.#failed(cause);
		}
		this.#stopped = true; // it is not written over with less: there may be room for it at the next start
		return undefined;
	}

	/** From now on it follows the store. Goes on where it was, or begins anew where it does not agree with what is there. */
	attach(disk: Disk, state: StateRow, names: Iterable<number>): void {
		const { folder } = this.parts;
		this.#disk = disk;
		this.#state = state;
		for (const id of names) this.#nameIds.add(id);
		const there = this.#head(true);
		if (!folder || this.#stopped) return;
		this.#on = this.#collecting = true; // what is sealed meanwhile waits
		void this.#inTurn(async () => {
			this.#on = await folder.exists();
			if (!this.#on) return this.#forget();
			const run = await findRun(folder);
			if (run && agrees(run.head, there)) {
				this.#begins = run.head.begins;
				this.#files = run.names.length;
				for (const name of run.names) this.#bytes += (await folder.read(name)).size;
				this.#sound = true;
			} else this.#due = true;
			this.#pumpAfter(GATHER_MS);
		});
	}

	/** Resolves when it is wanted; it is then made while the store goes on. */
	async turnOn(): Promise<void> {
		const { folder } = this.parts;
		if (!folder || this.#on) return;
		await this.#inTurn(async () => {
			await folder.create();
			this.#stopped = false;
			this.#on = this.#due = true;
			this.#pumpAfter(0);
		});
	}

	/** Deletes it. */
	async turnOff(): Promise<void> {
		this.#on = false;
		await this.#inTurn(async () => {
			await this.parts.folder?.delete();
			this.#forget();
		});
	}

	/** Writes what waits. One that is being made is left, and made anew at the next start. */
	async close(): Promise<void> {
		if (this.#on && this.#sound) void this.#inTurn(() => this.#write());
		this.#stopped = true;
		this.#cancel?.();
		await this.#turns.over();
		this.#on = false;
	}

	#changed({ state, add, remove, roll, names, ledgers, latest, forget }: BlockChange): void {
		this.#state = state;
		for (const { id } of names ?? []) this.#nameIds.add(id);
		for (const id of forget ?? []) this.#nameIds.delete(id);
		if (!this.#on) return;
		const frames: Frame[] = [];
		if (names && names.length > 0) frames.push({ meta: { kind: 'names', rows: names }, bytes: NONE });
		if (remove.length > 0 || (forget && forget.length > 0))
			frames.push(goneFrame({ blocks: remove.map(keyOf), forgotten: forget ?? [] }));
		for (const [id, row] of latest ?? [])
			frames.push({ meta: { kind: 'series', id, latest: row }, bytes: ledgers?.get(id) ?? NONE });
		for (const [id, ledger] of ledgers ?? [])
			if (!latest?.has(id)) frames.push({ meta: { kind: 'series', id, latest: [] }, bytes: ledger });
		frames.push(...add.map(frameOf));
		this.#rolled.push(...(roll ?? []).map(({ head }) => head));
		this.#add(frames);
		// A file that only says that it is gone would still hold it: made anew without.
		if (forget && forget.length > 0) {
			this.#due = this.#forgetting = true;
			this.#pumpAfter(0);
		}
	}

	#add(frames: readonly Frame[]): void {
		if (!this.#on || this.#stopped || !this.#collecting) return;
		this.#waiting.push(...frames);
		for (const { bytes } of frames) this.#waitingBytes += bytes.length;
		if (this.#waitingBytes > MOST_WAITING_BYTES) {
			this.#missed();
		}
		this.#pumpAfter(GATHER_MS);
	}

	#drop(): void {
		[this.#waiting, this.#rolled, this.#waitingBytes] = [[], [], 0];
	}

	/** What changed is not known any more. */
	#missed(): void {
		this.#drop();
		this.#sound = this.#collecting = false;
		this.#due = true;
	}

	#forget(): void {
		this.#missed();
		this.#on = this.#due = this.#forgetting = false;
		this.#cause = undefined;
		[this.#begins, this.#files, this.#bytes, this.#writtenMs] = ['', 0, 0, undefined];
		this.#cancel?.();
		this.#cancel = undefined;
	}

	#pumpAfter(ms: number): void {
		if (this.#stopped || (this.#cancel && ms > 0)) return;
		this.#cancel?.();
		this.#cancel = this.parts.clock.after(ms, () => {
			this.#cancel = undefined;
			void this.#inTurn(() => this.#pump());
		});
	}

	async #pump(): Promise<void> {
		if (!this.#on || this.#stopped) return;
		if (this.#sound) await this.#write();
		const live = (this.#state?.blockBytes ?? 0) + (this.#state?.rollupBytes ?? 0);
		if (this.#bytes > 2 * live + (this.parts.slackBytes ?? SLACK_BYTES) || this.#files > MOST_FILES)
			this.#due = true;
		if (this.#due) await this.#makeAnew();
	}

	/** What waits becomes one file. */
	async #write(): Promise<void> {
		const { folder } = this.parts;
		const [frames, rolled, disk] = [this.#waiting, this.#rolled, this.#disk];
		this.#drop();
		if (!folder || !disk || (frames.length === 0 && rolled.length === 0)) return;
		const head = this.#head(true);
		for (const of of rolled) frames.push(...(await wholeFrame(disk, of)));
		await this.#put(head, frames);
	}

	/** The store as it is now, block by block, and then what changed meanwhile; what was there before is good until then. */
	async #makeAnew(): Promise<void> {
		const { folder } = this.parts;
		const disk = this.#disk;
		if (!folder || !disk) return;
		this.#drop();
		this.#sound = this.#due = false;
		this.#collecting = true;
		const forgetting = this.#forgetting;
		this.#forgetting = false;
		const before = this.#begins;
		this.#begins = segmentName(this.parts.fence, this.#next);
		const [files, bytes] = [this.#files, this.#bytes];
		[this.#files, this.#bytes] = [0, 0];
		try {
			const { names, ledgers, latest } = await disk.load();
			let frames: Frame[] = [{ meta: { kind: 'names', rows: names }, bytes: NONE }];
			let length = 0;
			const heads: BlockHead[] = [];
			for (const { id, kind } of names) {
				if (kind !== 'series') continue;
				const ledger = ledgers.get(id);
				const meta = { kind: 'series', id, latest: latest.get(id) ?? [] };
				frames.push({ meta, bytes: ledger ? Uint8Array.from(ledger) : NONE });
				heads.push(...(await disk.heads(id)));
			}
			for (const head of heads) {
				if (this.#stopped || !this.#on || this.#yielding) throw new Error('it was left half made');
				frames.push(...(await wholeFrame(disk, head)));
				length += head.bytes;
				if (length < FILE_BYTES) continue;
				await this.#put(this.#head(false), frames);
				[frames, length] = [[], 0];
			}
			// Said to be whole together with what changed meanwhile, which the state tells of.
			if (!this.#collecting) throw new Error('too much came while it was made');
			const [waiting, rolled, head] = [this.#waiting, this.#rolled, this.#head(true)];
			this.#drop();
			for (const of of rolled) frames.push(...(await wholeFrame(disk, of)));
			await this.#put(head, [...frames, ...waiting]);
			this.#sound = true;
		} catch (cause) {
			[this.#begins, this.#files, this.#bytes] = [before, files, bytes];
			if (forgetting) await this.#clear();
			throw cause;
		}
		for (const name of await folder.names())
			if (!isSegmentName(name) || name < this.#begins) await folder.remove(name);
	}

	/** @returns whether there was anything */
	async #clear(): Promise<boolean> {
		const { folder } = this.parts;
		const names = (await folder?.names()) ?? [];
		for (const name of names) await folder?.remove(name);
		[this.#begins, this.#files, this.#bytes] = ['', 0, 0];
		return names.length > 0;
	}

	async #put(head: SegmentHead, frames: readonly Frame[]): Promise<void> {
		const { folder, fence, clock } = this.parts;
		const bytes = encodeSegment(head, frames);
		const room = await folder?.room();
		if (room && (room.freeShare < SPARE_SHARE || room.freeBytes < 2 * bytes.length))
			throw new Error('the browser’s room for this site is nearly full: the rest is left to the store');
		if (!this.#on) return;
		await folder?.write(segmentName(fence, this.#next++), bytes);
		this.#files++;
		this.#bytes += bytes.length;
		this.#writtenMs = clock.now();
		this.#cause = undefined;
	}

	/** Deletes what is there, since the store finds no room: what is new goes before what is there twice. */
	async #giveWay(): Promise<boolean> {
		if (!this.#on) return false;
		this.#yielding = true; // one that is being made is left
		let cleared = false;
		await this.#inTurn(async () => {
			this.#yielding = false;
			cleared = await this.#clear();
			if (cleared)
				throw new Error('the browser’s room for this site is full: the copy gave way to the store');
		});
		return cleared;
	}

	#head(whole: boolean): SegmentHead {
		const { generation = '', seal = 0, blocks = 0, blockBytes = 0, rollupBytes = 0 } = this.#state ?? {};
		return {
			...{ snapshot: SNAPSHOT_VERSION, generation, begins: this.#begins, whole, due: this.#due },
			...{ seal, blocks, blockBytes: blockBytes + rollupBytes, names: this.#nameIds.size }
		};
	}

	#inTurn(act: () => Promise<void>): Promise<'done' | 'failed'> {
		return this.#turns.take(async () => {
			try {
				await act();
				return 'done';
			} catch (cause) {
				this.#failed(cause);
				return 'failed';
			}
		});
	}

	#failed(cause: unknown): void {
		if (this.#stopped) return;
		this.#failures++;
		this.#cause = cause instanceof Error ? cause.message : String(cause);
		if (!this.#on) return;
		this.#missed();
		this.#cancel?.();
		this.#cancel = undefined;
		this.#pumpAfter(RETRY_MS);
	}
}

const keyOf = ({ series, block }: Pick<BlockHead, 'series' | 'block'>) => [series, block] as const;

const goneFrame = (gone: Partial<Omit<GonePart, 'kind'>>): Frame => ({
	meta: { kind: 'gone', blocks: [], emptied: [], forgotten: [], ...gone },
	bytes: NONE
});

const frameOf = ({ head, bytes, rollups }: NewBlock): Frame => ({
	meta: { kind: 'block', head },
	bytes: concatBytes([bytes, ...rollups.map(({ encoded }) => encoded)])
});

/** A block as it lies on disk; none where it went, or is not what its header tells of: then what changed it comes by itself. */
async function wholeFrame(disk: Disk, head: BlockHead): Promise<readonly Frame[]> {
	try {
		const frame = await blockFrame(disk, head);
		return parseSnapshotPart(frame) ? [frame] : [];
	} catch (cause) {
		if (cause instanceof SnapshotMoved) return [];
		throw cause;
	}
}

const agrees = (a: SegmentHead, b: SegmentHead): boolean =>
	!a.due &&
	a.generation === b.generation &&
	a.seal === b.seal &&
	a.blocks === b.blocks &&
	a.blockBytes === b.blockBytes &&
	a.names === b.names;
