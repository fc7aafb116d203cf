import { IDBFactory } from 'fake-indexeddb';
import { describe, expect, it } from 'vitest';
import { err, systemClock } from '$lib/base';
import {
	sameThreadCompressor,
	SettingsSnapshots,
	type FirmwareSource,
	type FlashError,
	type FlashState,
	type KeptSnapshot,
	type SnapshotBounds
} from '$lib/flash';
import { buildNvs, buildPartitionTable, DATA_SUBTYPE, DATA_TYPE, PARTITION_TABLE_OFFSET } from '$lib/formats';
import { INSTANT_TIMING, MemorySparseFlash } from '$lib/lab';
import { LoaderOnlyPort } from '../../../lab/board/fake-usb-port';
import { CableBoard } from './cable-board';
import { keepAndWrite, type NotKept } from './kept-write';

const NVS = { label: 'nvs', offset: 0x9000, size: 0x5000 };
/** Commands that erase or write. */
const HARMS = new Set([0x02, 0x10, 0xd0, 0xd1]);
/** A command without data, framed; what is shorter acknowledges a read. */
const SHORTEST = 10;

function part<T>(made: { ok: true; value: T } | { ok: false; error: unknown }): T {
	if (!made.ok) throw new Error(JSON.stringify(made.error));
	return made.value;
}

/** A practice board with settings, and what was on this computer's disk when the first erase came over the line. */
async function bench(bounds?: SnapshotBounds) {
	const row = { encrypted: false, readOnly: false };
	const table = part(
		buildPartitionTable([
			{ ...row, ...NVS, type: DATA_TYPE, subtype: DATA_SUBTYPE.nvs },
			{ ...row, label: 'factory', type: 0, subtype: 0, offset: 0x10000, size: 0x100000 }
		])
	);
	const wifi = { namespace: 'wifi', key: 'ssid', type: 'string', value: 'home' } as const;
	const settings = part(buildNvs([wifi], NVS.size));
	const flash = new MemorySparseFlash(0x400000);
	flash.program(PARTITION_TABLE_OFFSET, table);
	flash.program(NVS.offset, settings);
	const port = new LoaderOnlyPort({
		...{ flash, timing: INSTANT_TIMING, clock: systemClock, mac: 'fab011223344' }
	});
	const factory = new IDBFactory();
	const onDisk: Promise<number>[] = [];
	let connected = false; // connecting begins a write of no bytes, as esptool does
	let harmed = 0;
	port.meddle = (bytes, to) => {
		// Another page looks, so that only what is committed is seen.
		if (
			connected &&
			to === 'chip' &&
			bytes.length >= SHORTEST &&
			bytes[1] === 0 &&
			HARMS.has(bytes[2]!) &&
			harmed++ === 0
		)
			onDisk.push(
				new SettingsSnapshots(factory).list().then((found) => (found.ok ? found.value.length : -1))
			);
		return bytes;
	};
	const at = new CableBoard(port, {
		compressor: () => ({ ...sameThreadCompressor(systemClock), close: () => undefined }),
		log: () => undefined,
		firstMessage: () => Promise.resolve(),
		brokers: () => Promise.resolve({ ok: true, value: [] })
	});
	const never = new AbortController().signal;
	const board = part(await at.connect(() => undefined, never));
	connected = true;
	const shelf = new SettingsSnapshots(factory, bounds);
	const states: FlashState[] = [];
	const kept: KeptSnapshot[] = [];
	const asked: NotKept[] = [];
	let askedOver = 0;
	const write = (firmware: FirmwareSource, goOn = false, signal = never) =>
		keepAndWrite(
			{
				...{ at, board, shelf, before: 'Blinky 1.2' },
				plan: at.plan(firmware, {}),
				tell: (state) => states.push(state),
				onKept: (one) => kept.push(one),
				goOnOverNewer: () => {
					askedOver++;
					return Promise.resolve(goOn);
				},
				goOnWithout: (why) => {
					asked.push(why);
					return Promise.resolve(goOn);
				}
			},
			signal
		);
	return {
		at,
		flash,
		port,
		write,
		states,
		kept,
		asked,
		shelf,
		settings,
		onDisk,
		harmed: () => harmed,
		askedOver: () => askedOver
	};
}

const firmware = (offset: number, length = 0x5000): FirmwareSource => ({
	...{ name: 'Blinky', version: '1.2', eraseFirst: 'never' },
	parts: [{ name: 'part', offset, bytes: new Uint8Array(length).fill(0x5a), from: 'test' }]
});

