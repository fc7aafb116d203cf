import 'fake-indexeddb/auto';
import fc from 'fast-check';
import { IDBFactory } from 'fake-indexeddb';
import { describe, expect, it, vi } from 'vitest';
import { parseDeviceId, type Sample } from '$lib/model';
import { openTelemetryStore, type TelemetryStore } from '../index';
import type { ForeignMapping } from './foreign-csv';
import { importSamples, type ImportForm, type ImportReport } from './import-samples';
import { LineSplitter } from './line-splitter';
import { sniffFile } from './sniff';
import { csvHeader, exportText, type ExportForm } from './text-rows';

const never = new AbortController().signal;
const device = (text: string) => {
	const id = parseDeviceId(text);
	if (!id.ok) throw new Error(text);
	return id.value;
};
const METRICS = ['temperature', '=2+5', "'@x", 'a "b",\nc', 'power'];

const samples = fc
	.array(
		fc.record({
			name: fc.constantFrom('fb-1', '=cmd', 'köln, "2"'),
			provenance: fc.constantFrom('real' as const, 'simulated' as const),
			timeMs: fc.oneof(fc.integer({ min: 0, max: 4e12 }), fc.double({ min: 0, max: 4e12, noNaN: true })),
			clock: fc.constantFrom('synchronised' as const, 'corrected' as const, 'unsynchronised' as const),
			numbered: fc.boolean(),
			states: fc.option(fc.constant({ firmware: '=1, "x"', online: '' }), { nil: undefined }),
			values: fc.dictionary(
				fc.constantFrom(...METRICS),
				fc.double({ noNaN: true, noDefaultInfinity: true }),
				{ minKeys: 1 }
			)
		}),
		{ maxLength: 12 }
	)
	.map((rows) =>
		rows.map(({ name, numbered, states, ...row }, seq): Sample => ({
			...row,
			device: device(name),
			identity: numbered ? { epoch: 4_294_967_295, seq } : undefined,
			values: { ...row.values }
		}))
	);

const open = async () =>
	(
		await openTelemetryStore({
			...{ fence: 1, known: [], onSentinel: () => undefined, indexedDB: new IDBFactory() },
			limits: { flushMs: 5 }
		})
	).store;

async function run(file: Blob, form: ImportForm, store?: TelemetryStore): Promise<ImportReport> {
	let last: ImportReport | undefined;
	for await (const step of importSamples(file, form, store, never)) {
		if (step.kind === 'failed') throw new Error(step.error.kind);
		last = step.report;
	}
	return last!;
}

async function all(store: TelemetryStore): Promise<Sample[]> {
	const found: Sample[] = [];
	for (const { device: id, provenance } of await store.extents())
		for await (const page of store.scan({ device: id, provenance, fromMs: -Infinity, toMs: Infinity }, never))
			found.push(...page);
	return found;
}
const text = (form: ExportForm, rows: readonly Sample[]) =>
	(form === 'csv' ? csvHeader(METRICS) : '') + exportText(form, rows, METRICS);
const sorted = (row: Sample): Sample => ({
	...row,
	values: Object.fromEntries(Object.entries(row.values).sort(([a], [b]) => (a < b ? -1 : 1)))
});
const keys = (rows: readonly Sample[]) => new Set(text('ndjson', rows.map(sorted)).trim().split('\n'));

describe.each(['csv', 'ndjson'] as const)('%s', (form) => {
	it('brings every sample back as it was, to the last bit, and a second time stores nothing', async () => {
		await fc.assert(
			fc.asyncProperty(samples, async (rows) => {
				const file = new Blob([text(form, rows)]);
				expect(rows.length === 0 || (await sniffFile(file)).kind === form).toBe(true);
				const store = await open();
				const first = await run(file, { kind: form }, store);
				expect(first).toMatchObject({ samples: rows.length, badLines: 0, readBytes: file.size });
				const found = await all(store);
				for (const line of keys(found)) expect(keys(rows)).toContain(line);
				expect(first.stored).toBe(found.length);
				expect(await run(file, { kind: form }, store)).toMatchObject({ stored: 0, there: rows.length });
				await store.close();
			}),
			{ numRuns: 12, seed: 6 }
		);
	});
});

it('writes no name that a spreadsheet would take for a formula', () => {
	const row: Sample = {
		...{ device: device('=cmd'), provenance: 'simulated', timeMs: 0.5, clock: 'corrected' },
		...{ identity: undefined, values: { power: -0, temperature: -1e-7 } }
	};
	expect(text('csv', [row])).toBe(
		`time,time_ms,device,provenance,clock,epoch,seq,states,temperature,'=2+5,''@x,"a ""b"",\nc",power\r\n` +
			`1970-01-01T00:00:00.000Z,0.5,'=cmd,simulated,corrected,,,,-1e-7,,,,-0\r\n`
	);
});

