import { expect, it } from 'vitest';
import { parseIsoTime } from './iso-time';

it('reads what the calendar has, and nothing else', () => {
	const utc = (text: string) => parseIsoTime(text, 'utc');
	expect(utc('2026-11-21T18:00:00.25+01:00')).toBe(Date.UTC(2026, 10, 21, 17, 0, 0, 250));
	expect(utc(' 2026-11-21 18:00 Z ')).toBe(Date.UTC(2026, 10, 21, 18));
	expect(utc('2028-02-29')).toBe(Date.UTC(2028, 1, 29));
	const none = [
		'2026-02-31T10:00:00Z',
		'2026-02-29',
		'2026-13-01',
		'2026-00-10',
		'0026-01-01',
		'2026-11-21T24:00'
	];
	for (const text of [...none, '2026-11-21T10:60', '2026-11-21T10:00+24:00', '2026-11-21T', '21.11.2026', ''])
		expect([utc(text), parseIsoTime(text, 'local')]).toEqual([undefined, undefined]);
});

it('takes what says no zone to be of the one that is given', () => {
	const text = '2026-07-01 12:30:15,5';
	expect(parseIsoTime(text, 'utc')).toBe(Date.UTC(2026, 6, 1, 12, 30, 15, 500));
	expect(parseIsoTime(text, 'local')).toBe(new Date(2026, 6, 1, 12, 30, 15, 500).getTime());
	expect(parseIsoTime(`${text}Z`, 'local')).toBe(parseIsoTime(text, 'utc'));
});
