import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { describe, expect, it } from 'vitest';
import { parseDeviceId, type Sample } from '$lib/model';
import { openTelemetryStore } from '../index';
import { readRow, type ForeignForm } from './foreign-csv';
import { describeTable, type ForeignTable } from './foreign-table';
import { importSamples, type ImportForm, type ImportReport } from './import-samples';
import { csvFields } from './line-splitter';
import { sniffFile } from './sniff';

const never = new AbortController().signal;
const kitchen = parseDeviceId('kitchen');
if (!kitchen.ok) throw new Error('no id');
const mappingOf = (table: ForeignTable) => ({
	...{ ...table, width: table.columns.length, device: kitchen.value, provenance: 'real' as const },
	values: table.columns.flatMap(({ name, looksLike }, column) =>
		looksLike === 'number' && column !== table.deviceColumn ? [{ column, metric: name }] : []
	),
	names: {}
});

async function look(file: Blob | string, chosen?: Partial<ForeignForm>): Promise<ForeignTable> {
	const sniffed = await sniffFile(typeof file === 'string' ? new Blob([file]) : file);
	if (sniffed.kind !== 'foreign') throw new Error(sniffed.kind);
	return describeTable(sniffed.head, chosen);
}
/** Each row as `time metric=value …`, in UTC, or what is wrong with it. */
async function rowsOf(
	file: Blob | string,
	chosen: Partial<ForeignForm> = { zone: 'utc' }
): Promise<string[]> {
	const table = await look(file, chosen);
	return table.rows.map((row) => {
		const read = readRow(row, mappingOf(table));
		if (!read.ok) return read.error.kind;
		const { timeMs, values, device } = read.value;
		const told = Object.entries(values).map(([metric, value]) => `${metric}=${value}`);
		return [new Date(timeMs).toISOString().replace('.000Z', 'Z'), ...(device ? [device] : []), ...told].join(
			' '
		);
	});
}
async function run(file: Blob, form: ImportForm, store?: Parameters<typeof importSamples>[2]) {
	let report: ImportReport | undefined;
	for await (const step of importSamples(file, form, store, never)) report = step.report;
	return report!;
}

