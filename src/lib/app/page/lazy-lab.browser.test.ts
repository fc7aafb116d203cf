import { afterEach, beforeEach, expect, it } from 'vitest';
import { FakeLab } from '../../../../tests/fixtures/fake-lab';
import { lazyLab } from './lazy-lab';

let life: AbortController;
beforeEach(() => {
	localStorage.clear();
	life = new AbortController();
});
afterEach(() => life.abort());

function counted() {
	const fake = new FakeLab();
	let connected = 0;
	const connect = () => {
		connected++;
		return Promise.resolve(fake);
	};
	return { fake, connect, connected: () => connected };
}

it('fetches nothing for those who never had a virtual device', async () => {
	const { connect, connected } = counted();
	const seen: number[] = [];
	lazyLab(connect, life.signal).watch((devices) => seen.push(devices.length), life.signal);
	await Promise.resolve();
	expect(connected()).toBe(0);
	expect(seen).toEqual([0]);
});

it('joins once with the first device, shows it to who watched before, and at once the next time', async () => {
	const { connect, connected } = counted();
	const lab = lazyLab(connect, life.signal);
	const seen: number[] = [];
	lab.watch((devices) => seen.push(devices.length), life.signal);
	await Promise.all([lab.add('a'), lab.add('b')]);
	expect(connected()).toBe(1);
	expect(seen.at(-1)).toBe(2);

	const again = counted();
	lazyLab(again.connect, life.signal);
	expect(again.connected()).toBe(1);
});

it('tries again when the code could not be fetched', async () => {
	const { fake } = counted();
	let tries = 0;
	const lab = lazyLab(
		() => (++tries === 1 ? Promise.reject(new Error('offline')) : Promise.resolve(fake)),
		life.signal
	);
	await expect(lab.add('a')).rejects.toThrow('offline');
	await expect(lab.add('a')).resolves.toMatchObject({ name: 'a' });
});
