import { textOf } from '$lib/base';
import type { LoopbackMessage } from '$lib/link';
import { afterEach, expect, it, vi } from 'vitest';
import { connectLab } from './lab-host';

const ends: AbortController[] = [];
afterEach(() => ends.splice(0).forEach((end) => end.abort()));

/** A tab of this browser with a field worker that keeps what it hears. */
function tab() {
	const end = new AbortController();
	ends.push(end);
	const heard: { topic: string; text: string }[] = [];
	const field = {
		call: (_method: string, _args: unknown, { transfer = [] }: { transfer?: Transferable[] } = {}) => {
			const port = transfer[0] as MessagePort;
			port.onmessage = ({ data }: MessageEvent<Extract<LoopbackMessage, { type: 'publish' }>>) =>
				heard.push({ topic: data.topic, text: textOf(data.payload) ?? '' });
			return Promise.resolve(undefined);
		},
		onRestart: () => {}
	};
	const lab = connectLab({ field: field, base: '' }, end.signal);
	return { lab, heard, close: () => end.abort() };
}

it('runs the firmware in a worker of the hosting tab, and in the next tab with its flash', async () => {
	const first = tab();
	const second = tab();
	const { id } = await second.lab.add('In a browser');
	const statuses = (heard: { topic: string; text: string }[]) =>
		heard
			.filter((m) => m.topic === `iot/node/${id}/status`)
			.map((m) => JSON.parse(m.text) as { boot: number });
	await vi.waitFor(() => expect(statuses(first.heard)[0]?.boot).toBe(1), { timeout: 5000 });
	first.close();
	await vi.waitFor(() => expect(statuses(second.heard)[0]?.boot).toBe(2), { timeout: 5000 });
	await second.lab.remove(id);
});
