/**
 * Exponential backoff with full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter").
 * @param attempt 0 for the first retry
 * @param random 0 ≤ x < 1
 * @returns ms to wait, between half the step and the step, so that a retry is never immediate
 */
export function backoffMs(
	attempt: number,
	random: () => number,
	{ baseMs, maxMs }: { baseMs: number; maxMs: number }
): number {
	const stepMs = Math.min(maxMs, baseMs * 2 ** Math.min(attempt, 30));
	return Math.round(stepMs / 2 + (random() * stepMs) / 2);
}
