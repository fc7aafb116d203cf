import 'fake-indexeddb/auto';
import { expect, it } from 'vitest';
import { systemClock } from '$lib/base';
import { LabStore, PRACTICE_AIR } from '$lib/lab';
import { BoardShelf, MAX_BOARDS } from './board-shelf';
import type { PortEvent } from './messages';

let databases = 0;
const MAC = 'fab000000001';

/** A lab's shelf on a database of its own; `release` is what the death of an opener's tab does to its Web Lock. */
async function shelf(database = `shelf-${databases++}`) {
	const store = await LabStore.open(database);
	const released = new Map<string, () => void>();
	const boards = new BoardShelf({
		store,
		clock: systemClock,
		changed: () => undefined,
		world: {
			air: PRACTICE_AIR,
			connector: () => Promise.reject(new Error('no broker in this test')),
			dial: (url) => ({ kind: 'url', url })
		},
		whenReleased: (lock) => new Promise((resolve) => released.set(lock, resolve))
	});
	return { boards, database, store, release: (lock: string) => released.get(lock)?.() };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

it('gives a board’s cable to one opener at a time, over all tabs', async () => {
	const { boards } = await shelf();
	await boards.add({ mac: MAC, name: 'Practice board 1' });
	const first = boards.open({ id: MAC, baud: 115_200, lock: 'a' });
	expect(first.ok).toBe(true);
	expect(boards.open({ id: MAC, baud: 115_200, lock: 'b' })).toEqual({ ok: false, error: 'busy' });
	if (first.ok) boards.close(first.value);
	expect(boards.open({ id: MAC, baud: 115_200, lock: 'b' }).ok).toBe(true);
});

it('lets go of the cable when the tab that holds it is gone', async () => {
	const { boards, release } = await shelf();
	await boards.add({ mac: MAC, name: 'Practice board 1' });
	expect(boards.open({ id: MAC, baud: 115_200, lock: 'a' }).ok).toBe(true);
	release('a');
	await settle();
	expect(boards.open({ id: MAC, baud: 115_200, lock: 'b' }).ok).toBe(true);
});

it('tells an opener what came before it listened, and that the cable was pulled', async () => {
	const { boards } = await shelf();
	await boards.add({ mac: MAC, name: 'Practice board 1' });
	await boards.act(MAC, 'take-no-time');
	const opened = boards.open({ id: MAC, baud: 115_200, lock: 'a' });
	if (!opened.ok) throw new Error(opened.error);
	await boards.act(MAC, 'en');
	const heard: PortEvent[] = [];
	boards.listen(opened.value, (event) => heard.push(event), new AbortController().signal);
	const text = heard
		.map((event) => (event.kind === 'bytes' ? new TextDecoder().decode(event.bytes) : ''))
		.join('');
	expect(text).toContain('invalid header: 0xffffffff');
	await boards.act(MAC, 'unplug');
	expect(heard.at(-1)).toEqual({ kind: 'lost' });
	expect(boards.open({ id: MAC, baud: 115_200, lock: 'b' })).toEqual({ ok: false, error: 'unplugged' });
});

it('brings boards back as they were, plugged in or not, at their own pace', async () => {
	const { boards, database, store } = await shelf();
	await boards.add({ mac: MAC, name: 'Practice board 1' });
	await boards.add({ mac: 'fab000000002', name: 'Practice board 2' });
	await boards.act('fab000000002', 'unplug');
	await boards.act(MAC, 'take-no-time');
	store.close();
	const { boards: again } = await shelf(database);
	await again.start();
	expect(again.list().map(({ id, instant, state }) => [id, instant, state.kind === 'unplugged'])).toEqual([
		[MAC, true, false],
		['fab000000002', false, true]
	]);
});

it('makes the same board once, a desk full at most, and forgets one with its flash', async () => {
	const { boards } = await shelf();
	for (let n = 0; n < MAX_BOARDS; n++) await boards.add({ mac: `fab00000000${n}`, name: `Board ${n}` });
	expect((await boards.add({ mac: 'fab000000000', name: 'Again' })).ok).toBe(true);
	expect(await boards.add({ mac: 'fab0000000ff', name: 'One more' })).toEqual({
		ok: false,
		error: { kind: 'too-many', most: MAX_BOARDS }
	});
	await boards.remove('fab000000000');
	expect(boards.list()).toHaveLength(MAX_BOARDS - 1);
});

it('forgets a board with what was still on its way into the flash', async () => {
	const { store } = await shelf('forgetting');
	const flashes: Awaited<ReturnType<typeof store.boardFlash>>[] = [];
	const boards = new BoardShelf({
		store: {
			boards: () => store.boards(),
			putBoard: (row) => store.putBoard(row),
			removeBoard: (mac) => store.removeBoard(mac),
			boardFlash: async (mac) => {
				const flash = await store.boardFlash(mac, 4 << 20);
				flashes.push(flash);
				return flash;
			}
		},
		clock: systemClock,
		changed: () => undefined,
		world: {
			air: PRACTICE_AIR,
			connector: () => Promise.reject(new Error('no broker in this test')),
			dial: (url) => ({ kind: 'url', url })
		},
		whenReleased: () => new Promise(() => {})
	});
	await boards.add({ mac: MAC, name: 'Practice board 1' });
	flashes[0]!.program(0, Uint8Array.of(0xe9));
	await boards.remove(MAC);
	await flashes[0]!.flush();
	expect((await store.boardFlash(MAC, 4 << 20)).read(0, 1)).toEqual(Uint8Array.of(0xff));
});

it('makes a board as it was ordered, and keeps its make and its faults over a restart', async () => {
	const { boards, database } = await shelf();
	const make = { chip: 'ESP32-S3', usb: 'bridge', flashBytes: 16 << 20 } as const;
	await boards.add({ mac: MAC, name: 'Practice board 1', make });
	await boards.misbehave(MAC, ['charge-only', 'no-auto-reset']);
	const [again] = (await shelfAfterRestart(database)).list();
	expect(again).toMatchObject({ make, faults: ['charge-only', 'no-auto-reset'], onBus: true });
	const opened = boards.open({ id: MAC, baud: 115_200, lock: 'a' });
	if (!opened.ok) throw new Error(opened.error);
	boards.setSignals(opened.value, { dataTerminalReady: false, requestToSend: true });
	boards.setSignals(opened.value, { dataTerminalReady: true, requestToSend: false });
	expect(boards.list()[0]?.state.kind).toBe('stuck'); // no transistor heard of it
	await boards.misbehave(MAC, []);
	boards.setSignals(opened.value, { dataTerminalReady: false, requestToSend: true });
	boards.setSignals(opened.value, { dataTerminalReady: true, requestToSend: false });
	expect(boards.list()[0]?.state.kind).toBe('download');
});

it('gives a new board with USB of its own only when its port can be opened', async () => {
	const { boards } = await shelf();
	const make = { chip: 'ESP32-C6', usb: 'native', flashBytes: 8 << 20 } as const;
	const made = await boards.add({ mac: MAC, name: 'Practice board 1', make });
	expect(made).toMatchObject({ ok: true, value: { onBus: true } });
	const opened = boards.open({ id: MAC, baud: 115_200, lock: 'a' });
	if (!opened.ok) throw new Error(opened.error);
	const heard: PortEvent[] = [];
	boards.listen(opened.value, (event) => heard.push(event), new AbortController().signal);
	await boards.act(MAC, 'en');
	expect(heard.at(-1)).toEqual({ kind: 'lost' });
	expect(boards.list()[0]).toMatchObject({ onBus: false, state: { kind: 'stuck' } });
});

async function shelfAfterRestart(database: string) {
	const { boards } = await shelf(database);
	await boards.start();
	return boards;
}
