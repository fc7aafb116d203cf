import { describe, expect, it } from 'vitest';
import { delay, systemClock, type Clock } from '$lib/base';
import {
	sameThreadCompressor,
	type BaudMemory,
	type KeptBaud,
	type FirmwareSource,
	type FlashState
} from '$lib/flash';
import {
	buildNvs,
	buildOtaData,
	buildPartitionTable,
	DATA_SUBTYPE,
	DATA_TYPE,
	PARTITION_TABLE_OFFSET
} from '$lib/formats';
import { INSTANT_TIMING, MemorySparseFlash } from '$lib/lab';
import { LoaderOnlyPort } from '../../../lab/board/fake-usb-port';
import { kinds, namedApp } from '../../../flash/fake-plan';
import { CableBoard } from './cable-board';

const NVS = { label: 'nvs', offset: 0x9000, size: 0x5000 };
const OTADATA = { label: 'otadata', offset: 0xe000, size: 0x2000 };
const APP = 0x10000;
const never = new AbortController().signal;
/** Each read of the flash by the stub. */
const READ_FLASH = 0xd2;

function part<T>(made: { ok: true; value: T } | { ok: false; error: unknown }): T {
	if (!made.ok) throw new Error(JSON.stringify(made.error));
	return made.value;
}

/** A practice board that runs "greenhouse", with settings. */
async function bench({
	clock = systemClock,
	bauds,
	tableAt = PARTITION_TABLE_OFFSET,
	nvsAt = NVS.offset
}: { clock?: Clock; bauds?: BaudMemory; tableAt?: number; nvsAt?: number } = {}) {
	const row = { encrypted: false, readOnly: false };
	const table = part(
		buildPartitionTable([
			{ ...row, ...NVS, offset: nvsAt, type: DATA_TYPE, subtype: DATA_SUBTYPE.nvs },
			{ ...row, ...OTADATA, type: DATA_TYPE, subtype: 0 },
			{ ...row, label: 'ota_0', type: 0, subtype: 0x10, offset: APP, size: 0x100000 },
			{ ...row, label: 'ota_1', type: 0, subtype: 0x11, offset: 0x110000, size: 0x100000 }
		])
	);
	const flash = new MemorySparseFlash(0x400000);
	flash.program(tableAt, table);
	flash.program(nvsAt, part(buildNvs([], NVS.size)));
	flash.program(APP, namedApp('greenhouse'));
	const port = new LoaderOnlyPort({
		...{ flash, timing: INSTANT_TIMING, clock: systemClock, mac: 'fab011223344' }
	});
	const at = new CableBoard(port, {
		clock,
		compressor: () => ({ ...sameThreadCompressor(systemClock), close: () => undefined }),
		log: () => undefined,
		...(bauds && { bauds }),
		firstMessage: () => Promise.resolve(),
		brokers: () => Promise.resolve({ ok: true, value: [] })
	});
	const states: FlashState[] = [];
	const tell = (state: FlashState) => void states.push(state);
	/** Writes 64 KiB, and stops where this state is first told. */
	const writeUntil = async (kind: FlashState['kind']) => {
		const stop = new AbortController();
		const stopAt = (state: FlashState) => {
			tell(state);
			if (state.kind === kind) stop.abort();
		};
		await at.write(at.plan(big, {}), stopAt, stop.signal);
	};
	return { at, flash, port, states, tell, writeUntil };
}

const greenhouse: FirmwareSource = {
	...{ name: 'greenhouse', version: '2', eraseFirst: 'always' },
	parts: [{ name: 'app', offset: APP, bytes: namedApp('greenhouse'), from: 'test' }]
};
const big: FirmwareSource = {
	...{ name: 'blob', version: '2', eraseFirst: 'never' },
	parts: [
		{ name: 'blob', offset: 0x210000, bytes: crypto.getRandomValues(new Uint8Array(0x10000)), from: 'test' }
	]
};

