import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { memoryMedium } from './nvs-medium';
import { NvsPartition } from './nvs-partition';
import { parsePartitionCsv } from './partition-csv';

/** The largest records of the firmware, bytes: docs/firmware.md §5 and §6. */
const RECORDS = {
	'cfg.0': 2064,
	'cfg.1': 2064,
	'wifi.0': 200,
	'wifi.1': 200,
	'mqtt.0': 400,
	'mqtt.1': 400,
	name: 64
};
const ACTS = 32;
const BEGIN_BYTES = 4 + 64 + 4;
const OUTCOME_BYTES = 4 + 1024 + 4;
/** What ESP-IDF keeps beside it: Wi-Fi's calibration of the radio, and its own settings. */
const PHY_BYTES = 1904;

it('the settings of a board with a full journal still take every change', async () => {
	const rows = parsePartitionCsv(await readFile('firmware/apps/node/partitions.csv', 'utf8'));
	const size = rows.ok ? rows.value.find(({ label }) => label === 'nvs')?.size : undefined;
	const opened = NvsPartition.open(memoryMedium(new Uint8Array(size ?? 0).fill(0xff)));
	if (!opened.ok) throw new Error(opened.error.kind);
	const nvs = opened.value;
	let round = 0;
	const put = (key: string, bytes: number, namespace = 'fieldbench') =>
		nvs.set(namespace, key, { type: 'blob', value: new Uint8Array(bytes).fill(++round) });
	expect(put('cal_data', PHY_BYTES, 'phy').ok).toBe(true);
	for (let turn = 0; turn < 3; turn++)
		for (let act = 0; act < ACTS; act++) {
			const slot = String(act).padStart(2, '0');
			expect(put(`j${slot}s`, BEGIN_BYTES), `${turn}: act ${act}`).toMatchObject({ ok: true });
			for (const [key, bytes] of Object.entries(RECORDS))
				expect(put(key, bytes), `${turn}: ${key}`).toMatchObject({ ok: true });
			expect(put(`j${slot}f`, OUTCOME_BYTES), `${turn}: outcome ${act}`).toMatchObject({ ok: true });
		}
});
