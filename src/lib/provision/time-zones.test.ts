import { describe, expect, it } from 'vitest';
import { ruleOf, TIME_ZONES, zoneOf } from './index';

const DAY_MS = 86_400_000;
/** Rules of POSIX know no moon: in Ramadan these two go by another clock. */
const BY_THE_MOON = new Set(['Africa/Casablanca', 'Africa/El_Aaiun']);

describe('time zones', () => {
	it('say of noons of two years what the platform’s own calendar says', () => {
		const known = new Set(Intl.supportedValuesOf('timeZone'));
		const zones = TIME_ZONES.filter(({ name }) => known.has(name) && !BY_THE_MOON.has(name));
		expect(zones.length).toBeGreaterThan(400);
		for (const { name, rule } of zones) {
			const told = calendar(name);
			const meant = posixOffset(rule);
			for (let day = 0; day < 730; day += 7) {
				const at = Date.UTC(2026, 0, 1, 12) + day * DAY_MS;
				const said = `${name} ${rule} ${new Date(at).toISOString()}`;
				expect(`${said} ${meant(at)}`).toBe(`${said} ${told(at)}`);
			}
		}
	}, 60_000);

	it('are found by their rule, the preferred one first', () => {
		const rule = ruleOf('Europe/Berlin') ?? '';
		expect(rule).toBe('CET-1CEST,M3.5.0,M10.5.0/3');
		expect(zoneOf(rule, 'Europe/Berlin')).toBe('Europe/Berlin');
		expect(ruleOf(zoneOf(rule) ?? '')).toBe(rule);
		expect(zoneOf('XYZ9')).toBeUndefined();
	});

	it('lack those that a board has no place for', () => {
		expect(ruleOf('Pacific/Chatham')).toBeUndefined();
		expect(ruleOf('Pacific/Auckland')).toBe('NZST-12NZDT,M9.5.0,M4.1.0/3');
	});
});

/** Minutes that a zone is ahead of UTC, by the platform. */
function calendar(timeZone: string): (at: number) => number {
	const parts = new Intl.DateTimeFormat('en-US', {
		...{ timeZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric' },
		...{ hour: 'numeric', minute: 'numeric', second: 'numeric' }
	});
	return (at) => {
		const of = Object.fromEntries(parts.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
		const local = Date.UTC(of['year']!, of['month']! - 1, of['day'], of['hour'], of['minute'], of['second']);
		return (local - at) / 60_000;
	};
}

/** The same by a rule as POSIX.1 (8.3) writes it. */
function posixOffset(rule: string): (at: number) => number {
	const [, standard, offset, summer, summerOffset, from, to] =
		/^(<[^>]+>|[A-Za-z]+)([-+\d:]+)(?:(<[^>]+>|[A-Za-z]+)([-+\d:]+)?,([^,]+),(.+))?$/u.exec(rule) ?? [];
	if (standard === undefined || offset === undefined) throw new Error(`no rule: ${rule}`);
	const winter = -minutes(offset);
	if (summer === undefined || from === undefined || to === undefined) return () => winter;
	const ahead = summerOffset === undefined ? winter + 60 : -minutes(summerOffset);
	return (at) => {
		const year = new Date(at).getUTCFullYear();
		const begins = localChange(from, year) - winter * 60_000;
		const ends = localChange(to, year) - ahead * 60_000;
		const isSummer = begins < ends ? at >= begins && at < ends : at >= begins || at < ends;
		return isSummer ? ahead : winter;
	};
}

function minutes(text: string): number {
	const [hours = 0, rest = 0] = text.replace(/^[-+]/u, '').split(':').map(Number);
	return (text.startsWith('-') ? -1 : 1) * (hours * 60 + rest);
}

/** `M10.5.0/3`: of October the last Sunday at 3 o'clock, as if it were UTC. */
function localChange(text: string, year: number): number {
	const [date = '', time = '2'] = text.split('/');
	const [month = 1, week = 1, weekday = 0] = date.slice(1).split('.').map(Number);
	const first = Date.UTC(year, month - 1, 1);
	let day = 1 + ((weekday - new Date(first).getUTCDay() + 7) % 7) + 7 * (week - 1);
	const days = new Date(Date.UTC(year, month, 0)).getUTCDate();
	while (day > days) day -= 7;
	return first + (day - 1) * DAY_MS + minutes(time) * 60_000;
}
