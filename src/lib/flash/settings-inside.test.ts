import { describe, expect, it } from 'vitest';
import { buildAppImage, buildNvs } from '$lib/formats';
import { bytesOf } from './fake-bench';
import { holdsSettings } from './settings-inside';

const nvs = buildNvs([{ namespace: 'wifi', key: 'password', type: 'string', value: 'open-sesame' }], 0x5000);
if (!nvs.ok) throw new Error(nvs.error.kind);
const [settings, app] = [
	nvs.value,
	buildAppImage({ chipId: 5, entry: 0, segments: [{ address: 0x3fc80000, bytes: new Uint8Array(0x8000) }] })
];
const encrypted = settings.map((byte, i) => (i % 0x1000 >= 64 && i < 0x1000 ? byte ^ 0x5a : byte));
const within = (bytes: Uint8Array) => {
	const whole = new Uint8Array(0x40000).fill(0xff);
	whole.set(app, 0x10000);
	whole.set(bytes, 0x9000);
	return whole;
};

describe('settings in a file', () => {
	it('are found alone and within a whole flash, encrypted too', () => {
		for (const bytes of [settings, encrypted]) {
			expect(holdsSettings(bytes)).toBe(true);
			expect(holdsSettings(within(bytes))).toBe(true);
		}
	});

	it('are not found in programs, in noise, or where they are erased', () => {
		for (const bytes of [app, bytesOf(0x40000), within(new Uint8Array(0))])
			expect(holdsSettings(bytes)).toBe(false);
	});
});
