import { describe, expect, it } from 'vitest';
import type { FlashError } from '../facts';
import { flashErrorWords } from './flash-words';
import { isLinux, udevRule } from './linux-access';

const HEARD = [
	'nothing',
	'noise',
	'boot-log',
	'flash-boot',
	'download-unheard',
	'brown-out',
	'boot-loop'
] as const;
const CAUSES: readonly FlashError[] = [
	...HEARD.map((heard) => ({ kind: 'no-answer', heard }) as const),
	{ kind: 'port-busy', cause: 'Failed to open serial port.' },
	{ kind: 'permission', cause: 'denied' },
	{ kind: 'unplugged' },
	{ kind: 'not-back' },
	{ kind: 'secure-download', chip: 'ESP32-S3', secureBoot: true, flashEncryption: false },
	{ kind: 'no-stub', chip: 'ESP32-H21', mac: 'aa:bb:cc:dd:ee:ff', revision: 'v0.0' },
	{ kind: 'stub-failed', cause: 'timeout' }
];

describe('the words of a board that cannot be reached', () => {
	it('name each cause apart, with what it means and what to do', () => {
		const words = CAUSES.map(flashErrorWords);
		for (const part of ['what', 'means', 'todo'] as const)
			expect(new Set(words.map((one) => one[part])).size, part).toBe(CAUSES.length);
	});

	it('draw BOOT where a hand at it helps, and not for a supply or a lock', () => {
		const drawn = CAUSES.filter((cause) => flashErrorWords(cause).drawBoot).map((cause) =>
			cause.kind === 'no-answer' ? cause.heard : cause.kind
		);
		expect(drawn).toEqual([
			'nothing',
			'noise',
			'boot-log',
			'flash-boot',
			'boot-loop',
			'not-back',
			'stub-failed'
		]);
	});

	it('tell of a locked chip what can be known of it', () => {
		const words = flashErrorWords(CAUSES.find(({ kind }) => kind === 'secure-download')!);
		expect(words.what).toContain('ESP32-S3');
		expect(words.details).toContain('secure boot on, flash encryption off');
	});
});

describe('a rule for Linux', () => {
	it('is for this maker’s adapters, or for all where the port tells none', () => {
		expect(udevRule({ vendorId: 0x403 })).toContain('ATTRS{idVendor}=="0403"');
		expect(udevRule({})).toContain('ENV{ID_BUS}=="usb"');
	});

	it('is offered on Linux and not on Android or ChromeOS, which have none', () => {
		expect(isLinux('Mozilla/5.0 (X11; Linux x86_64) Chrome/156')).toBe(true);
		for (const other of ['(Linux; Android 14)', '(X11; CrOS x86_64)', '(Windows NT 10.0)', '(Macintosh)'])
			expect(isLinux(other), other).toBe(false);
	});
});
