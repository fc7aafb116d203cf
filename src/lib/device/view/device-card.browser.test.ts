import { describe, expect, it } from 'vitest';
import { page } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import { fakeDevice } from '../../../../tests/fixtures/fake-field';
import { standing } from './device-face';
import DeviceCard from './DeviceCard.svelte';

async function card(over: Parameters<typeof fakeDevice>[1], reachable = true) {
	const nowMs = Date.now();
	const face = fakeDevice('fb-240ac4123456', over);
	await render(DeviceCard, {
		face,
		stand: standing(face, { nowMs, lateAfterMs: 30_000, reachable }),
		href: '/devices/fb-240ac4123456',
		lateAfterMs: 30_000,
		spark: [],
		sparkRange: { fromMs: nowMs - 3_600_000, toMs: nowMs }
	});
	return page.getByRole('article');
}

describe('a device card', () => {
	it('answers in one glance: name, state, the reading that matters, link', async () => {
		const shown = await card({ name: 'Greenhouse' });
		await expect.element(shown.getByRole('link', { name: 'Greenhouse' })).toBeVisible();
		for (const text of ['Live', '21.4', 'Temperature', 'MQTT', '\u221261 dBm', 'v0.1.0', 'up 3 h 12 min'])
			await expect.element(shown).toHaveTextContent(text);
	});
	it('says that data is simulated, in a word', async () => {
		await expect.element(await card({ provenance: 'simulated' })).toHaveTextContent('Simulated');
	});
	it('says nothing of the kind of a real device', async () => {
		await expect.element(await card({ provenance: 'real' })).not.toHaveTextContent('Simulated');
	});
	it('says offline when the last will came', async () => {
		await expect.element(await card({ presence: 'offline' })).toHaveTextContent('Offline');
	});
	it('claims nothing when no link is up', async () => {
		await expect.element(await card({}, false)).toHaveTextContent('Last known');
	});
	it('stands with no reading at all', async () => {
		await expect.element(await card({ values: {} })).toHaveTextContent('No reading yet');
	});
	it('keeps a name of any script and length inside', async () => {
		const name = 'Donaudampfschifffahrtsgesellschaftskapitänskajütenheizungsvorlauftemperaturfühler مستشعر';
		const element = (await card({ name })).element();
		expect(element.scrollWidth).toBeLessThanOrEqual(element.clientWidth);
	});
});
