import { describe, expect, it, vi } from 'vitest';
import { page } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import BrokerForm from './BrokerForm.svelte';
import { wifiProblemWords } from './setup-words';
import WifiForm from './WifiForm.svelte';

const networks = [
	{ ssid: 'Home', rssiDbm: -48, secured: true },
	{ ssid: 'Café Guest', rssiDbm: -80, secured: false }
];

describe('the Wi-Fi of a board', () => {
	async function form(error?: string) {
		const onjoin = vi.fn();
		await render(WifiForm, { networks, ssid: 'Home', error, onjoin, onscan: () => undefined });
		return onjoin;
	}
	it('joins with the password that was typed', async () => {
		const onjoin = await form();
		await page.getByLabelText('Password of Home').fill('secret words');
		await page.getByRole('button', { name: 'Join Home' }).click();
		expect(onjoin).toHaveBeenCalledWith({ ssid: 'Home', password: 'secret words' });
	});
	it('asks no password of an open network', async () => {
		const onjoin = await form();
		await page.getByRole('radio', { name: /Café Guest/ }).click();
		await page.getByRole('button', { name: 'Join Café Guest' }).click();
		expect(onjoin).toHaveBeenCalledWith({ ssid: 'Café Guest', password: '' });
	});
	it('says at the field that the password is wrong', async () => {
		await form(wifiProblemWords({ kind: 'wrong-password' }));
		await expect
			.element(page.getByLabelText('Password of Home'))
			.toHaveAccessibleDescription(/does not take this password/);
	});
	it('takes a network that is not in the list', async () => {
		const onjoin = await form();
		await page.getByRole('radio', { name: 'Another network…' }).click();
		await page.getByLabelText('Name of the network').fill('Hidden');
		await page.getByRole('button', { name: 'Join Hidden' }).click();
		expect(onjoin).toHaveBeenCalledWith({ ssid: 'Hidden', password: '' });
	});
});

describe('the broker of a board', () => {
	async function form(addresses: readonly { uri: string; label: string }[]) {
		const onapply = vi.fn();
		await render(BrokerForm, { addresses, noneBecause: 'None is known.', name: 'Bench 1', onapply });
		return onapply;
	}
	it('gives the offered address and the name', async () => {
		const onapply = await form([{ uri: 'mqtt://192.168.1.20:1883', label: 'This computer' }]);
		await page.getByRole('button', { name: 'Give it to the board' }).click();
		expect(onapply).toHaveBeenCalledWith({
			uri: 'mqtt://192.168.1.20:1883',
			username: '',
			password: '',
			name: 'Bench 1'
		});
	});
	it('refuses an address that means the board itself, and says why', async () => {
		await form([]);
		const address = page.getByRole('textbox', { name: 'Address' });
		await address.fill('mqtt://localhost:1883');
		await expect.element(address).toHaveAccessibleDescription(/means the board itself/);
		await expect.element(page.getByRole('button', { name: 'Give it to the board' })).toBeDisabled();
		await address.fill('mqtt://192.168.1.20:1883');
		await expect.element(page.getByRole('button', { name: 'Give it to the board' })).toBeEnabled();
	});
});
