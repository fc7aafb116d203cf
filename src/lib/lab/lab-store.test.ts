import 'fake-indexeddb/auto';
import { expect, it } from 'vitest';
import { LabStore, USUAL_MAKE, type LabBoard } from './lab-store';
import { DEFAULT_WORLD } from './virtual-catalogue';

let databases = 0;
const freshName = () => `lab-${databases++}`;
const device = (id: string, createdMs: number) => ({ id, name: id, seed: 1, createdMs });

it('remembers devices, oldest first', async () => {
	const name = freshName();
	const store = await LabStore.open(name);
	await store.put(device('sim-b', 2));
	await store.put(device('sim-a', 1));
	store.close();
	const again = await LabStore.open(name);
	expect((await again.devices()).map((d) => d.id)).toEqual(['sim-a', 'sim-b']);
});

it('keeps the flash of each device apart, and forgets it with its device', async () => {
	const name = freshName();
	const store = await LabStore.open(name);
	const [a, b] = await Promise.all([store.flash('sim-1'), store.flash('sim-10')]);
	expect(a.write('cfg.0', new Uint8Array([1]))).toBe(true);
	expect(a.write('cfg.0', new Uint8Array([2]))).toBe(true);
	expect(b.write('cfg.0', new Uint8Array([3]))).toBe(true);
	expect(a.read('cfg.0')).toEqual(new Uint8Array([2]));
	await Promise.all([a.flush(), b.flush()]);
	store.close();
	const again = await LabStore.open(name);
	expect((await again.flash('sim-1')).read('cfg.0')).toEqual(new Uint8Array([2]));
	await again.remove('sim-1');
	expect((await again.flash('sim-1')).read('cfg.0')).toBeUndefined();
	expect((await again.flash('sim-10')).read('cfg.0')).toEqual(new Uint8Array([3]));
});

it('refuses writes once the medium has failed', async () => {
	const store = await LabStore.open(freshName());
	const flash = await store.flash('sim-1');
	store.close();
	expect(flash.write('cfg.0', new Uint8Array([1]))).toBe(true); // not known yet
	await flash.flush();
	expect(flash.write('cfg.0', new Uint8Array([2]))).toBe(false);
});

it('remembers boards and their flash by the sector, and forgets both together', async () => {
	const name = freshName();
	const store = await LabStore.open(name);
	const board: LabBoard = {
		...{ mac: 'fab000000001', name: 'Practice 1', plugged: true, instant: false, createdMs: 1 },
		make: { chip: 'ESP32-S3', usb: 'native', flashBytes: 8 << 20 },
		faults: ['drops', 'floods']
	};
	await store.putBoard(board);
	const flash = await store.boardFlash(board.mac, 8 << 20);
	flash.program(0x1_0ffe, Uint8Array.of(1, 2, 3));
	flash.program(0x2000, Uint8Array.of(9));
	await flash.flush();
	flash.erase(0x2000, 0x1000);
	await flash.flush();
	store.close();
	const again = await LabStore.open(name);
	expect(await again.boards()).toEqual([board]);
	const read = await again.boardFlash(board.mac, 8 << 20);
	expect([...read.read(0x1_0ffd, 5)]).toEqual([255, 1, 2, 3, 255]);
	expect(read.read(0x2000, 1)[0]).toBe(255);
	await again.removeBoard(board.mac);
	expect(await again.boards()).toEqual([]);
	expect((await again.boardFlash(board.mac, 8 << 20)).read(0x1_0ffe, 1)[0]).toBe(255);
});

it('takes a board of before there was a choice for the usual one, and passes over faults it does not know', async () => {
	const store = await LabStore.open(freshName());
	const old = { mac: 'fab000000002', name: 'Practice 2', plugged: true, instant: false, createdMs: 1 };
	await store.putBoard(old as LabBoard);
	const odd = { ...old, mac: 'fab000000003', make: { chip: 'ESP32', usb: 'native', flashBytes: 4 << 20 } };
	await store.putBoard({ ...odd, faults: ['drops', 'of-later-years'] } as unknown as LabBoard);
	expect(await store.boards()).toEqual([
		{ ...old, make: USUAL_MAKE, faults: [] },
		{ ...old, mac: odd.mac, make: USUAL_MAKE, faults: ['drops'] } // an ESP32 has no USB of its own
	]);
});

it('opens what the first version made', async () => {
	const name = freshName();
	const old = indexedDB.open(name, 1);
	old.onupgradeneeded = () => {
		old.result.createObjectStore('devices', { keyPath: 'id' }).put(device('sim-old', 1));
		old.result.createObjectStore('flash').put(Uint8Array.of(5), ['sim-old', 'cfg.0']);
	};
	await new Promise((resolve) => (old.onsuccess = resolve));
	old.result.close();
	const store = await LabStore.open(name);
	expect((await store.devices()).map(({ id }) => id)).toEqual(['sim-old']);
	expect((await store.flash('sim-old')).read('cfg.0')).toEqual(Uint8Array.of(5));
	expect(await store.boards()).toEqual([]);
});

it('remembers what a device was made of', async () => {
	const name = freshName();
	const store = await LabStore.open(name);
	const made = {
		...device('sim-made', 1),
		config: {
			complete: true as const,
			components: [{ id: 'sun', type: 'adc-input', config: { scale: 500 } }]
		},
		world: { ...DEFAULT_WORLD, people: 12 }
	};
	await store.put(made);
	store.close();
	expect(await (await LabStore.open(name)).devices()).toEqual([made]);
});

it('reads rows of the second version, which know nothing of worlds', async () => {
	const name = freshName();
	const old = indexedDB.open(name, 2);
	old.onupgradeneeded = () => {
		old.result.createObjectStore('devices', { keyPath: 'id' }).put(device('sim-old', 1));
		old.result.createObjectStore('flash');
		old.result.createObjectStore('boards', { keyPath: 'mac' });
		old.result.createObjectStore('board-flash');
	};
	await new Promise((resolve) => (old.onsuccess = resolve));
	old.result.close();
	expect(await (await LabStore.open(name)).devices()).toEqual([device('sim-old', 1)]);
});
