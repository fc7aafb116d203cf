import { describe, expect, it, vi } from 'vitest';
import { page } from 'vitest/browser';
import { createRawSnippet } from 'svelte';
import { render } from 'vitest-browser-svelte';
import type { BoardPage } from '../board-page';
import BrokerForm from './BrokerForm.svelte';
import OnNetwork from './OnNetwork.svelte';
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

describe('what a board is called', () => {
	const joining = (offered: object) => {
		const onjoin = vi.fn();
		const nameProblem = { kind: 'name', which: 'host', why: 'bad-hostname' } as const;
		return {
			onjoin,
			shown: render(WifiForm, {
				...{ networks, ssid: 'Café Guest', onjoin, onscan: () => undefined },
				...{ names: offered, nameProblem }
			})
		};
	};
	it('is asked for where the board offers it, and said at the field where it is none', async () => {
		const { onjoin, shown } = joining({ host: 'node-1' });
		await shown;
		const host = page.getByRole('textbox', { name: 'Name in the network' });
		await expect.element(host).toHaveValue('node-1');
		await expect.element(host).toHaveAccessibleDescription(/letters, digits and hyphens/);
		await expect.element(host).toHaveAttribute('aria-invalid', 'true');
		await expect.element(page.getByRole('textbox', { name: 'Name of the board' })).not.toBeInTheDocument();
		await host.fill('kitchen');
		await page.getByRole('button', { name: 'Join Café Guest' }).click();
		expect(onjoin).toHaveBeenCalledWith({ ssid: 'Café Guest', password: '', names: { host: 'kitchen' } });
	});
	it('is not asked for where it offers none', async () => {
		await joining({}).shown;
		await expect.element(page.getByRole('textbox')).not.toBeInTheDocument();
	});
});

describe('a board of another firmware in its network', () => {
	const shown = (boardPage: BoardPage, madeWith?: string) =>
		render(OnNetwork, {
			at: {
				kind: 'on-network',
				board: {
					firmware: 'Proxy',
					version: '1',
					chip: 'ESP32',
					name: 'Hall',
					...(madeWith && { madeWith })
				},
				ssid: 'Home',
				page: boardPage,
				names: {}
			},
			acts: createRawSnippet(() => ({ render: () => '<span></span>' }))
		});
	it('leads to its own page, in a tab of its own that knows nothing of ours', async () => {
		await shown(
			{ kind: 'page', url: 'http://192.168.1.7/', host: '192.168.1.7', reach: 'local' },
			'ESPHome 2025'
		);
		const link = page.getByRole('link', { name: 'Open the board’s own page' });
		await expect.element(link).toHaveAttribute('href', 'http://192.168.1.7/');
		await expect.element(link).toHaveAttribute('rel', 'noopener noreferrer');
		await expect.element(page.getByText(/Home Assistant in the same network finds it/)).toBeVisible();
		await expect.element(page.getByText(/only from the board’s own network/)).toBeVisible();
	});
	it('offers no link to what is no page', async () => {
		await shown({ kind: 'refused', text: 'javascript:alert(1)' });
		await expect.element(page.getByText(/javascript:alert/)).toBeVisible();
		await expect.element(page.getByRole('link')).not.toBeInTheDocument();
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
