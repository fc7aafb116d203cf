import { describe, expect, it } from 'vitest';
import { buildNvs } from '$lib/formats';
import type { FirmwareSource } from './facts';
import { BOARD, described, kinds, namedApp, present, ROWS, source, tableBytes } from './fake-plan';
import { planWrite } from './plan';
import { eraseView, settingsWords } from './view/erase-words';

const THERE = present({ apps: new Map([[0x10000, described('greenhouse')]]) });
const built = buildNvs([{ namespace: 'wifi', key: 'ssid', type: 'string', value: 'home' }], 0x5000);
if (!built.ok) throw new Error(built.error.kind);
const NVS = built.value;
const SETTINGS = source([0x9000, NVS]);
const COPY: FirmwareSource = {
	...SETTINGS,
	copyOf: { chip: 'ESP32-C3', practice: false, mac: BOARD.mac, takenMs: 0 }
};

describe('settings that are written alone', () => {
	it.each([
		['edited', SETTINGS],
		['edited until none is left', source([0x9000, new Uint8Array(0x5000).fill(0xff)])],
		['put back', COPY]
	])('%s: are put beside the program, and nothing else can be erased', (_, firmware) => {
		for (const erase of [undefined, 'all', 'all-but-settings'] as const) {
			const plan = planWrite(BOARD, firmware, { present: THERE, ...(erase && { erase }) });
			expect(plan.erase).toEqual({ choice: 'nothing', because: 'beside' });
			expect(plan.cleared).toEqual([]);
			expect(plan.kept.map(({ offset }) => offset)).toContain(0x10000);
			expect(plan.problems).toEqual([]);
			expect(eraseView(plan).options).toEqual([]);
		}
	});

	it('do not die of those that take their place, and do of an erased partition or of a firmware’s own', () => {
		const words = (firmware: FirmwareSource) => settingsWords(planWrite(BOARD, firmware, { present: THERE }));
		expect(words(SETTINGS)).toBeUndefined();
		expect(words(COPY)).toBeUndefined();
		const none = new Uint8Array(0x5000).fill(0xff);
		expect(words(source([0x9000, none]))?.what).toBe('This board loses its settings');
		expect(words(source([0x9000, NVS], [0x10000, namedApp()]))?.means).toContain('at-9000 is written over');
	});

	it('are refused in the place of the last program', () => {
		const astray = source([0x10000, NVS]);
		expect(kinds(planWrite(BOARD, astray, { present: THERE }))).toContainEqual(['no-app-left', true]);
	});
});

describe('the last program', () => {
	const log = source([0x30000, new Uint8Array(64)]);

	it('does not die unsaid where none is written', () => {
		for (const erase of ['all', 'all-but-settings'] as const)
			expect(kinds(planWrite(BOARD, log, { present: THERE, erase }))).toContainEqual(['no-app-left', false]);
		expect(kinds(planWrite(BOARD, log, { erase: 'all' }))).toContainEqual(['no-app-left', false]);
		expect(planWrite(BOARD, log, { present: THERE, erase: 'nothing' }).problems).toEqual([]);
	});

	it('dies of a table that does not name its place', () => {
		const plan = planWrite(BOARD, source([0x8000, tableBytes(ROWS.slice(0, 1))]), { present: THERE });
		expect(kinds(plan)).toContainEqual(['no-app-left', false]);
	});

	it('may go where another comes', () => {
		const app = source([0x10000, namedApp()]);
		for (const erase of ['nothing', 'all-but-settings'] as const)
			expect(planWrite(BOARD, app, { present: THERE, erase }).problems).toEqual([]);
	});
});

describe('a board without an answering flash', () => {
	it('is not written to', () => {
		const mute = { ...BOARD, flashId: null, flashSizeBytes: null };
		for (const firmware of [source([0x10000, namedApp()]), COPY])
			expect(kinds(planWrite(mute, firmware, { present: THERE }))).toEqual([['no-flash', true]]);
	});
});

describe('the words of the choice', () => {
	const says = (firmware: FirmwareSource, settings = false) => {
		const made = { name: 'form', offset: 0x9000, bytes: NVS, from: 'form' };
		const plan = planWrite(BOARD, firmware, { present: THERE, ...(settings && { settings: made }) });
		return eraseView(plan).options.map((option) => option.says);
	};
	const app = [0x10000, namedApp()] as const;

	it('tell that settings are spared only where nothing is written over them', () => {
		expect(says(source(app))[1]).toContain('are not touched at all');
		expect(says(source([0x9000, NVS], app))[1]).toContain('at-9000 is written over settings all the same');
		expect(says(source(app), true)[1]).toContain('The new settings take the place');
		expect(says(source(app))[2]).toContain('Its Wi-Fi, its broker');
		expect(says(source(app), true)[2]).not.toContain('Its Wi-Fi');
	});
});
