import 'fake-indexeddb/auto';
import { pipeOverPort, serve, systemClock, textOf, utf8, type FromService, type ToService } from '$lib/base';
import { DEFAULT_WORLD, LabStore, makeOf, PRACTICE_AIR } from '$lib/lab';
import type { LoopbackMessage } from '$lib/link';
import { afterEach, beforeAll, expect, it, vi } from 'vitest';
import { testFirmware } from '$lib/lab/test-firmware';
import { BoardShelf } from './board-shelf';
import { benchHandlers, LabBench } from './lab-bench';
import type { LabTalk, TalkChannel } from './lab-channel';
import type { LabWorker } from './lab-desk';
import { LabTab } from './lab-tab';
import type { LabError, LabWorkerService } from './messages';

let firmware: WebAssembly.Module;
beforeAll(async () => void (firmware = await testFirmware()), 120_000);

const worlds: AbortController[] = [];
afterEach(() => worlds.splice(0).forEach((w) => w.abort()));
let databases = 0;

/** Boards of a world without brokers. */
const boardShelf = (store: LabStore, changed: () => void) =>
	new BoardShelf({
		store,
		changed,
		clock: systemClock,
		world: {
			air: PRACTICE_AIR,
			connector: () => Promise.reject(new Error('no broker in this test')),
			dial: (url) => ({ kind: 'url', url })
		},
		whenReleased: () => new Promise(() => {})
	});

/** A browser: one lock, one channel, one database, a field worker that keeps what it hears; and any number of tabs. */
function browser() {
	const end = new AbortController();
	worlds.push(end);
	const database = `tabs-${databases++}`;
	const channels = new Set<TalkChannel>();
	const queue: (() => Promise<void>)[] = [];
	let held = false;
	const next = () => {
		const hold = queue.shift();
		held = hold !== undefined;
		void hold?.().then(next);
	};
	const heard: { topic: string; text: string }[] = [];
	let field: MessagePort | undefined;
	const state = { spawned: 0, loads: undefined as LabError | undefined, die: (_cause: string) => {} };

	const spawn = (): LabWorker => {
		state.spawned++;
		const { port1, port2 } = new MessageChannel();
		const life = new AbortController();
		end.signal.addEventListener('abort', () => life.abort());
		const bench = LabStore.open(database).then(
			(store) =>
				new LabBench(
					store,
					() =>
						Promise.resolve(state.loads ? { ok: false, error: state.loads } : { ok: true, value: firmware }),
					(changed) => boardShelf(store, changed)
				)
		);
		serve<LabWorkerService>(pipeOverPort<ToService, FromService>(port2), benchHandlers(bench), life.signal);
		return { port: port1, onDeath: (fn) => void (state.die = fn), end: () => life.abort() };
	};

	const tab = () => {
		const life = new AbortController();
		end.signal.addEventListener('abort', () => life.abort());
		const channel: TalkChannel = {
			postMessage: (talk: LabTalk) => {
				const copy = structuredClone(talk);
				for (const other of channels)
					if (other !== channel)
						queueMicrotask(() => other.onmessage?.(new MessageEvent('message', { data: copy })));
			},
			onmessage: null,
			close: () => channels.delete(channel)
		};
		channels.add(channel);
		const lab = new LabTab(
			{
				wasmUrl: 'fieldbench.wasm',
				channel,
				spawn,
				joinField: (port) => {
					field?.close();
					field = port;
					port.onmessage = ({ data }: MessageEvent<Extract<LoopbackMessage, { type: 'publish' }>>) =>
						heard.push({ topic: data.topic, text: textOf(data.payload) ?? '' });
					return Promise.resolve();
				},
				onFieldRestart: () => {},
				anyRemembered: async () => (await (await LabStore.open(database)).devices()).length > 0,
				whenHosting: (hold) => {
					queue.push(hold);
					if (!held) next();
				}
			},
			life.signal
		);
		return { lab, close: () => life.abort() };
	};
	end.signal.addEventListener('abort', () => field?.close());
	const deliver = (topic: string, text: string) =>
		field?.postMessage({ type: 'deliver', topic, payload: utf8(text) } satisfies LoopbackMessage);
	return { tab, state, heard, deliver };
}

it('starts no worker until somebody adds a device, which is one call', async () => {
	const { tab, state, heard } = browser();
	const { lab } = tab();
	await vi.waitFor(() => expect(state.spawned).toBe(0));
	const made = await lab.add();
	expect(made).toMatchObject({ name: 'Virtual 1', crashed: false });
	expect(state.spawned).toBe(1);
	await vi.waitFor(() => expect(heard.map((m) => m.topic)).toContain(`iot/node/${made.id}/status`));
});

