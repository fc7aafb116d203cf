import { err, ok, type Result } from '$lib/base';
import { NVS_PAGE_BYTES } from './nvs-layout';
import { memoryMedium } from './nvs-medium';
import { NvsPartition } from './nvs-partition';
import type { NvsBuildFault, NvsEntry } from './nvs-types';

/** Below that ESP-IDF opens a partition for reading only. */
const LEAST_BYTES = 3 * NVS_PAGE_BYTES;

/**
 * A whole partition image, of pages of the second version, as Espressif's `nvs_partition_gen` writes it: namespaces where they first
 * come up, entries in the order given, one page left free.
 */
export function buildNvs(
	entries: readonly NvsEntry[],
	sizeBytes: number
): Result<Uint8Array<ArrayBuffer>, NvsBuildFault> {
	if (!Number.isInteger(sizeBytes) || sizeBytes < LEAST_BYTES || sizeBytes % NVS_PAGE_BYTES !== 0) {
		return err({ kind: 'bad-size', lengthBytes: sizeBytes });
	}
	const bytes = new Uint8Array(sizeBytes).fill(0xff);
	const opened = NvsPartition.open(memoryMedium(bytes));
	if (!opened.ok) return err({ kind: 'bad-size', lengthBytes: sizeBytes });
	const seen = new Set<string>();
	for (const { namespace, key, ...value } of entries) {
		const name = `${namespace}\0${key}`;
		if (seen.has(name)) return err({ kind: 'repeated', namespace, key });
		seen.add(name);
		const set = opened.value.set(namespace, key, value);
		if (!set.ok) return err(set.error.kind === 'full' ? { kind: 'full', key } : set.error);
	}
	return ok(bytes);
}
