import type { Provenance, Sample } from '$lib/model';

/** Drawn in docs/export-format.md. What stands before the metrics in our CSV; a file that begins so is one of ours. */
export const CSV_COLUMNS = [
	'time',
	'time_ms',
	'device',
	'provenance',
	'clock',
	'epoch',
	'seq',
	'states'
] as const;

/** The shortest text that reads back as the very same double; −0 is kept. Samples hold finite numbers only. */
export const numberText = (value: number): string => (Object.is(value, -0) ? '-0' : String(value));

/** ISO 8601 in UTC to the millisecond; '' for what no calendar has. */
export function isoText(timeMs: number): string {
	const date = new Date(timeMs);
	return Number.isNaN(date.getTime()) ? '' : date.toISOString();
}

/**
 * A name as a CSV field. A spreadsheet takes what begins with = + - @ or a control for a formula, so such a name gets an apostrophe
 * before it, and one that begins with an apostrophe another: `fieldName` takes it away again.
 */
export function nameField(name: string): string {
	const safe = /^[=+\-@\t\r\n']/u.test(name) ? `'${name}` : name;
	return /[",\r\n;\t]/u.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** The name that `nameField` wrote, quotes taken off already. */
export const fieldName = (field: string): string =>
	/^'[=+\-@\t\r\n']/u.test(field) ? field.slice(1) : field;

export const csvHeader = (metrics: readonly string[]): string =>
	`${[...CSV_COLUMNS, ...metrics.map(nameField)].join(',')}\r\n`;

/** One row a sample, RFC 4180; a metric it lacks is an empty field. */
export function csvRow(sample: Sample, metrics: readonly string[]): string {
	const { timeMs, device, provenance, clock, identity, values, states } = sample;
	const told = states ? nameField(JSON.stringify(states)) : '';
	let row = `${isoText(timeMs)},${numberText(timeMs)},${nameField(device)},${provenance},${clock},${identity?.epoch ?? ''},${identity?.seq ?? ''},${told}`;
	for (const metric of metrics)
		row += Object.hasOwn(values, metric) ? `,${numberText(values[metric]!)}` : ',';
	return `${row}\r\n`;
}

/** One JSON object and a line end. */
export function ndjsonLine({ timeMs, device, provenance, clock, identity, values, states }: Sample): string {
	const numbers = Object.entries(values)
		.map(([name, value]) => `${JSON.stringify(name)}:${numberText(value)}`)
		.join(',');
	const numbered = identity ? `,"epoch":${identity.epoch},"seq":${identity.seq}` : '';
	const told = states ? `,"states":${JSON.stringify(states)}` : '';
	return `{"device":${JSON.stringify(device)},"provenance":"${provenance}","time":"${isoText(timeMs)}","timeMs":${numberText(timeMs)},"clock":"${clock}"${numbered},"values":{${numbers}}${told}}\n`;
}

export type ExportForm = 'csv' | 'ndjson';

/** A page of samples as text. @param metrics the columns of a CSV */
export function exportText(form: ExportForm, samples: readonly Sample[], metrics: readonly string[]): string {
	let text = '';
	for (const sample of samples) text += form === 'csv' ? csvRow(sample, metrics) : ndjsonLine(sample);
	return text;
}

/** Says of a file's name what is in it. */
export const exportName = (form: ExportForm, day: string, kinds: ReadonlySet<Provenance>): string =>
	`fieldbench-${day}${kinds.has('simulated') ? (kinds.size > 1 ? '-with-simulated' : '-simulated') : ''}.${form}`;