describe('what is known of a board after a write', () => {
	it('stays where the write was stopped before anything was written', async () => {
		const { at, states, writeUntil } = await bench();
		part(await at.connect(() => undefined, never));
		await writeUntil('comparing');
		expect(states.at(-1)).toEqual({ kind: 'cancelled', wroteAnything: false });
		expect(at.table?.partitions[0]).toMatchObject(NVS);
		expect(at.known).toBe(false); // its program ran, and may have chosen another slot
		expect(at.plan(greenhouse, {}).erase).toEqual({ choice: 'nothing', because: 'same-project' });
		await at.release();
	}, 20_000);

	it('is nobody’s guess after one that ended half way, and is read again', async () => {
		const { at, states, writeUntil } = await bench();
		part(await at.connect(() => undefined, never));
		await writeUntil('writing');
		expect(states.at(-1)).toEqual({ kind: 'cancelled', wroteAnything: true });
		const blind = at.plan(greenhouse, {});
		expect(blind.erase.because).toBe('unread');
		expect(kinds(blind)).toEqual([
			['will-not-run', false],
			['erase-undecided', true]
		]);
		part(await at.look(never));
		expect(at.plan(greenhouse, {}).erase.because).toBe('same-project');
		expect(at.table?.partitions[0]).toMatchObject(NVS);
		await at.release();
	}, 20_000);

	it('still tells an update from a first install where the old program was half erased', async () => {
		const { at, flash, writeUntil } = await bench();
		part(await at.connect(() => undefined, never));
		await writeUntil('writing');
		flash.erase(PARTITION_TABLE_OFFSET, 0x1000);
		flash.erase(APP, 0x1000);
		part(await at.look(never));
		expect(at.plan(greenhouse, {}).erase.because).toBe('same-project');
		expect(at.table?.partitions[0]).toMatchObject(NVS);
		await at.release();
	}, 20_000);

	it('has which app starts read again after a success', async () => {
		const { at, states, tell, flash } = await bench();
		part(await at.connect(() => undefined, never));
		await at.write(at.plan(greenhouse, {}), tell, never);
		expect(states.at(-1)).toMatchObject({ kind: 'done' });
		expect(at.known).toBe(false);
		// Its program updates itself over the air: ota_1 starts from now on.
		flash.program(0x110000, namedApp('greenhouse'));
		flash.program(OTADATA.offset, buildOtaData([{ sequence: 2, state: 'undefined' }, undefined]));
		part(await at.look(never));
		expect(at.plan(greenhouse, {}).boot).toEqual({ would: 'ota_1', written: 'ota_0', changed: true });
		await at.release();
	}, 20_000);
});

describe('a table that does not lie at its usual place', () => {
	it('is found where a larger bootloader leaves room for it, and spared there', async () => {
		const { at } = await bench({ tableAt: 0xa000, nvsAt: 0x310000 });
		part(await at.connect(() => undefined, never));
		expect(at.tableOffset).toBe(0xa000);
		expect(at.table?.partitions[0]).toMatchObject({ label: 'nvs', offset: 0x310000 });
		const { kept, cleared } = at.plan(greenhouse, { erase: 'all-but-settings' });
		expect(kept).toContainEqual({ label: 'partition table', offset: 0xa000, length: 0x1000 });
		expect(cleared.filter(({ offset, length }) => offset < 0xb000 && 0xa000 < offset + length)).toEqual([]);
		await at.release();
	}, 20_000);

	it('is looked for where a person says, and from then on', async () => {
		const { at } = await bench({ tableAt: 0x212000, nvsAt: 0x310000 });
		part(await at.connect(() => undefined, never));
		expect(at.table).toBeUndefined();
		part(await at.lookAt(0x211000, never));
		expect(at.table).toBeUndefined();
		part(await at.lookAt(0x212000, never));
		expect(at.tableOffset).toBe(0x212000);
		await at.release();
		part(await at.connect(() => undefined, never));
		expect(at.tableOffset).toBe(0x212000);
		await at.release();
	}, 20_000);
});

