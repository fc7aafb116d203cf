import { expect, it } from 'vitest';
import { render } from 'vitest-browser-svelte';
import Age from './Age.svelte';

const MINUTE = 60_000;
const loudness = async (ageMs: number) => {
	const { container } = await render(Age, { atMs: Date.now() - ageMs - 500, lateAfterMs: MINUTE });
	const time = container.querySelector('time');
	return { text: time?.textContent.trim(), weight: Number(getComputedStyle(time ?? container).fontWeight) };
};

it('grows louder as a value grows stale', async () => {
	const fresh = await loudness(12_000);
	const late = await loudness(5 * MINUTE);
	const stale = await loudness(3 * 60 * MINUTE);
	expect([fresh.text, late.text, stale.text]).toEqual(['12 s ago', '5 min ago', '3 h ago']);
	expect(fresh.weight).toBeLessThan(late.weight);
	expect(late.weight).toBeLessThan(stale.weight);
});

it('says never of what was never heard', async () => {
	const { container } = await render(Age, { atMs: 0 });
	expect(container.textContent.trim()).toBe('never');
});
