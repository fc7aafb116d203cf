import { concatBytes, crc32, type Clock, type Frame } from '$lib/base';
import { rollupStat, type BlockHead } from '../codec/block';
import type { NewRollup } from '../codec/rollup';
import type { RowGroup } from '../codec/row-group';
import type { Disk } from '../disk';
import { keptIn } from '../kept-numbers';
import { Ledger } from '../ledger';
import type { StoreSnapshot } from '../store';
import type { Turns } from '../turns';

/** A reader that is not heard of for so long has gone, ms. */
const HOLD_MS = 60_000;

/** Keeps blocks where they are while somebody reads them. */
export class BlockHold {
	#untilMs = 0;
	#waiting: (() => void)[] = [];
	#cancel: (() => void) | undefined;

	constructor(
		private readonly clock: Clock,
		private readonly turns: Turns
	) {}

	get held(): boolean {
		return this.clock.now() < this.#untilMs;
	}

	prolong(): void {
		this.#untilMs = this.clock.now() + HOLD_MS;
	}

	release(): void {
		this.#untilMs = 0;
		this.#look();
	}

	/** A turn for what moves blocks, when nobody reads them. */
	take(act: () => Promise<void>): void {
		const inTurn = async () => (this.held ? this.take(act) : act());
		this.#waiting.push(() => void this.turns.take(inTurn));
		this.#look();
	}

	/** What waits is left undone. */
	stop(): void {
		this.#waiting = [];
		this.#cancel?.();
	}

	#look(): void {
		this.#cancel?.();
		this.#cancel = undefined;
		if (this.held && this.#waiting.length > 0)
			this.#cancel = this.clock.after(this.#untilMs - this.clock.now(), () => this.#look());
		else for (const go of this.#waiting.splice(0)) go();
	}
}

/** Thrown where a block went while the snapshot was read: begin again. */
export class SnapshotMoved extends Error {}

/**
 * To be called in a turn, with all that was written ahead sealed.
 * @param open a block of the store, told as damage where it is damaged: it is left out, and its numbers are taken from the ledger
 */
export async function takeSnapshot(
	disk: Disk,
	hold: BlockHold,
	open: (head: BlockHead, bytes: Uint8Array | undefined) => RowGroup | undefined
): Promise<StoreSnapshot> {
	hold.prolong();
	const { state, names, ledgers, latest } = await disk.load();
	const heads: BlockHead[] = [];
	for (const row of names) if (row.kind === 'series') heads.push(...(await disk.heads(row.id)));
	return {
		samples: state.samples,
		blocks: heads.length,
		bytes: state.blockBytes + state.rollupBytes,
		async *frames(signal) {
			yield { meta: { kind: 'names', rows: names }, bytes: NONE };
			for (const { id, kind } of names) {
				if (kind !== 'series') continue;
				const ledger = ledgers.get(id);
				const meta = { kind: 'series', id, latest: latest.get(id) ?? [] };
				yield { meta, bytes: ledger ? Uint8Array.from(ledger) : NONE };
			}
			const damaged: BlockHead[] = [];
			for (const head of heads) {
				signal.throwIfAborted();
				hold.prolong();
				const [bytes] = await disk.blocks([head]);
				if (!bytes && !(await isThere(disk, head))) throw new SnapshotMoved('a block went while it was read');
				if (bytes && open(head, bytes)) yield await blockFrame(disk, head);
				else damaged.push(head);
			}
			for (const id of new Set(damaged.map(({ series }) => series))) {
				const bad = damaged.filter(({ series }) => series === id);
				const sound = heads.filter((head) => head.series === id && !bad.includes(head));
				const lost = bad.flatMap(({ logs }) => logs ?? []);
				const ledger = Ledger.decode(ledgers.get(id) ?? NONE);
				if (!ledger) continue;
				const kept = await keptIn(sound, lost, async (head) => {
					const [bytes] = await disk.blocks([head]);
					return open(head, bytes)?.columns();
				});
				kept.takeRest(ledger, lost);
				yield { meta: { kind: 'series', id, latest: latest.get(id) ?? [] }, bytes: ledger.encode() };
			}
		},
		release: () => hold.release()
	};
}

const NONE = new Uint8Array(0);

const isThere = async (disk: Disk, { series, block }: BlockHead): Promise<boolean> =>
	(await disk.heads(series)).some((head) => head.block === block);

/** A block with its rollups, as it lies on disk now. Throws `SnapshotMoved` where it is not there any more. */
export async function blockFrame(disk: Disk, head: BlockHead): Promise<Frame> {
	const [bytes] = await disk.blocks([head]);
	if (!bytes) throw new SnapshotMoved('a block went while it was read');
	const rollups: NewRollup[] = [];
	for (const stat of head.rollups) {
		const [encoded] = await disk.rollups([head], stat.widthMs);
		// One that is not there or damaged is left out: the samples serve instead.
		if (encoded?.length === stat.bytes && crc32(encoded) === stat.crc)
			rollups.push({ ...stat, encoded: Uint8Array.from(encoded) });
	}
	return {
		meta: { kind: 'block', head: { ...head, rollups: rollups.map(rollupStat) } },
		bytes: concatBytes([bytes, ...rollups.map(({ encoded }) => encoded)])
	};
}