describe('a table that the line damages', () => {
	it('is read again until it is sound', async () => {
		const { at, port } = await bench();
		let damaged = 0;
		port.meddle = (bytes, to) => {
			if (to === 'host' && bytes.length > 1000 && damaged++ === 0) {
				const bad = bytes.slice();
				bad[500] = bad[500]! ^ 0x11;
				return bad;
			}
			return bytes;
		};
		part(await at.connect(() => undefined, never));
		expect(damaged).toBeGreaterThan(1);
		expect(at.table?.partitions[0]).toMatchObject(NVS);
		await at.release();
	}, 20_000);

	it('teaches a slower rate, although nothing was written', async () => {
		let kept: KeptBaud | undefined;
		const { at, port } = await bench({
			bauds: { recall: () => kept, keep: (_adapter, one) => (kept = one) }
		});
		part(await at.connect(() => undefined, never));
		let faults = 0;
		let asked = false;
		port.meddle = (bytes, to) => {
			if (to === 'chip' && bytes[2] === READ_FLASH) asked = true;
			if (to === 'chip' || !asked || bytes.length < 1000 || faults === 4) return bytes;
			asked = false;
			faults++;
			return bytes.map((byte, i) => (i === 500 ? byte ^ 0x11 : byte));
		};
		part(await at.read({ offset: 0, length: 0x8000 }, () => undefined, never));
		expect(kept).toEqual({ baud: 460_800, cleanWrites: 0 });
		await at.release();
	}, 30_000);

	it('is not taken for none where it never comes', async () => {
		const quick: Clock = {
			now: () => systemClock.now() * 20,
			after: (ms, fn) => systemClock.after(ms / 20, fn)
		};
		const { at, port } = await bench({ clock: quick });
		port.meddle = (bytes, to) => (to === 'chip' && bytes[2] === READ_FLASH ? new Uint8Array() : bytes);
		part(await at.connect(() => undefined, never));
		expect(at.known).toBe(false);
		expect(at.plan(greenhouse, {}).erase.because).toBe('unread');
		await at.release();
	}, 60_000);
});

describe('the turns on a cable', () => {
	it('tells a write that was stopped before it had the port', async () => {
		const { at, states, tell } = await bench();
		part(await at.connect(() => undefined, never));
		const plan = at.plan(big, {});
		await at.release();
		const stop = new AbortController();
		stop.abort();
		await at.write(plan, tell, stop.signal);
		expect(states).toEqual([{ kind: 'cancelled', wroteAnything: false }]);
		expect(at.plan(greenhouse, {}).erase.because).toBe('same-project');
	});

	it('ends a read for a line, which is not taken for unplugged by it', async () => {
		const { at } = await bench();
		part(await at.connect(() => undefined, never));
		let heard: () => void = () => undefined;
		const begun = new Promise<void>((resolve) => (heard = resolve));
		const read = at.read({ offset: 0, length: 0x200000 }, () => heard(), never);
		const waiting = at.read({ offset: 0, length: 0x100 }, () => undefined, never);
		await begun;
		const page = new AbortController();
		const line = await at.listen(() => undefined, page.signal);
		expect(line.ok).toBe(true);
		expect(await read).toEqual({ ok: false, error: { kind: 'held', by: 'line' } });
		expect(await waiting).toEqual({ ok: false, error: { kind: 'held', by: 'line' } });
		page.abort();
	}, 20_000);

	it('lets a read stop while it waits, and leaves the port to the next when it stops after', async () => {
		const { at, states, tell } = await bench();
		part(await at.connect(() => undefined, never));
		await at.release();
		expect(at.known).toBe(false); // its program runs
		const first = new AbortController();
		const read = at.read({ offset: 0, length: 0x80000 }, () => undefined, first.signal);
		const second = new AbortController();
		const waits = at.read({ offset: 0, length: 0x100 }, () => undefined, second.signal);
		second.abort(new Error('enough'));
		await expect(waits).rejects.toThrow('enough');
		expect((await read).ok).toBe(true);
		const writing = at.write(at.plan(big, {}), tell, never);
		await delay(20, systemClock, never);
		first.abort(); // who took the port first looks no more: the port is another's now
		await writing;
		expect(states.at(-1)).toMatchObject({ kind: 'done' });
	}, 30_000);
});
