import { describe, expect, it } from 'vitest';
import { following, MAX_SPAN_MS, MIN_SPAN_MS, pan, zoom } from './view-window';

const NOW = 1_700_000_000_000;
const HOUR = 3_600_000;
const past = { fromMs: NOW - 3 * HOUR, toMs: NOW - 2 * HOUR, following: false };

describe('pan', () => {
	it('leaves the present behind and stops following', () => {
		expect(pan(following(HOUR, NOW), -0.5, NOW)).toEqual({
			fromMs: NOW - 1.5 * HOUR,
			toMs: NOW - 0.5 * HOUR,
			following: false
		});
	});
	it('follows again at the present, and never shows the future', () => {
		expect(pan(past, 5, NOW)).toEqual(following(HOUR, NOW));
	});
});

describe('zoom', () => {
	it('keeps the place under the fingers where it is', () => {
		const near = zoom(past, 0.5, 0.25, NOW);
		expect(near.fromMs + 0.25 * (near.toMs - near.fromMs)).toBe(past.fromMs + 0.25 * HOUR);
		expect(near.toMs - near.fromMs).toBe(HOUR / 2);
	});
	it('keeps the present while following', () => {
		expect(zoom(following(HOUR, NOW), 0.5, 0, NOW)).toEqual(following(HOUR / 2, NOW));
	});
	it('has a nearest and a farthest', () => {
		const span = (view: { fromMs: number; toMs: number }) => view.toMs - view.fromMs;
		expect(span(zoom(past, 1e-9, 0.5, NOW))).toBe(MIN_SPAN_MS);
		expect(span(zoom(past, 1e9, 0.5, NOW))).toBe(MAX_SPAN_MS);
	});
});