describe('a table that somebody else made', () => {
	it.each<[name: string, file: string, rows: string[]]>([
		[
			'semicolons, decimal commas, days first, a mark at its start, thousands, and no value in words',
			'\uFEFFZeit;T innen;P;Notiz\r\n21.11.2026 18:00;21,5;1.234,5;a\r\n21.11.2026 18:01:30;-0,25;n/a;b\r\n',
			['2026-11-21T18:00:00Z T innen=21.5 P=1234.5', '2026-11-21T18:01:30Z T innen=-0.25']
		],
		[
			'tabs, and a date apart from its time of day',
			'Datum\tUhrzeit\tTemp\n21/11/26\t7:05\t3,5\n22/11/26\t7:05\t4,5\n22/11/26\tnie\t4\n22/11/26\t\t4\n',
			['2026-11-21T07:05:00Z Temp=3.5', '2026-11-22T07:05:00Z Temp=4.5', 'time', 'time']
		],
		[
			'months first, half days, and commas that part thousands',
			'"when";v\n"11/21/2026, 12:05 AM";"1,234.25"\n"11/21/2026, 1:05:00 PM";2.5\n',
			['2026-11-21T00:05:00Z v=1234.25', '2026-11-21T13:05:00Z v=2.5']
		],
		[
			'a spreadsheet’s mark, lines above the table, and rows that end in a delimiter',
			'sep=;\nLogger 7\nSerial;12\nZeit;a;b\n2026/3/1 0:00;1;2;\n2026/3/1 0:10;3;4;\n2026/3/1 0:20;5;6;\n',
			['2026-03-01T00:00:00Z a=1 b=2', '2026-03-01T00:10:00Z a=3 b=4', '2026-03-01T00:20:00Z a=5 b=6']
		],
		[
			'no titles, and times that name their zone',
			'2026-11-21T18:00:00+02:00,1.5\n2026-11-21T18:01:00+02:00,2.5\n',
			['2026-11-21T16:00:00Z column 2=1.5', '2026-11-21T16:01:00Z column 2=2.5']
		],
		[
			'days as spreadsheets count them',
			'Zeit;v\n46347,75;1\n46347,760416667;2\n',
			['2026-11-21T18:00:00Z v=1', '2026-11-21T18:15:00Z v=2']
		],
		[
			'months by name, in the order and tongue of whoever wrote them',
			'when;v\n21 Nov 2026 18:00;1\nNov. 21, 2026, 6:01 PM;2\nSat, 21 Nov 2026 18:02:00 GMT;3\n21. März 2026 um 18:03;4\n21-déc.-2026;5\n',
			[
				'2026-11-21T18:00:00Z v=1',
				'2026-11-21T18:01:00Z v=2',
				'2026-11-21T18:02:00Z v=3',
				'2026-03-21T18:03:00Z v=4',
				'2026-12-21T00:00:00Z v=5'
			]
		],
		[
			'months by name, as a browser writes a Date, and no month at all',
			't;v\nSat Nov 21 2026 19:00:00 GMT+0100 (Central European Standard Time);1\n2026-Nov-21 18:01;2\n2026-Nov-21 18:02;3\n21 Foo 2026;4\n31 Feb 2026;5\n',
			['2026-11-21T18:00:00Z v=1', '2026-11-21T18:01:00Z v=2', '2026-11-21T18:02:00Z v=3', 'time', 'time']
		],
		[
			'a column of devices, as their topics',
			'time,device,temperature,door\n2026-11-21T18:00:00Z,zigbee2mqtt/kitchen,21.5,open\n2026-11-21T18:00:10Z,bath,22,\n2026-11-21T18:00:20Z,,22,\n',
			[
				'2026-11-21T18:00:00Z zigbee2mqtt-kitchen temperature=21.5',
				'2026-11-21T18:00:10Z bath temperature=22',
				'device'
			]
		],
		[
			'a row for each value, as Home Assistant writes its history',
			'entity_id,state,last_changed\nsensor.kitchen_temperature,21.5,2026-11-21T18:00:00.000Z\nsensor.kitchen_temperature,unavailable,2026-11-21T18:01:00.000Z\nsensor.kitchen_humidity,45,2026-11-21T18:00:30.000Z\n',
			[
				'2026-11-21T18:00:00Z sensor.kitchen_temperature=21.5',
				'2026-11-21T18:01:00Z',
				'2026-11-21T18:00:30Z sensor.kitchen_humidity=45'
			]
		],
		[
			'a row for each value with its title and unit, as Grafana writes series',
			'"Series";"Time";"Value"\n"Temperature (°C)";"2026-11-21 18:00:00";"21.5"\n"Temperature (°C)";"2026-11-21 18:01:00";"null"\n',
			['2026-11-21T18:00:00Z temperature=21.5', '2026-11-21T18:01:00Z']
		]
	])('is read: %s', async (_, file, rows) => {
		expect(await rowsOf(file)).toEqual(rows);
	});

	it('takes the order of day and month that makes the shorter time, and asks where nothing says which', async () => {
		const midnight = 't;v\n05/11/2026 23:59;1\n06/11/2026 00:01;2\n';
		expect(await look(midnight)).toMatchObject({ timeForm: 'dmy', unsure: false });
		expect(await look('t;v\n11/05/2026 23:59;1\n11/06/2026 00:01;2\n')).toMatchObject({ timeForm: 'mdy' });
		expect(await look('t;v\n05/11/2026 23:59;1\n')).toMatchObject({ timeForm: 'dmy', unsure: true });
		expect(await look('t;v\n05.11.2026 23:59;1\n')).toMatchObject({ timeForm: 'dmy', unsure: false });
		const chosen = { timeForm: 'mdy', zone: 'utc' } as const;
		expect((await rowsOf(midnight, chosen))[0]).toBe('2026-05-11T23:59:00Z v=1');
		expect(await look(midnight, chosen)).toMatchObject({ unsure: false });
	});

	it('is read where InfluxDB begins it anew, with each device and field of its own', async () => {
		const above =
			'#group,false,false,true,true,false,false,true,true,true\r\n#datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,dateTime:RFC3339,double,string,string,string\r\n#default,_result,,,,,,,,\r\n,result,table,_start,_stop,_time,_value,_field,_measurement,host\r\n';
		const row = (table: number, minute: number, value: string, field: string, host: string) =>
			`,,${table},2026-11-20T18:00:00Z,2026-11-21T18:00:00Z,2026-11-21T17:0${minute}:00Z,${value},${field},env,${host}\r\n`;
		const file = new Blob([
			`${above}${row(0, 0, '21.5', 'temperature', 'kitchen')}${row(0, 1, '21.75', 'temperature', 'kitchen')}\r\n`,
			`${above}${row(1, 0, '45', 'humidity', 'bath')}\r\n`
		]);
		const table = await look(file);
		expect(table).toMatchObject({ preamble: 3, told: ['temperature', 'humidity'] });
		const mapping = { ...mappingOf(table), device: undefined, names: { humidity: 'damp' } };
		const left = { ...mapping, names: { temperature: '' } };
		expect(await run(file, { kind: 'foreign', mapping: left })).toMatchObject({ samples: 1, badLines: 0 });
		const report = await run(file, { kind: 'foreign', mapping });
		expect(report).toMatchObject({ samples: 3, badLines: 0 });
		expect(
			report.series.map(({ device, samples, toMs }) => [device, samples, new Date(toMs).toISOString()])
		).toEqual([
			['kitchen', 2, '2026-11-21T17:01:00.000Z'],
			['bath', 1, '2026-11-21T17:00:00.000Z']
		]);
		expect(
			table.rows.map((fields) => readRow(fields, mapping)).map((read) => read.ok && read.value.values)
		).toEqual([{ temperature: 21.5 }, { temperature: 21.75 }, { damp: 45 }]);
	});

	it('counts a metric too many in a table with a row for each value', async () => {
		const rows = Array.from({ length: 300 }, (_, i) => `2026-11-21T18:00:00Z,m${i},1`);
		const file = new Blob([`time,metric,value\n${rows.join('\n')}\n`]);
		const form: ImportForm = { kind: 'foreign', mapping: mappingOf(await look(file)) };
		expect(await run(file, form)).toMatchObject({ samples: 256, badLines: 44 });
	});

	it('is read as it was chosen, and what cannot be is told', async () => {
		const file = 't;v\n2026-11-21;1.234\n2026-11-32;2\n2026-11-21;x\n2026-11-21;1;2\n';
		expect(await rowsOf(file)).toEqual(['2026-11-21T00:00:00Z v=1.234', 'time', 'number', 'fields']);
		expect((await rowsOf(file, { zone: 'utc', decimalComma: true }))[0]).toBe('2026-11-21T00:00:00Z v=1234');
		expect((await look(file, { delimiter: ',' })).columns).toHaveLength(1);
		const here = new Date(2026, 10, 21).toISOString().replace('.000Z', 'Z');
		expect((await rowsOf(file, {}))[0], 'this computer’s own zone').toBe(`${here} v=1.234`);
	});

	it.each([
		['windows-1252', (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0))],
		[
			'utf-16le',
			(text: string) => Uint8Array.from([0xff, 0xfe, ...Array.from(text, (c) => [c.charCodeAt(0), 0]).flat()])
		]
	] as const)('is read in %s, and a second time stored nothing', async (encoding, encode) => {
		const text = 'Zeit;Küche °C\n21.11.2026 18:00;21,5\nnie;1\n\n21.11.2026 18:02;22,25\n';
		const file = new Blob([encode(text)]);
		const table = await look(file);
		expect(table).toMatchObject({ encoding, columns: [{}, { name: 'Küche °C', looksLike: 'number' }] });
		const form: ImportForm = { kind: 'foreign', mapping: mappingOf(table) };
		const { store } = await openTelemetryStore({
			...{ fence: 1, known: [], onSentinel: () => undefined, indexedDB: new IDBFactory() }
		});
		expect(await run(file, form, store)).toMatchObject({
			...{ samples: 2, stored: 2, badLines: 1 },
			examples: [{ line: 3, fault: { kind: 'time', found: 'nie' } }]
		});
		expect(await run(file, form, store)).toMatchObject({ stored: 0, there: 2 });
		await store.close();
	});
});

