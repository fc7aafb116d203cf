/** The two bounds of the answer lie this close together. */
const PRECISION = 1.05;

/**
 * The highest rate that is still kept up with: brackets it by steps from `about`, then halves the bracket.
 * @param about where to begin, above 0
 * @returns the highest rate that was tried and held
 */
export async function highestRate(about: number, holds: (rate: number) => Promise<boolean>): Promise<number> {
	let held = 0;
	let failed = Infinity;
	let rate = about;
	let step = 1.15;
	while (held === 0 || failed === Infinity) {
		if (await holds(rate)) held = rate;
		else failed = rate;
		if (held === 0) rate /= step;
		else if (failed === Infinity) rate *= step;
		step *= 1.15; // the farther off, the longer the steps
		if (rate < 1) throw new Error('not even one message a second is kept up with');
	}
	while (failed / held > PRECISION) {
		rate = Math.sqrt(held * failed);
		if (await holds(rate)) held = rate;
		else failed = rate;
	}
	return held;
}
