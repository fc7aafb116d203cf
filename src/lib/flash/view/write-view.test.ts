import { describe, expect, it } from 'vitest';
import type { BoardFacts, FlashState } from '../facts';
import type { PlanView } from './plan-words';
import { NO_PROGRESS, progressed, writeView } from './write-view';

const KIB = 1024;
const part = (label: string, offset: number) => ({
	label,
	offset,
	lengthBytes: 100 * KIB,
	look: 'new' as const
});
const PLAN = {
	sizeBytes: 4096 * KIB,
	practice: false,
	rows: [{ title: 'After', parts: [part('boot', 0), part('app', 0x20000)] }],
	writtenBytes: 200 * KIB,
	baud: 460_800,
	halfway: { starts: false, allErased: false, settings: false }
} as unknown as PlanView;
const WRITING: FlashState = {
	kind: 'writing',
	region: 1,
	reachedBytes: 150 * KIB,
	writtenBytes: 30 * KIB,
	unchangedBytes: 120 * KIB,
	totalBytes: 200 * KIB,
	retries: 0
};
const DONE = {
	kind: 'done' as const,
	...{ durationMs: 2000, totalBytes: 200 * KIB, retries: 0, baud: 921_600, digests: [] },
	board: {} as BoardFacts
};

describe('a write of which a part is unchanged', () => {
	it('counts what is written of what is to be written, and tells the rest', () => {
		const view = writeView(PLAN, WRITING, progressed(NO_PROGRESS, WRITING));
		expect(view.picture).toContain('30 KB of 80 KB');
		expect(view.picture).toContain('120 KB are unchanged');
		expect(view).toMatchObject({
			kind: 'running',
			figures: { writtenBytes: 30 * KIB, totalBytes: 80 * KIB, unchangedBytes: 120 * KIB }
		});
		expect(view.rows[0]!.parts).toMatchObject([
			{ filled: 1, verified: false },
			{ filled: 0.5, verified: false }
		]);
	});

	it('shows each part as verified once its digest was right, and none that is written to again', () => {
		const verifying = progressed(progressed(NO_PROGRESS, WRITING), { kind: 'verifying', region: 1 });
		const parts = (progress: typeof verifying) => writeView(PLAN, WRITING, progress).rows[0]!.parts;
		expect(parts(verifying)).toMatchObject([
			{ filled: 1, verified: true },
			{ filled: 1, verified: false }
		]);
		expect(parts(progressed(verifying, WRITING))).toMatchObject([{ verified: false }, { verified: false }]);
	});

	it('says in the end what was left out, and the speed of what was not', () => {
		const words = (unchangedBytes: number) => {
			const state: FlashState = { ...DONE, unchangedBytes };
			const view = writeView(PLAN, state, progressed(NO_PROGRESS, state));
			return view.kind === 'over' ? `${view.words.what}. ${view.words.means}` : '';
		};
		expect(words(0)).toContain('Written and checked in 2.0 s. 200 KB at 100 KB/s.');
		expect(words(120 * KIB)).toContain('80 KB at 40 KB/s; 120 KB were unchanged and left out.');
		expect(words(200 * KIB)).toContain(
			'Nothing to write: checked in 2.0 s. All 200 KB were in the flash already.'
		);
	});

	it('tells that the line was slowed, and from what to what', () => {
		const means = (line: object) => {
			const view = writeView(PLAN, { ...DONE, unchangedBytes: 0, ...line }, NO_PROGRESS);
			return view.kind === 'over' ? view.words.means : '';
		};
		expect(means({})).not.toContain('baud');
		expect(means({ baud: 230_400, slowedFrom: 921_600 })).toContain(
			'lost bytes at 921,600 baud and was slowed to 230,400 baud'
		);
	});
});

describe('a write that ends half way', () => {
	const view = (halfway: Partial<PlanView['halfway']>, state: FlashState, progress = NO_PROGRESS) =>
		writeView({ ...PLAN, halfway: { ...PLAN.halfway, ...halfway } }, state, progress);
	const means = (halfway: Partial<PlanView['halfway']>, wroteAnything = true) => {
		const over = [
			view(halfway, { kind: 'cancelled', wroteAnything }),
			view(halfway, { kind: 'failed', error: { kind: 'not-back' }, wroteAnything })
		];
		return over.map((one) => (one.kind === 'over' ? one.words.means : '')).join(' | ');
	};

	it('says of the board what this plan leaves of it', () => {
		expect(means({}).match(/may not start a program/gu)).toHaveLength(2);
		expect(means({ allErased: true }).match(/all that it had stored is gone/gu)).toHaveLength(2);
		expect(means({ starts: true }).match(/starts as before/gu)).toHaveLength(2);
		expect(means({ starts: true, settings: true }).match(/settings half written/gu)).toHaveLength(2);
		expect(means({}, false)).not.toContain('start a program');
	});

	it('says before a stop what it leaves, and that nothing is harmed before the first block', () => {
		const stopping = (halfway: Partial<PlanView['halfway']>, state: FlashState) => {
			const now = view(halfway, state, progressed(NO_PROGRESS, state));
			return now.kind === 'running' ? now.stopping : '';
		};
		expect(stopping({}, { kind: 'comparing', region: 0 })).toContain('stays as it is');
		expect(stopping({}, WRITING)).toContain('may not start a program');
		expect(stopping({ starts: true }, WRITING)).toContain('starts as before');
		expect(stopping({ allErased: true }, { kind: 'erasing' })).toContain('all that it had stored is gone');
	});

	it('names the rate that it begins with, and none for a chip’s own USB', () => {
		const { baud: _, ...native } = PLAN;
		const doing = (plan: PlanView) => {
			const now = writeView(plan, { kind: 'connecting', attempt: 1 }, NO_PROGRESS);
			return now.kind === 'running' ? now.figures.what : '';
		};
		expect(doing(PLAN)).toContain('460,800 baud');
		expect(doing(native)).not.toContain('baud');
	});
});
