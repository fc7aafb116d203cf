import { isDiagnostic } from '$lib/model';
import { ok, type Clock, type Result } from '$lib/base';
import type { BlockHead } from './codec/block';
import type { LetGoLog } from './let-go-log';
import type { Names } from './names';
import { chooseLetting, type LettingCause, type Retention } from './retention';
import type { SealedBlocks } from './sealed-blocks';
import type { Series } from './series';
import type { LetGo, StoreError } from './store';

/** Blocks in one turn: flushes wait that long. */
const AT_ONCE = 16;
/** Of the bytes of blocks, freed on a full disk, one block at least: others may have filled it, and then all of ours would make no room. */
const SHARE_FREED = 0.05;

/** Carries retention out, a few blocks a turn, and keeps account of what went. */
export class Retainer {
	constructor(
		private readonly parts: {
			readonly blocks: SealedBlocks;
			readonly names: Names;
			readonly clock: Clock;
			readonly policy: () => Retention;
			readonly series: () => readonly Series[];
			readonly log: LetGoLog;
		}
	) {}

	/** @returns whether more is to go */
	async turn(): Promise<Result<boolean, StoreError>> {
		const { blocks, clock, policy, names } = this.parts;
		if (keepsAll(policy())) return ok(false);
		const heads = await this.#heads();
		const used = () => blocks.state.blockBytes + blocks.state.rollupBytes;
		const usedBytes = used();
		const lettings = chooseLetting(heads, policy(), {
			nowMs: clock.now(),
			usedBytes,
			classOf: (metric) => (isDiagnostic(names.metricName(metric) ?? '') ? 'diagnostic' : 'measurement')
		});
		let cut = false;
		let went = false;
		for (const letting of lettings.slice(0, AT_ONCE)) {
			const { head } = letting;
			const series = this.#seriesOf(head);
			if (!series) continue;
			if (letting.kind === 'cut') {
				const before = blocks.state.seal;
				const parted = await blocks.cut(series, head, letting.atMs);
				if (!parted.ok) return parted;
				cut ||= blocks.state.seal > before;
				continue;
			}
			const gone =
				letting.kind === 'thin'
					? await blocks.thin(series, head, letting.drop, letting.why === 'age' ? 'minutes' : 'least')
					: await blocks.remove(series, head);
			if (!gone.ok) return gone;
			this.#tell(series, head, letting.kind === 'thin' ? 'samples' : 'all', letting.why);
			went = true;
		}
		// What a thinned block has left is only known afterwards, and a small one's rollups may take more than it did.
		const over = went && used() > policy().maxBytes;
		return ok(over || cut || lettings.length > AT_ONCE);
	}

	/**
	 * The disk takes nothing more: samples go, without a byte being written, simulated ones first and then the oldest. Rollups stay.
	 * @returns what went
	 */
	async makeRoom(): Promise<Result<readonly LetGo[], StoreError>> {
		const { blocks } = this.parts;
		const wanted = SHARE_FREED * blocks.state.blockBytes;
		const lasting = (head: BlockHead) => Number(this.#seriesOf(head)?.provenance === 'real');
		const first = (await this.#heads())
			.filter(({ columns }) => columns.some(({ gone }) => !gone))
			.sort((a, b) => lasting(a) - lasting(b) || a.toMs - b.toMs);
		const going = new Map<Series, BlockHead[]>();
		let bytes = 0;
		for (const head of first) {
			if (bytes >= wanted) break;
			const series = this.#seriesOf(head);
			if (!series) continue;
			going.set(series, [...(going.get(series) ?? []), head]);
			bytes += head.bytes;
		}
		const dropped = await blocks.dropSamples(going);
		if (!dropped.ok) return dropped;
		return ok(
			dropped.value.flatMap((head) => {
				const series = this.#seriesOf(head);
				return series ? [this.#tell(series, head, 'samples', 'full')] : [];
			})
		);
	}

	async #heads(): Promise<readonly BlockHead[]> {
		const heads: BlockHead[] = [];
		for (const series of this.parts.series()) heads.push(...(await this.parts.blocks.headsOf(series)));
		return heads;
	}

	#seriesOf = (head: BlockHead): Series | undefined =>
		this.parts.series().find(({ id }) => id === head.series);

	#tell(series: Series, head: BlockHead, what: LetGo['what'], why: LettingCause | 'full'): LetGo {
		const { device, provenance } = series;
		const { fromMs, toMs, rows: samples, bytes } = head;
		const atMs = this.parts.clock.now();
		const gone = { atMs, device, provenance, what, why, fromMs, toMs, samples, bytes };
		this.parts.log.add(gone);
		return gone;
	}
}

const keepsAll = ({ samplesMs, rollupsMs, maxBytes }: Retention): boolean =>
	[samplesMs.measurement, samplesMs.diagnostic, rollupsMs, maxBytes].every((bound) => bound === Infinity);
