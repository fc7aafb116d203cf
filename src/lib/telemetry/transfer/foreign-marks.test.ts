import 'fake-indexeddb/auto';
import { expect, it } from 'vitest';
import { parseDeviceId, type Provenance, type Sample } from '$lib/model';
import { shownCsv, type ShownSeries } from '../view/shown-csv';
import { describeTable } from './foreign-table';
import { importSamples, type ImportReport } from './import-samples';
import { titleMetric } from './title-metric';
import { sniffFile } from './sniff';
import { csvHeader, exportText } from './text-rows';

const START_MS = Date.UTC(2026, 10, 21, 18);
const bench = parseDeviceId('bench');
if (!bench.ok) throw new Error('no id');

/** Reads a table as it is guessed, all of it said to be real, as a person may say without looking. */
async function read(text: string) {
	const file = new Blob([text]);
	const sniffed = await sniffFile(file);
	if (sniffed.kind !== 'foreign') throw new Error(sniffed.kind);
	const { columns, rows: _, told, ...form } = describeTable(sniffed.head);
	const long = form.metricColumn >= 0;
	const values = columns.flatMap(({ name, looksLike }, column) =>
		!long && looksLike === 'number' ? [{ column, metric: name }] : []
	);
	const mapping = {
		...{ ...form, values, width: columns.length, device: bench.ok ? bench.value : undefined },
		...{ provenance: 'real' as const, names: Object.fromEntries(told.map((one) => [one, titleMetric(one)])) }
	};
	let report: ImportReport | undefined;
	const never = new AbortController().signal;
	for await (const step of importSamples(file, { kind: 'foreign', mapping }, undefined, never))
		report = step.report;
	const found = report!.series.map(({ provenance, samples }) => `${samples} ${provenance}`);
	return { found, report: report!, metrics: values.map(({ metric }) => metric) };
}

it('takes what a chart wrote of a simulated device for simulated, whatever is chosen', async () => {
	const shown = (provenance: Provenance): ShownSeries => ({
		...{ device: 'Bench', metric: 'temperature', unit: '°C', provenance, period: 'shown' },
		...{ fromMs: START_MS, toMs: START_MS + 3000, timeMs: [START_MS, START_MS + 1000] },
		...{ min: [20, 21], max: [20, 21], avg: [20, 21], count: [1, 1] }
	});
	const csv = shownCsv([shown('simulated'), shown('real')]);
	expect((await read(csv)).found).toEqual(['2 simulated', '2 real']);
	const german = csv.replaceAll('true', 'WAHR').replaceAll('false', 'FALSCH');
	expect((await read(german)).found).toEqual(['2 simulated', '2 real']);
});

it('takes one of our exports that lost a column row by row, without its numbers', async () => {
	const sample = (provenance: Provenance, seq: number): Sample => ({
		...{ device: bench.value, provenance, identity: { epoch: 7, seq }, timeMs: START_MS + seq * 1000 },
		...{ clock: 'synchronised', values: { temperature: 20 + seq / 10 } }
	});
	const rows = [sample('simulated', 0), sample('real', 1), sample('simulated', 2)];
	const text = csvHeader(['temperature']) + exportText('csv', rows, ['temperature']);
	const cut = text
		.split('\r\n')
		.map((line) => line.split(',').toSpliced(7, 1).join(','))
		.join('\r\n');
	const { found, metrics } = await read(cut);
	expect(found).toEqual(['2 simulated', '1 real']);
	expect(metrics, 'no epoch and no seq').toEqual(['temperature']);
});

it('leaves out a row whose mark says neither, and takes the choice for one that has none', async () => {
	const { found, report } = await read(
		'time,power,simulated\n2026-11-21T18:00:00Z,1,true\n2026-11-21T18:00:01Z,2,perhaps\n2026-11-21T18:00:02Z,3,\n'
	);
	expect(found).toEqual(['1 simulated', '1 real']);
	expect(report.examples).toEqual([{ line: 3, fault: { kind: 'provenance', found: 'perhaps' } }]);
});

it('takes a column of numbers that is called so for numbers', async () => {
	const { metrics } = await read(
		'time,measured,simulated\n2026-11-21T18:00:00Z,20.5,20.1\n2026-11-21T18:00:01Z,20.6,20.3\n'
	);
	expect(metrics).toEqual(['measured', 'simulated']);
});
