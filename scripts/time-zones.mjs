// Writes src/lib/provision/time-zones-data.ts from the machine's tzdata: `node scripts/time-zones.mjs`, after a new release of it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const FOLDER = '/usr/share/zoneinfo';
const OUT = new URL('../src/lib/provision/time-zones-data.ts', import.meta.url);

/** Today's names, and those that browsers still tell for the same places. */
const names = new Set([
	'UTC',
	...readFileSync(`${FOLDER}/zone.tab`, 'utf8')
		.split('\n')
		.filter((line) => line !== '' && !line.startsWith('#'))
		.map((line) => line.split('\t')[2] ?? ''),
	...Intl.supportedValuesOf('timeZone')
]);

/** The last line of a TZif file of version 2 or later (RFC 8536 §3.3): the rule from its last transition on. */
const footer = (/** @type {string} */ name) =>
	readFileSync(`${FOLDER}/${name}`).toString('latin1').trimEnd().split('\n').at(-1) ?? '';

/** @type {Map<string, string[]>} */
const zones = new Map();
for (const name of [...names].sort()) {
	if (!existsSync(`${FOLDER}/${name}`)) continue;
	const rule = footer(name);
	zones.set(rule, [...(zones.get(rule) ?? []), name]);
}
const version = readFileSync(`${FOLDER}/tzdata.zi`, 'utf8').split('\n')[0]?.replace('# version ', '') ?? '';
const lines = [...zones].map(([rule, all]) => `\t'${rule} ${all.join(' ')}'`);
writeFileSync(
	OUT,
	`/** Of tzdata ${version}, made by scripts/time-zones.mjs: a rule as POSIX writes it, and the zones that follow it now. */
export const TIME_ZONE_RULES: readonly string[] = [
${lines.join(',\n')}
];
`
);
console.log(`${zones.size} rules, ${names.size} zones, tzdata ${version}`);