it('answers a command that comes through the field worker', async () => {
	const { tab, heard, deliver } = browser();
	const { id } = await tab().lab.add('Desk');
	deliver(`iot/node/${id}/command`, '{"command":"set_led","params":{"on":true}}');
	await vi.waitFor(() => {
		const answer = heard.find((m) => m.topic === `iot/node/${id}/response`);
		expect(JSON.parse(answer?.text ?? '{}')).toHaveProperty('result.output.on', true);
	});
});

it('makes a device of the parts that were asked for, and remembers them for the next host', async () => {
	const { tab, heard, deliver } = browser();
	const first = tab();
	const second = tab();
	const { id } = await first.lab.add('Roof', makeOf({ parts: new Set(['sun']), world: DEFAULT_WORLD }));
	let asked = 0;
	const parts = async () => {
		heard.length = 0;
		deliver(`iot/node/${id}/command`, `{"jsonrpc":"2.0","id":"list-${asked++}","method":"components.list"}`);
		return vi.waitFor(() => {
			const answer = heard.find((m) => m.topic === `iot/node/${id}/response`);
			const { result } = JSON.parse(answer!.text) as { result: { components: { type: string }[] } };
			return result.components.map(({ type }) => type);
		});
	};
	expect(await parts()).toEqual(['adc-input']);
	first.close();
	const seen: string[][] = [];
	second.lab.watch((devices) => seen.push(devices.map((d) => d.name)), new AbortController().signal);
	await vi.waitFor(() => expect(heard.some((m) => m.topic === `iot/node/${id}/status`)).toBe(true));
	expect(await parts()).toEqual(['adc-input']);
});

it('is hosted by one tab, and another tab asks it', async () => {
	const { tab, state } = browser();
	const first = tab();
	const second = tab();
	const seen: string[][] = [];
	first.lab.watch((devices) => seen.push(devices.map((d) => d.name)), new AbortController().signal);
	await second.lab.add('From the second');
	expect(state.spawned).toBe(1);
	await vi.waitFor(() => expect(seen.at(-1)).toEqual(['From the second']));
});

it('is taken over by the next tab, with its devices', async () => {
	const { tab, state } = browser();
	const first = tab();
	const second = tab();
	const seen: string[][] = [];
	second.lab.watch((devices) => seen.push(devices.map((d) => d.name)), new AbortController().signal);
	await first.lab.add('Kept');
	await vi.waitFor(() => expect(seen.at(-1)).toEqual(['Kept']));
	first.close();
	await vi.waitFor(() => expect(state.spawned).toBe(2));
	await vi.waitFor(() => expect(seen.at(-1)).toEqual(['Kept']));
	const { id } = await second.lab.add('New');
	await vi.waitFor(() => expect(seen.at(-1)).toEqual(['Kept', 'New']));
	await second.lab.remove(id);
	await vi.waitFor(() => expect(seen.at(-1)).toEqual(['Kept']));
});

it('says why the firmware could not be loaded, and tries again at the next call', async () => {
	const { tab, state } = browser();
	const { lab } = tab();
	state.loads = { kind: 'firmware-missing', status: 404 };
	await expect(lab.add('x')).rejects.toMatchObject({ error: { kind: 'firmware-missing', status: 404 } });
	state.loads = undefined;
	await expect(lab.add('x')).resolves.toMatchObject({ name: 'x' });
	expect(state.spawned).toBe(2);
});

it('shows the devices of a dead worker as crashed, and starts another at the next call', async () => {
	const { tab, state } = browser();
	const { lab } = tab();
	await lab.add('First');
	const seen: boolean[][] = [];
	lab.watch((devices) => seen.push(devices.map((d) => d.crashed)), new AbortController().signal);
	state.die('out of memory');
	expect(seen.at(-1)).toEqual([true]);
	await lab.add('Second');
	await vi.waitFor(() => expect(seen.at(-1)).toEqual([false, false]));
});

it('says offline for a device that is removed', async () => {
	const { tab, heard } = browser();
	const { lab } = tab();
	const { id } = await lab.add('x');
	await lab.remove(id);
	await vi.waitFor(() =>
		expect(heard.filter((m) => m.topic === `iot/node/${id}/status`).map((m) => m.text)).toContain(
			'{"state":"offline","sim":true}'
		)
	);
});
