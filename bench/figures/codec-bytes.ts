import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import type { Figure, Row } from '../figure';
import { withCleanUp } from '../harness/clean-up';

const run = promisify(execFile);

const FIRMWARE = fileURLToPath(new URL('../../firmware', import.meta.url));
const PROGRAM = fileURLToPath(new URL('../native/batch_bytes.cpp', import.meta.url));
const SOURCES = [
	...['batch', 'batch_codec', 'batch_envelope', 'bit_packing', 'base64', 'utf8'].map(
		(name) => `core/${name}`
	),
	...['fields', 'json_writer', 'json_number', 'decimal', 'json_reader'].map((name) => `core/${name}`),
	...['components/modbus_rtu/modbus_frame', 'sim/sim_inverter', 'sim/world', 'ports/mbedtls/mbedtls_crypto']
].map((name) => join(FIRMWARE, `${name}.cpp`));
const FLAGS = ['-std=gnu++17', '-O2', '-fno-rtti', `-I${FIRMWARE}`];
const LARGEST_OUTPUT_BYTES = 32_000_000;
const TARGET_BYTES = 3;
const GZIP = 'gzip of JSON';

/** What bench/native/batch_bytes.cpp writes. */
interface Measured {
	readonly names: readonly string[];
	/** Time in ms, then a value a name. */
	readonly rows: readonly (readonly number[])[];
	readonly measured: readonly {
		readonly span: 'day' | 'noon';
		readonly batchSize: number;
		readonly codec: string;
		/** Bytes a value. */
		readonly payload: number;
		readonly message: number;
	}[];
}

/** What a measured value takes on its way to the broker. */
export const codecBytes: Figure = {
	name: 'codec-bytes-per-value',
	measure: ({ signal, say }) =>
		withCleanUp(async (atEnd) => {
			const folder = await mkdtemp(join(tmpdir(), 'fieldbench-codec-'));
			atEnd(() => rm(folder, { recursive: true, force: true }));
			const program = join(folder, 'batch_bytes');
			say('compiling');
			await run('g++', [...FLAGS, PROGRAM, ...SOURCES, '-lmbedcrypto', '-o', program], { signal });
			say('measuring a day');
			const { stdout } = await run(program, { signal, maxBuffer: LARGEST_OUTPUT_BYTES });
			return rowsOf(JSON.parse(stdout) as Measured);
		})
};

function rowsOf({ names, rows, measured }: Measured): readonly Row[] {
	const values = rows.length * names.length;
	const messages = rows.map((row, i) => JSON.stringify(telemetryOf(names, row, i)));
	const json = messages.reduce((sum, text) => sum + text.length, 0) / values;
	const gzip = (batchSize: number) => {
		let bytes = 0;
		for (let i = 0; i < messages.length; i += batchSize)
			bytes += gzipSync(`[${messages.slice(i, i + batchSize).join()}]`, { level: 9 }).byteLength;
		return bytes / values;
	};
	const peers = new Map([7, 60].map((size) => [size, gzip(size)]));
	const day = measured.filter(({ span }) => span === 'day');
	return day.flatMap(({ batchSize, codec, payload, message }): readonly Row[] => {
		const name = `codec-bytes-${batchSize}-${codec}`;
		const alone = { unit: 'B', peers: { [GZIP]: peers.get(batchSize)! }, notes: [] };
		if (codec !== 'best') return [{ name, value: payload, runs: [payload], ...alone }];
		const noon = measured.find((m) => m.span === 'noon' && m.batchSize === batchSize);
		const best: Row = {
			name: batchSize === 60 ? 'codec-bytes-per-value' : name,
			value: payload,
			runs: [payload],
			...alone,
			...(batchSize === 60 && { target: { kind: 'at-most', value: TARGET_BYTES } }),
			notes: [
				`${rows.length} samples of ${names.length} metrics; from 10 to 14 h alone ${(noon?.payload ?? NaN).toFixed(2)}`
			]
		};
		const whole: Row = {
			...{ name: `${name}-message`, value: message, unit: 'B', runs: [message], notes: [] },
			peers: { 'each sample as JSON': json }
		};
		return [best, whole];
	});
}

/** A telemetry message of docs/protocol.md §3.1, without what a batch does not tell. */
const telemetryOf = (names: readonly string[], [timeMs, ...values]: readonly number[], seq: number) => ({
	timestamp: timeMs! / 1000,
	sensors: Object.fromEntries(names.map((name, i) => [name, values[i]])),
	epoch: 2890137841,
	seq,
	clock: 'sync',
	sim: true
});
