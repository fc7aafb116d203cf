import { Counters } from '$lib/base';
import { isBelievedTime, type ClockQuality, type DeviceId, type Sample } from '$lib/model';
import type { Batch } from './decode-batch';

/** A device without a clock does not hold samples back for longer. */
const LONGEST_HELD_MS = 24 * 3600 * 1000;

/** What was dropped of a batch while the rest stands: as where a sample comes alone. */
export type BatchDrop = 'bad-value' | 'bad-timestamp' | 'no-metrics';

/**
 * The samples of a batch, each as if it had come alone (docs/protocol.md §3.1, §3.5).
 * @param receivedMs ms since the Unix epoch
 * @returns in the order of their numbers; what was dropped, by its cause
 */
export function samplesOf(
	batch: Batch,
	device: DeviceId,
	receivedMs: number
): { readonly samples: readonly Sample[]; readonly dropped: Partial<Record<BatchDrop, number>> } {
	const provenance = batch.simulated || device.startsWith('sim-') ? 'simulated' : 'real';
	const dropped = new Counters<BatchDrop>();
	const samples: Sample[] = [];
	for (let i = 0; i < batch.timesMs.length; i++) {
		const values = valuesOf(batch, i, dropped);
		if (values === undefined) {
			dropped.add('no-metrics');
			continue;
		}
		const identity = { epoch: batch.epoch, seq: batch.firstSeq + i };
		samples.push({ device, provenance, identity, ...timeOf(batch, i, receivedMs, dropped), values });
	}
	return { samples, dropped: dropped.snapshot() };
}

function valuesOf(
	batch: Batch,
	at: number,
	dropped: Counters<BatchDrop>
): Record<string, number> | undefined {
	const values: Record<string, number> = {};
	let metrics = 0;
	for (const { name, values: column, present } of batch.metrics) {
		if (present[at] === 0) continue;
		// `__proto__` cannot be a plain object's key downstream, so it is no name here.
		if (!Number.isFinite(column[at]) || name === '__proto__') dropped.add('bad-value');
		else {
			values[name] = column[at]!;
			metrics++;
		}
	}
	return metrics > 0 ? values : undefined;
}

/** §2, but that without a clock the last sample has the time of receipt and the others lie as long before as they did. */
function timeOf(
	batch: Batch,
	at: number,
	receivedMs: number,
	dropped: Counters<BatchDrop>
): { readonly clock: ClockQuality; readonly timeMs: number } {
	const timeMs = batch.timesMs[at]!;
	if (batch.clock !== 'none') {
		if (isBelievedTime(timeMs))
			return { clock: batch.clock === 'sync' ? 'synchronised' : 'corrected', timeMs };
		dropped.add('bad-timestamp');
		return { clock: 'unsynchronised', timeMs: receivedMs };
	}
	const heldMs = batch.timesMs[batch.timesMs.length - 1]! - timeMs;
	const believed = heldMs >= 0 && heldMs <= LONGEST_HELD_MS;
	if (!believed) dropped.add('bad-timestamp');
	return { clock: 'unsynchronised', timeMs: believed ? receivedMs - heldMs : receivedMs };
}
