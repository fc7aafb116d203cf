import { expect, it } from 'vitest';
import { bench, MAC } from './fake-bench';
import { FakeChip } from './fake-chip';

const NEVER = new AbortController().signal;
const ALL = { offset: 0, length: 0x100000 };

it('a cable that is pulled in the middle of a read is told, and the board is read whole when it is back', async () => {
	for (const atBytes of [0x1000, 0x41000, 0xff000]) {
		const chip = new FakeChip();
		chip.flash.set(Uint8Array.from({ length: ALL.length }, (_, i) => i >> 7));
		const pulled = await bench(chip);
		const read = await pulled.flasher.readOut(
			ALL,
			{
				...{ baud: 921_600, mac: MAC, take: () => undefined },
				tell: ({ readBytes }) => readBytes >= atBytes && chip.unplug()
			},
			NEVER
		);
		expect(read).toEqual({ ok: false, error: { kind: 'unplugged' } });
		await pulled.lease.release();
		chip.plug();
		const back = await bench(chip);
		const again = await back.flasher.read(ALL, () => undefined, { baud: 921_600, mac: MAC }, NEVER);
		if (!again.ok) throw new Error(again.error.kind);
		expect(Buffer.from(again.value).equals(Buffer.from(chip.flash.subarray(0, ALL.length)))).toBe(true);
		await back.flasher.leave();
	}
}, 20_000);
