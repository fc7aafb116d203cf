import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { practiceParts } from '../../src/lib/lab/board/practice-parts';
import { faultySession, type Told } from '../fixtures/faulty-sessions/session';

/** The soak has two hundred (tests/soak/run.ts); these have every board and every fault. */
const SESSIONS = Number(process.env['FAULTY_SESSIONS'] ?? 20);
const FROM = Number(process.env['FAULTY_FROM'] ?? 1);

describe('a person with a board that misbehaves', () => {
	let parts: Awaited<ReturnType<typeof practiceParts>>;
	const told: Told[] = [];
	beforeAll(async () => {
		parts = await practiceParts();
	}, 60_000);

	for (let seed = FROM; seed < FROM + SESSIONS; seed++)
		it.concurrent(
			`session ${seed}: no success that is none, no hang, and the mended board is flashed and runs`,
			async () => {
				told.push(await faultySession(seed, parts));
			},
			240_000
		);

	afterAll(() => {
		if (process.env['FAULTY_TELL']) console.table(told);
		const outcomes = new Set(told.map(({ outcome }) => outcome));
		// Faults that never do anything, or boards that are never flashed, would prove nothing.
		expect(outcomes).toContain('done');
		expect(outcomes.size).toBeGreaterThan(3);
	});
});