it('counts bad lines, shows ten of them with their places, and takes the rest', async () => {
	const good = (seq: number) =>
		`{"device":"d","provenance":"real","timeMs":${seq},"epoch":1,"seq":${seq},"values":{"v":1}}`;
	const bad = [
		'{',
		'[]',
		good(1).replace('"d"', '"a/b"'),
		good(1).replace('real', 'true'),
		good(1).replace('"timeMs":1', '"timeMs":1e99'),
		good(1).replace('"seq":1', '"seq":-1'),
		good(1).replace(':1}', ':null}'),
		good(1).replace('"v"', '"__proto__"'),
		'x'.repeat(1_100_000),
		good(1).replace('"real"', '"real","clock":"guess"'),
		'more'
	];
	const file = new Blob([[...bad.flatMap((line, i) => [good(i), line]), ''].join('\r\n')]);
	const report = await run(file, { kind: 'ndjson' });
	expect(report).toMatchObject({ samples: 11, stored: 0, badLines: 11 });
	expect(report.examples.map(({ line, fault }) => `${line} ${fault.kind}`)).toEqual([
		...['2 not-json', '4 not-json', '6 device', '8 provenance', '10 time', '12 identity'],
		...['14 number', '16 metric', '18 too-long', '20 clock']
	]);
	expect(report.series).toEqual([{ device: 'd', provenance: 'real', samples: 11, fromMs: 0, toMs: 10 }]);
});

it('stops where it is told to, keeps what it wrote, and stores the rest the next time', async () => {
	const count = 100;
	const line = (seq: number) =>
		`{"device":"d","provenance":"real","timeMs":${seq * 1000},"epoch":1,"seq":${seq},"values":{"v":1}}\n`;
	const file = new Blob([Array.from({ length: count }, (_, seq) => line(seq)).join('')]);
	const store = await open();
	const stop = new AbortController();
	const stopped = async () => {
		for await (const { report } of importSamples(file, { kind: 'ndjson' }, store, stop.signal, {
			runRows: 32
		}))
			if (report!.stored > 0) stop.abort(new Error('enough'));
	};
	await expect(stopped()).rejects.toThrow('enough');
	const { samples: before } = await store.stats();
	expect(before).toBe(32);
	expect(await run(file, { kind: 'ndjson' }, store)).toMatchObject({ stored: count - before, there: before });
	expect(await store.stats()).toMatchObject({ samples: count, walRecords: 0 });
	await store.close();
});

it('takes rows in any order, and reads of the history only the days they are of', async () => {
	const dayMs = 24 * 3600 * 1000;
	const times = [9, 5, 0, 7, 9].map((day, i) => day * dayMs + 1000 * (i % 4));
	const store = await open();
	const numbered = [0, 5, 7].map((day, seq): Sample => ({
		...{ device: device('kitchen'), provenance: 'real', identity: { epoch: 1, seq }, clock: 'synchronised' },
		...{ timeMs: times.find((timeMs) => Math.floor(timeMs / dayMs) === day)!, values: { v: 1 } }
	}));
	await run(new Blob([text('ndjson', numbered)]), { kind: 'ndjson' }, store);
	const mapping: ForeignMapping = {
		...{
			encoding: 'utf-8',
			delimiter: ',',
			decimalComma: false,
			skip: 1,
			width: 3,
			timeColumn: 0,
			clockColumn: -1,
			deviceColumn: -1,
			metricColumn: -1,
			markColumn: -1,
			valueColumn: -1,
			names: {}
		},
		...{ timeForm: 'count', zone: 'utc', device: device('kitchen'), provenance: 'real' },
		values: [1, 2].map((column) => ({ column, metric: column === 1 ? 'v' : 'w' }))
	};
	const file = new Blob([`ms,v,w\n${times.map((timeMs) => `${timeMs + 1e12},2,3`).join('\n')}\n`]);
	const moved = { ...mapping, values: mapping.values.slice(0, 1) };
	expect(await run(file, { kind: 'foreign', mapping: moved }, store)).toMatchObject({ stored: 4, there: 1 });
	const page = vi.spyOn(store, 'page');
	expect(await run(file, { kind: 'foreign', mapping }, store)).toMatchObject({ stored: 4, there: 1 });
	expect(page.mock.calls.map(([{ fromMs, toMs }]) => toMs - fromMs).every((spanMs) => spanMs < dayMs)).toBe(
		true
	);
	expect(await run(file, { kind: 'foreign', mapping }, store)).toMatchObject({ stored: 0, there: 5 });
	await store.close();
});

it('cuts the same records wherever the pieces of a file end, too long ones too', () => {
	const parts = fc.array(fc.constantFrom('"', '\n', '\r\n', ',', 'a', '""', '"\n"', 'aaaa'), {
		maxLength: 40
	});
	const most = fc.constantFrom(3, 7, 1000);
	fc.assert(
		fc.property(
			parts,
			fc.array(fc.nat(6), { maxLength: 30 }),
			most,
			fc.boolean(),
			(tokens, cuts, chars, csv) => {
				const whole = tokens.join('');
				const read = (pieces: readonly string[]) => {
					const splitter = new LineSplitter(csv, chars);
					return [...pieces.flatMap((piece) => splitter.push(piece)), ...splitter.end()];
				};
				const pieces: string[] = [];
				for (let at = 0, i = 0; at < whole.length; i++) {
					const length = 1 + (cuts[i] ?? 0);
					pieces.push(whole.slice(at, at + length));
					at += length;
				}
				expect(read(pieces)).toEqual(read([whole]));
			}
		),
		{ numRuns: 1000, seed: 6 }
	);
});

it('looks at what follows an open quote no more than twice, and reads it', () => {
	const splitter = new LineSplitter(true);
	const begun = performance.now();
	const found = [...splitter.push(`"${'""\n'.repeat(130_000)}`), ...splitter.end()];
	expect(performance.now() - begun).toBeLessThan(2000); // a minute and more, where each line end counts all quotes anew
	expect(found[0]).toEqual({ line: 1, text: '', fault: 'unclosed-quote' });
	expect(found).toHaveLength(130_000);
});
