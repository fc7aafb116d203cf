import { practiceParts } from '../../src/lib/lab/board/practice-parts';
import { faultySession } from '../fixtures/faulty-sessions/session';

/** At once: most of a session is waiting for answers that do not come. */
const AT_ONCE = 10;

/**
 * Sessions of a person with a practice board that misbehaves, seeds 1 to `count`.
 * @returns what was wrong first, or undefined
 */
export async function soakSessions(count: number, say: (line: string) => void): Promise<string | undefined> {
	const parts = await practiceParts();
	const outcomes = new Map<string, number>();
	const faults: string[] = [];
	let longestMs = 0;
	let next = 1;
	const work = async () => {
		while (next <= count) {
			const seed = next++;
			try {
				const { outcome, ms } = await faultySession(seed, parts);
				outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
				longestMs = Math.max(longestMs, ms);
			} catch (cause) {
				faults.push(cause instanceof Error ? cause.message : String(cause));
			}
		}
	};
	await Promise.all(Array.from({ length: AT_ONCE }, work));
	say([...outcomes].map(([outcome, times]) => `${times} ${outcome}`).join(', '));
	say(`the longest took ${(longestMs / 1000).toFixed(1)} s`);
	return faults.length > 0 ? `${faults.length} of ${count}: ${faults[0] ?? ''}` : undefined;
}
