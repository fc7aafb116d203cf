import { describe, expect, it } from 'vitest';
import { parseAppImage } from '$lib/formats';
import { namedApp } from '../fake-plan';
import { builtWords, imageFacts } from './image-words';

describe('when an image was built', () => {
	it('is told where the build says it', () => {
		const parsed = parseAppImage(namedApp());
		if (!parsed.ok) throw new Error(parsed.error.kind);
		const { descriptor } = parsed.value;
		const built = (date: string) =>
			imageFacts({ ...parsed.value, descriptor: { ...descriptor!, date } }).facts.find(
				({ term }) => term === 'Built'
			)?.value;
		expect(built('Nov 21 2026')).toBe('Nov 21 2026 12:00:00');
		expect(built('Jan  1 1970')).toBeUndefined();
		expect(built('Jan 1 1970')).toBeUndefined();
	});

	it('is a time alone where there is no date', () => {
		expect(builtWords({ date: '', time: '12:00:00' })).toBe('12:00:00');
	});
});
