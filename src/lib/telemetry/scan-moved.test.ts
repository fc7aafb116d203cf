import { expect, it } from 'vitest';
import { parseDeviceId } from '$lib/model';
import { encodeBlock } from './codec/block';
import { ScanMoved, Scanner } from './scan';

it('says that a page cannot be read, rather than leave its blocks out', async () => {
	const device = parseDeviceId('fb-bench');
	if (!device.ok) throw new Error('impossible id');
	const row = {
		identity: undefined,
		clock: 'synchronised' as const,
		metrics: [1],
		values: [7],
		timeMs: 1000
	};
	const heads = [encodeBlock([row], { series: 1, block: 1, level: 0 }).head];
	const series = { id: 1, held: [], heads };
	const parts = {
		disk: { blocks: async () => [undefined] },
		blocks: { headsOf: async () => heads },
		reader: { isDamaged: () => false, open: () => undefined },
		table: { find: () => series }
	} as unknown as ConstructorParameters<typeof Scanner>[0];
	const query = { device: device.value, provenance: 'real', fromMs: 0, toMs: 2000 } as const;
	const page = new Scanner(parts, 10).page(query, new AbortController().signal);
	await expect(page).rejects.toThrow(ScanMoved);
});
