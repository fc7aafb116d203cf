import { describe, expect, it } from 'vitest';
import {
	adapterOf,
	BAUDS,
	DEFAULT_BAUD,
	firstBaud,
	keptAfter,
	slowerThan,
	Strain,
	type KeptBaud
} from './baud-ladder';
import { bench, bytesOf, holds, planOf } from './fake-bench';
import { FakeChip } from './fake-chip';

describe('the rate to begin with', () => {
	it('is what this adapter kept, and the default where nothing is known', () => {
		expect(firstBaud(undefined)).toBe(DEFAULT_BAUD);
		expect(firstBaud({ baud: 230_400, cleanWrites: 0 })).toBe(230_400);
		expect(firstBaud({ baud: 2_000_000, cleanWrites: 9 })).toBe(2_000_000);
	});

	it('climbs a step after three clean writes, up to the default and no further', () => {
		let kept: KeptBaud | undefined = { baud: 230_400, cleanWrites: 0 };
		const began: number[] = [];
		for (let write = 0; write < 9; write++) {
			const baud = firstBaud(kept);
			began.push(baud);
			kept = keptAfter(kept, { baud, retries: 0 });
		}
		expect(began).toEqual([230_400, 230_400, 230_400, 460_800, 460_800, 460_800, 921_600, 921_600, 921_600]);
	});

	it('begins to count anew where the faster rate failed, or a write had faults', () => {
		const kept = { baud: 460_800, cleanWrites: 3 };
		expect(firstBaud(kept)).toBe(921_600);
		expect(keptAfter(kept, { baud: 460_800, retries: 2 })).toEqual({ baud: 460_800, cleanWrites: 0 });
		expect(keptAfter(kept, { baud: 230_400, retries: 0 })).toEqual({ baud: 230_400, cleanWrites: 1 });
	});

	it('is kept for an adapter by its two numbers', () => {
		const port = (usbVendorId?: number, usbProductId?: number) => ({
			getInfo: () => ({
				...(usbVendorId !== undefined && { usbVendorId }),
				...(usbProductId !== undefined && { usbProductId })
			})
		});
		expect(adapterOf(port(0x10c4, 0xea60))).toBe('10c4:ea60');
		expect(adapterOf(port(0x403, 0x1))).toBe('0403:0001');
		expect(adapterOf(port())).toBeUndefined();
	});

	it('has only slower ones below it', () => {
		expect(slowerThan(460_800)).toEqual([230_400, 115_200]);
		expect(slowerThan(BAUDS.at(-1)!)).toEqual([]);
	});
});

describe('Strain', () => {
	it('is too much at faults close together, and forgives rare ones', () => {
		const strain = new Strain();
		for (let i = 0; i < 20; i++) {
			strain.fault();
			strain.ease();
		}
		expect(strain.tooMuch).toBe(false);
		strain.fault();
		strain.fault();
		expect(strain.tooMuch).toBe(false);
		strain.fault();
		expect(strain.tooMuch).toBe(true);
		strain.forget();
		expect(strain.tooMuch).toBe(false);
	});
});

describe('a line that loses bytes while it is written', () => {
	/** Damages blocks on their way while the line is as fast as this, or faster. */
	const lossyAt = (baud: number, every: number) => {
		const chip = new FakeChip();
		let blocks = 0;
		chip.mangle = (bytes, way) => {
			if (way === 'to-chip' && bytes.length > 10_000 && (chip.seen.opens.at(-1) ?? 0) >= baud)
				if (blocks++ % every === every - 1) bytes[5000]! ^= 0x04;
			return bytes;
		};
		return chip;
	};

	it('is slowed in the middle, step by step, and told so', async () => {
		const chip = lossyAt(460_800, 1);
		const { write, log } = await bench(chip);
		const bytes = bytesOf(200_000);
		const report = await write(planOf({ offset: 0x10000, bytes }));
		expect(report).toMatchObject({ ok: true, value: { baud: 230_400, slowedFrom: 921_600 } });
		expect(log).toContain('Too much goes wrong at 921600 baud: on with 460800.');
		expect(log).toContain('Too much goes wrong at 460800 baud: on with 230400.');
		expect(holds(chip, 0x10000, bytes)).toBe(true);
		// By asking the stub, not by a reset: there was but one.
		expect(chip.seen.resets.filter((into) => into === 'download')).toHaveLength(1);
	});

	it('keeps its rate where a fault is rare', async () => {
		const chip = lossyAt(921_600, 40);
		const { write } = await bench(chip);
		const report = await write(planOf({ offset: 0x10000, bytes: bytesOf(1_400_000) }));
		expect(report).toMatchObject({ ok: true, value: { baud: 921_600, retries: 2 } });
		expect(report.ok && report.value.slowedFrom).toBeUndefined();
	});

	it('gives up at last where no rate works', async () => {
		const { write, states } = await bench(lossyAt(0, 1));
		const report = await write(planOf({ offset: 0x10000, bytes: bytesOf(60_000) }));
		expect(report).toMatchObject({ ok: false, error: { kind: 'block-failed' } });
		expect(states.at(-1)).toMatchObject({ kind: 'failed', wroteAnything: true });
	}, 20_000);
});