it('reads one of our own that a spreadsheet wrote anew, and believes the time that was not rounded', async () => {
	const rows = [
		'sep=;',
		'time;time_ms;device;provenance;clock;epoch;seq;states;power;temperature',
		'2026-11-21T18:00:00.250Z;1,79E+12;fb-1;simulated;corrected;4294967295;7;"{""online"":""yes""}";1.234,5;-0,25'
	];
	const file = new Blob([`\uFEFF${rows.join('\r\n')}\r\n`]);
	const sniffed = await sniffFile(file);
	if (sniffed.kind !== 'csv') throw new Error(sniffed.kind);
	expect(sniffed.table).toEqual({ encoding: 'utf-8', delimiter: ';', decimalComma: true });
	const { store } = await openTelemetryStore({
		...{ fence: 1, known: [], onSentinel: () => undefined, indexedDB: new IDBFactory() }
	});
	expect(await run(file, { kind: 'csv', table: sniffed.table }, store)).toMatchObject({
		stored: 1,
		badLines: 0
	});
	const found: Sample[] = [];
	const [series] = await store.extents();
	for await (const page of store.scan({ ...series!, metrics: undefined, fromMs: 0, toMs: Infinity }, never))
		found.push(...page);
	expect(found).toEqual([
		{
			...{
				device: 'fb-1',
				provenance: 'simulated',
				clock: 'corrected',
				identity: { epoch: 4_294_967_295, seq: 7 }
			},
			timeMs: Date.parse('2026-11-21T18:00:00.250Z'),
			values: { power: 1234.5, temperature: -0.25 },
			states: { online: 'yes' }
		}
	]);
	await store.close();
});

it('cuts quoted fields', () => {
	expect(csvFields('"a;""b""";c;', ';')).toEqual(['a;"b"', 'c', '']);
});
