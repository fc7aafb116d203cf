import { expect, it } from 'vitest';
import { PracticePort, type CableDoor } from './practice-port';

/** A cable whose board is the test. */
function door(answer: 'ok' | 'busy' | 'unplugged' = 'ok') {
	const written: Uint8Array[] = [];
	let events: Parameters<CableDoor['open']>[1] | undefined;
	let plugged = () => {};
	const cable: CableDoor = {
		open: (_, heard) => {
			events = heard;
			return Promise.resolve(answer);
		},
		write: (bytes) => Promise.resolve(void written.push(bytes)),
		setSignals: () => Promise.resolve(),
		close: () => Promise.resolve(),
		whenPlugged: (fn) => (plugged = fn)
	};
	return {
		port: new PracticePort(cable),
		written,
		say: (bytes: Uint8Array) => events?.bytes(bytes),
		pull: () => events?.lost(),
		plug: () => plugged()
	};
}

it('behaves as a serial port of Chromium: streams while open, one opener, no close with a locked stream', async () => {
	const { port, written, say } = door();
	expect([port.readable, port.writable]).toEqual([null, null]);
	await port.open({ baudRate: 115_200 });
	await expect(port.open({ baudRate: 115_200 })).rejects.toMatchObject({ name: 'InvalidStateError' });
	const reader = port.readable!.getReader();
	say(Uint8Array.of(1, 2));
	expect((await reader.read()).value).toEqual(Uint8Array.of(1, 2));
	const writer = port.writable!.getWriter();
	await writer.write(Uint8Array.of(3));
	expect(written).toEqual([Uint8Array.of(3)]);
	await expect(port.close()).rejects.toBeInstanceOf(TypeError);
	reader.releaseLock();
	writer.releaseLock();
	await port.close();
	expect([port.readable, port.writable]).toEqual([null, null]);
	await expect(port.setSignals({ requestToSend: true })).rejects.toMatchObject({ name: 'InvalidStateError' });
});

it('gives a new stream where one was cancelled or aborted', async () => {
	const { port, say } = door();
	await port.open({ baudRate: 115_200 });
	const [readable, writable] = [port.readable, port.writable];
	await readable!.cancel();
	await writable!.abort();
	expect(port.readable).not.toBe(readable);
	expect(port.writable).not.toBe(writable);
	const reader = port.readable!.getReader();
	say(Uint8Array.of(7));
	expect((await reader.read()).value).toEqual(Uint8Array.of(7));
});

it.each(['busy', 'unplugged'] as const)(
	'says NetworkError where the board is %s, and can be tried again',
	async (why) => {
		const { port } = door(why);
		await expect(port.open({ baudRate: 115_200 })).rejects.toMatchObject({ name: 'NetworkError' });
		await expect(port.open({ baudRate: 115_200 })).rejects.toMatchObject({ name: 'NetworkError' });
	}
);

it('errors both streams when the cable is pulled, and tells when it is back', async () => {
	const { port, pull, plug } = door();
	const told: string[] = [];
	for (const type of ['disconnect', 'connect']) port.addEventListener(type, () => told.push(type));
	await port.open({ baudRate: 115_200 });
	const reading = port.readable!.getReader().read();
	pull();
	await expect(reading).rejects.toMatchObject({ name: 'NetworkError' });
	expect(port.readable).toBeNull();
	plug();
	expect(told).toEqual(['disconnect', 'connect']);
});
