import { describe, expect, it } from 'vitest';
import { flashSize, hexAddress, layOut, lensOf, type StripPart } from './strip';

const MIB = 1024 * 1024;
const part = (offsetBytes: number, lengthBytes: number, label = 'x'): StripPart => ({
	offsetBytes,
	lengthBytes,
	label,
	look: 'kept'
});

describe('the flash strip', () => {
	it('lays parts out to scale', () => {
		const [box] = layOut([part(MIB, 2 * MIB)], { fromBytes: 0, toBytes: 4 * MIB });
		expect(box).toMatchObject({ leftPercent: 25, widthPercent: 50 });
	});
	it('cuts what crosses the window and leaves out what is beyond it', () => {
		const boxes = layOut([part(0xe000, 0x4000), part(MIB, MIB)], { fromBytes: 0, toBytes: 0x10000 });
		expect(boxes).toHaveLength(1);
		expect(boxes[0]).toMatchObject({ leftPercent: 87.5, widthPercent: 12.5 });
	});
	it('names only what has room for its name, or for its short one', () => {
		const window = { fromBytes: 0, toBytes: 4 * MIB };
		expect(layOut([part(0, MIB, 'app')], window)[0]?.text).toBe('app');
		expect(layOut([part(0, 0x5000, 'nvs')], window)[0]?.text).toBe('');
		const long = { ...part(0, MIB, 'greenhouse 2.1 (ota_0)'), shortLabel: 'ota_0' };
		expect(layOut([long], window)[0]?.text).toBe('ota_0');
	});
	it('puts a lens on a crowded start, as wide as a power of two', () => {
		const parts = [part(0, 0x5000), part(0x8000, 0x1000), part(0x9000, 0x5000), part(0x10000, 2 * MIB)];
		expect(lensOf([{ title: 'After', parts }], 4 * MIB)).toEqual({ fromBytes: 0, toBytes: 0x10000 });
	});
	it('puts none where one image is all', () => {
		expect(lensOf([{ title: 'After', parts: [part(0, 2 * MIB)] }], 4 * MIB)).toBeUndefined();
	});
	it('tells flash in powers of two', () => {
		expect([0, 512, 4096, 0x180000, 4 * MIB].map(flashSize)).toEqual([
			'0',
			'512 B',
			'4 KB',
			'1.5 MB',
			'4 MB'
		]);
		expect(hexAddress(0x8000)).toBe('0x008000');
	});
});
