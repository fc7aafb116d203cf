import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { err, ok } from '$lib/base';
import type { SerialLine } from '$lib/link';
import type { Setup } from '$lib/provision';
import { FAKE_BOARD, fakeWorks } from './fake-works';
import { SetupRun } from './setup-run.svelte';
import type { BoardAtWork } from './works';

describe('setting a board up', () => {
	it('opens the line anew when it is tried again after the port failed', async () => {
		const fake = fakeWorks({ answer: ok(FAKE_BOARD), problems: [], states: [] });
		const port = fake.practice?.openPort('one');
		if (!port) throw new Error('there is no practice port');
		let busy = true;
		let begun = 0;
		const line: Partial<SerialLine> = { baud: 115_200 };
		const setup: Partial<Setup> = {
			watch: () => undefined,
			begin: () => {
				begun++;
				return Promise.resolve();
			}
		};
		const at: BoardAtWork = {
			...fake.boardOn(port),
			listen: () =>
				Promise.resolve(busy ? err({ kind: 'port-busy', cause: 'taken' }) : ok(line as SerialLine)),
			setUp: () => setup as Setup
		};
		const run = new SetupRun(at);
		await run.begin(() => undefined);
		expect(run.portError?.kind).toBe('port-busy');
		busy = false;
		await run.again();
		expect(run.portError).toBeUndefined();
		expect(run.line?.baud).toBe(115_200);
		expect(begun).toBe(1);
	});
});
