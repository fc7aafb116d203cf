import 'fake-indexeddb/auto';
import { expect, it } from 'vitest';
import { LabStore } from './lab-store';

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
