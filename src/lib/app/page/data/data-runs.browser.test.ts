import { afterEach, expect, it } from 'vitest';
import { ok } from '$lib/base';
import { parseDeviceId } from '$lib/model';
import type { RestoreStep } from '../../field/transfer/transfer-messages';
import type { FieldPort } from '../field-port';
import { DataRuns, dataRuns } from './data-runs.svelte';

type Answers = Record<string, (args: never) => unknown>;

const device = parseDeviceId('bench');
if (!device.ok) throw new Error('no id');
const extent = {
	...{ device: device.value, provenance: 'real' as const, samples: 1e9 },
	...{ fromMs: 0, toMs: 1e12, metrics: ['power'] }
};
const everything = {
	...{ seriesLeft: new Set<string>(), metricsLeft: new Set<string>() },
	...{ fromMs: -Infinity, toMs: Infinity }
};

/** A worker that has always more to give, and is never done by itself. */
function endless(over: Answers = {}) {
	const bytes = new Uint8Array(4096).fill(65);
	let page = 0;
	const asked: string[] = [];
	const watched: ((step: RestoreStep) => void)[] = [];
	const answers: Answers = {
		extents: () => [extent],
		exportPage: () => ({ bytes, samples: 10, nextMs: ++page }),
		backupBegin: () => ok({ id: 'b', bytes: 1e12, samples: 10, secrets: 0 }),
		backupNext: () => ok({ bytes, done: false }),
		backupEnd: () => undefined,
		...over
	};
	const field = {
		async call(name: string, args: never, options?: { signal?: AbortSignal }) {
			asked.push(name);
			await new Promise((resolve) => setTimeout(resolve));
			options?.signal?.throwIfAborted();
			return answers[name]!(args);
		},
		watch: (_: string, __: unknown, take: (step: RestoreStep) => void) => void watched.push(take)
	} as unknown as FieldPort;
	return { field, asked, tell: (step: RestoreStep) => watched.at(-1)!(step) };
}

const picker = Object.getOwnPropertyDescriptor(window, 'showSaveFilePicker');
afterEach(() => {
	if (picker) Object.defineProperty(window, 'showSaveFilePicker', picker);
});

const names = async (folder: FileSystemDirectoryHandle) => {
	const found: string[] = [];
	for await (const name of folder.keys()) found.push(name);
	return found;
};
/** Where a sink's bytes lie. @returns what is there of it now */
const sinks = {
	async picked() {
		const root = await navigator.storage.getDirectory();
		const folder = await root.getDirectoryHandle('picked', { create: true });
		const showSaveFilePicker = ({ suggestedName }: { suggestedName: string }) =>
			folder.getFileHandle(suggestedName, { create: true });
		Object.assign(window, { showSaveFilePicker });
		return () => names(folder);
	},
	async download() {
		Object.assign(window, { showSaveFilePicker: undefined });
		const root = await navigator.storage.getDirectory();
		const folder = await root.getDirectoryHandle('saving', { create: true });
		return () => names(folder);
	}
};
const isAsked = () => !window.dispatchEvent(new Event('beforeunload', { cancelable: true }));

it.each([
	['an export', 'picked'],
	['an export', 'download'],
	['a backup', 'picked'],
	['a backup', 'download']
] as const)(
	'%s into a file that is %s goes on, is guarded, and stops half way without a trace',
	async (what, sink) => {
		const left = await sinks[sink]();
		const { field, asked } = endless();
		const runs = dataRuns(field);
		const run = what === 'an export' ? runs.exporting : runs.backup;
		await runs.exporting.load();
		expect(isAsked()).toBe(false);
		const ended = what === 'an export' ? runs.exporting.start('csv', everything) : runs.backup.start('');
		const bytes = () => (run.state.kind === 'writing' ? run.state.progress.bytes : 0);
		await expect.poll(bytes).toBeGreaterThan(20_000);
		expect(isAsked(), 'leaving is asked about').toBe(true);
		expect(await left()).not.toEqual([]);
		expect(dataRuns(field), 'what the screen finds when it is shown again').toBe(runs);
		run.stop();
		await ended;
		expect(run.state).toEqual({ kind: 'stopped' });
		expect(await left()).toEqual([]);
		await expect.poll(isAsked).toBe(false);
		if (what === 'a backup') expect(asked).toContain('backupEnd');
	}
);

it('says of a restore that it was stopped only when the worker says so', async () => {
	const file = new File(['x'], 'a.fbbackup');
	for (const inTime of [true, false]) {
		let answer: (stopped: boolean) => void = () => undefined;
		const { field, tell } = endless({ restoreStop: () => new Promise((resolve) => (answer = resolve)) });
		const { restore } = new DataRuns(field);
		restore.open(file);
		expect(restore.busy).toBe(false);
		restore.apply('', false);
		tell({ kind: 'writing', readBytes: 1, totalBytes: 2 });
		await expect.poll(isAsked).toBe(true);
		const stopped = restore.stop();
		await expect.poll(() => restore.state.kind).toBe('stopping');
		tell({ kind: 'writing', readBytes: 2, totalBytes: 2 });
		expect(restore.state.kind).toBe('stopping');
		await new Promise((resolve) => setTimeout(resolve));
		if (!inTime) tell({ kind: 'switching' });
		answer(inTime);
		await stopped;
		expect(restore.state.kind).toBe(inTime ? 'stopped' : 'switching');
		if (!inTime) tell({ kind: 'restored' });
		expect(restore.state.kind).toBe(inTime ? 'stopped' : 'restored');
		await expect.poll(isAsked).toBe(false);
	}
});
