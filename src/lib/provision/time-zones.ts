import { TIME_ZONE_RULES } from './time-zones-data';

/** A place on the map and its rule, in the words of POSIX: `CET-1CEST,M3.5.0,M10.5.0/3`. */
export interface TimeZone {
	/** IANA's name: `Europe/Berlin`. */
	readonly name: string;
	readonly rule: string;
}

/** The firmware's place for a rule (firmware/core/device_settings.h): Chatham and Lord Howe need more. */
export const MOST_RULE_BYTES = 32;

/** All zones whose rule a board can keep, by name. */
export const TIME_ZONES: readonly TimeZone[] = TIME_ZONE_RULES.flatMap((line) => {
	const [rule = '', ...names] = line.split(' ');
	return rule.length <= MOST_RULE_BYTES ? names.map((name) => ({ name, rule })) : [];
}).toSorted((a, b) => (a.name < b.name ? -1 : 1));

/** The rule of a zone, or undefined where it is not known or too long for a board. */
export const ruleOf = (name: string): string | undefined =>
	TIME_ZONES.find((zone) => zone.name === name)?.rule;

/** A zone that follows this rule, `preferred` where it does; undefined where none does. */
export function zoneOf(rule: string, preferred?: string): string | undefined {
	if (preferred !== undefined && ruleOf(preferred) === rule) return preferred;
	return TIME_ZONES.find((zone) => zone.rule === rule)?.name;
}