describe('a write that costs settings', () => {
	it('keeps them on the disk before the first erase goes out', async () => {
		const { write, states, kept, shelf, settings, onDisk } = await bench();
		expect(await write(firmware(NVS.offset))).toBe(true);
		expect(states.at(-1)).toMatchObject({ kind: 'done' });
		expect(states[0]).toMatchObject({ kind: 'keeping-settings', totalBytes: NVS.size });
		expect(await Promise.all(onDisk)).toEqual([1]);
		const [one] = kept;
		expect(one).toMatchObject({ snapshot: { mac: 'fa:b0:11:22:33:44', before: 'Blinky 1.2' } });
		const partitions = part(await shelf.open(one!.snapshot.id));
		expect(partitions.map(({ label, bytes }) => [label, Buffer.from(bytes).equals(settings)])).toEqual([
			['nvs', true]
		]);
	}, 20_000);

	it('keeps nothing where they stay, or are empty', async () => {
		const stays = await bench();
		await stays.write(firmware(0x20000));
		expect(stays.states.map(({ kind }) => kind)).not.toContain('keeping-settings');
		const empty = await bench();
		empty.flash.erase(NVS.offset, NVS.size);
		await empty.write(firmware(NVS.offset));
		expect([...stays.kept, ...empty.kept]).toEqual([]);
		expect(empty.states.at(-1)).toMatchObject({ kind: 'done' });
	}, 20_000);

	it('asks where the board has newer ones than those that the plan was made from', async () => {
		const { write, flash, harmed, kept, settings, shelf, askedOver } = await bench();
		const edited = { ...firmware(NVS.offset).parts[0]!, madeFrom: settings };
		const plan = { ...firmware(NVS.offset), parts: [edited] };
		const now = part(buildNvs([{ namespace: 'wifi', key: 'ssid', type: 'string', value: 'new' }], NVS.size));
		flash.erase(NVS.offset, NVS.size);
		flash.program(NVS.offset, now);
		expect(await write(plan)).toBe(false);
		expect([askedOver(), harmed(), kept.length]).toEqual([1, 0, 0]);
		expect(await write(plan, true)).toBe(true);
		expect(askedOver()).toBe(2);
		const [saved] = part(await shelf.open(kept[0]!.snapshot.id));
		expect(Buffer.from(saved!.bytes).equals(now)).toBe(true);
		flash.erase(NVS.offset, NVS.size);
		flash.program(NVS.offset, settings);
		expect(await write(plan)).toBe(true);
		expect(askedOver()).toBe(2);
	}, 20_000);

	it('asks where they cannot be kept: no means that nothing is touched', async () => {
		const { write, asked, harmed, at } = await bench({ mostBytes: 100, mostEntries: 1 });
		expect(await write(firmware(NVS.offset))).toBe(false);
		expect(asked).toMatchObject([{ kind: 'too-large' }]);
		expect(harmed()).toBe(0);
		expect(await write(firmware(NVS.offset), true)).toBe(true);
		expect(harmed()).toBeGreaterThan(0);
		await at.release();
	}, 20_000);

	it('asks where nobody knows whether the board has any: no means that nothing is written', async () => {
		const { at, shelf } = await bench();
		const board = part(await at.connect(() => undefined, new AbortController().signal));
		const asked: NotKept[] = [];
		let writes = 0;
		const blind = {
			...{ table: undefined, read: at.read },
			look: () =>
				Promise.resolve(err<FlashError>({ kind: 'read-failed', offsetBytes: 0x8000, attempts: 10 })),
			write: () => {
				writes++;
				return Promise.resolve();
			}
		};
		const goOnWithout = (why: NotKept) => Promise.resolve(asked.push(why) === 2);
		const write = () =>
			keepAndWrite(
				{
					...{ at: blind, board, shelf, goOnWithout, before: 'Blinky' },
					plan: at.plan(firmware(0x20000), {}),
					tell: () => undefined,
					onKept: () => undefined,
					goOnOverNewer: () => Promise.resolve(true)
				},
				new AbortController().signal
			);
		expect(await write()).toBe(false);
		expect(writes).toBe(0);
		expect(asked).toMatchObject([{ kind: 'read-failed' }]);
		expect(await write()).toBe(true);
		expect(writes).toBe(1);
		await at.release();
	}, 20_000);

	it('is stopped while they are read: nothing is written, and the board can be written after', async () => {
		const { write, states, port, harmed, at } = await bench();
		const stop = new AbortController();
		const { meddle } = port;
		port.meddle = (bytes, to) => {
			if (to === 'host' && bytes.length > 4000) stop.abort();
			return meddle(bytes, to);
		};
		expect(await write(firmware(NVS.offset), false, stop.signal)).toBe(true);
		expect(states.at(-1)).toEqual({ kind: 'cancelled', wroteAnything: false });
		expect(harmed()).toBe(0);
		port.meddle = meddle;
		await write(firmware(NVS.offset));
		expect(states.at(-1)).toMatchObject({ kind: 'done' });
		await at.release();
	}, 20_000);
});
