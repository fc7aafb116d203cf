import { describe, expect, it } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import { err, ok, type Result } from '$lib/base';
import { ConsoleLog } from '$lib/console';
import type { BoardFacts, FirmwareSource, FlashError } from '$lib/flash';
import { buildNvs, buildPartitionTable, parseNvs, type NvsEntry } from '$lib/formats';
import { FAKE_BOARD, fakeWorks } from './fake-works';
import { FlashSession } from './flash-session.svelte';
import LostEdits from './LostEdits.svelte';
import InspectorScreen from './InspectorScreen.svelte';
import type { FlashWorks } from './works';

const NVS = { offset: 0x9000, size: 0x5000 };
const SETTINGS: readonly NvsEntry[] = [
	{ namespace: 'net', key: 'ssid', type: 'string', value: 'bench' },
	{ namespace: 'net', key: 'sta.pswd', type: 'string', value: 'open-sesame' },
	{ namespace: 'net', key: 'port', type: 'u16', value: 1883 }
];

function flashOf(spoil: (bytes: Uint8Array) => void = () => undefined): Uint8Array<ArrayBuffer> {
	const flash = new Uint8Array(4 << 20).fill(0xff);
	const rest = { encrypted: false, readOnly: false };
	const table = buildPartitionTable([
		{ label: 'nvs', type: 1, subtype: 2, ...NVS, ...rest },
		{ label: 'factory', type: 0, subtype: 0, offset: 0x10000, size: 0x100000, ...rest }
	]);
	const image = buildNvs(SETTINGS, NVS.size);
	if (!table.ok || !image.ok) throw new Error('the made-up flash cannot be made');
	flash.set(table.value, 0x8000);
	flash.set(image.value, NVS.offset);
	spoil(flash);
	return flash;
}

type Answer = Result<BoardFacts, FlashError>;

async function inside(flash: Uint8Array<ArrayBuffer>, answers: Answer[] = []) {
	const works = fakeWorks({ answer: ok(FAKE_BOARD), problems: [], states: [], flash });
	const connect = () => Promise.resolve(answers.shift() ?? ok(FAKE_BOARD));
	const boardOn: FlashWorks['boardOn'] = (port) => ({ ...works.boardOn(port), connect });
	const session = new FlashSession({ ...works, boardOn }, new ConsoleLog());
	session.follow(new AbortController().signal);
	await session.link.connectPractice('one');
	session.inspector.enter();
	await render(InspectorScreen, { session });
	return session;
}

const press = (name: string | RegExp) => page.getByRole('button', { name }).click();
const place = (name: string) => page.getByText(name, { exact: true }).first().click();
const table = page.getByRole('region', { name: 'Settings in nvs' });

describe('a look inside a board', () => {
	it('changes a setting, takes it back, and plans an image with all the others as they were', async () => {
		const session = await inside(flashOf());
		await press('Settings in nvs');
		await expect.element(table).not.toHaveTextContent('open-sesame');
		await press('Edit net / port');
		await page.getByRole('textbox', { name: 'Value' }).fill('0x22b3');
		await userEvent.keyboard('{Enter}');
		await expect.element(page.getByRole('row', { name: /Changed port net 1883 8883/ })).toBeVisible();
		await press('Delete net / ssid');
		await press('Take back net / ssid');
		await press('Plan the write…');
		expect(session.inspector.open).toBe(false);
		const [part] = session.run?.firmware.parts ?? [];
		expect(part?.offset).toBe(NVS.offset);
		const read = part && parseNvs(part.bytes);
		expect(read?.ok && new Set(read.value.entries.map((e) => `${e.key}=${String(e.value)}`))).toEqual(
			new Set(['port=8883', 'sta.pswd=open-sesame', 'ssid=bench'])
		);
	});

	it('tells which rows of a CSV were left out, and takes the rest', async () => {
		const session = await inside(flashOf());
		await press('Settings in nvs');
		await expect.element(table).toBeVisible();
		session.inspector.inspection?.desk?.importCsv(
			'key,type,encoding,value\nnet,namespace,,\nport,data,u16,99999\nhost,data,string,lab\n'
		);
		await expect.element(page.getByText(/^1 row was taken/)).toBeVisible();
		await expect.element(page.getByText(/^Line 3: /)).toBeVisible();
		await expect.element(page.getByRole('row', { name: /New host net – lab/ })).toBeVisible();
	});

	it('shows a damaged entry by its name', async () => {
		await inside(flashOf((bytes) => (bytes[NVS.offset + 64 + 64]! ^= 1)));
		await press('Settings in nvs');
		await expect
			.element(table.getByRole('row', { name: /ssid net An entry whose data is damaged/ }))
			.toBeVisible();
	});

	it('refuses encrypted settings with the reason', async () => {
		await inside(
			flashOf((bytes) => {
				for (let i = 0; i < 0x400; i++) bytes[NVS.offset + 64 + i]! ^= 0x5a;
			})
		);
		await place('Settings');
		await expect.element(page.getByText(/That is how encrypted settings look/)).toBeVisible();
		await expect.element(page.getByRole('button', { name: /Add a setting/ })).not.toBeInTheDocument();
	});

	it('says that the chip restarted, and connects again', async () => {
		const session = await inside(flashOf());
		session.inspector.restarted();
		await expect.element(page.getByText('The board runs its program now')).toBeVisible();
		await press('Connect again');
		await expect.element(page.getByRole('row', { name: /^nvs/ })).toHaveTextContent('3 settings');
	});

	it('connects again without a loss to the steps, where the same board answers', async () => {
		const firmware: FirmwareSource = { name: 'node', version: '1', parts: [], eraseFirst: 'never' };
		const other = ok({ ...FAKE_BOARD, mac: 'fa:b0:00:00:00:01' });
		const session = await inside(flashOf(), [
			ok(FAKE_BOARD),
			err({ kind: 'no-answer', heard: 'nothing' }),
			ok(FAKE_BOARD),
			other
		]);
		session.use(firmware);
		const { run, choice } = session;
		session.inspector.restarted();
		await press('Connect again');
		await expect.element(page.getByRole('button', { name: 'Try again' })).toBeVisible();
		expect(session.run).toBeUndefined();
		await press('Try again');
		await expect.element(page.getByRole('row', { name: /^nvs/ })).toBeVisible();
		expect(session.run).toBe(run);
		expect(session.choice).toBe(choice);
		await session.connectAgain();
		expect(session.run).toBeUndefined();
		expect(session.choice).not.toBe(choice);
	});

	it('asks before edits are lost, keeps them unless told, and is silent once they are planned', async () => {
		const session = await inside(flashOf());
		await render(LostEdits, { session });
		const dialog = page.getByRole('dialog', { name: 'Lose the settings that you edited?' });
		await press('Settings in nvs');
		await expect.element(table).toBeVisible();
		const desk = () => session.inspector.inspection?.desk;
		const change = (value: number) => {
			const fault = desk()?.put({ namespace: 'net', key: 'port', type: 'u16', value }, SETTINGS[2]);
			expect(fault).toBeUndefined();
		};
		change(8883);
		const acts = [() => session.listen(undefined), () => session.setUp(), () => session.changeBoard()];
		for (const act of acts) {
			const acting = act();
			await expect.element(dialog).toBeVisible();
			await press('Keep the edits');
			await acting;
			expect(desk()?.changes).toHaveLength(1);
		}
		await press('Plan the write…');
		expect(session.edited).toBe(false);
		// Its program may change what the plan was made from.
		const started = session.listen(undefined);
		await press('Keep the edits');
		await started;
		expect(session.run?.firmware.name).toContain('Edited settings');
		session.inspector.enter();
		change(1884);
		expect(session.edited).toBe(true);
		const { run } = session;
		const writing = session.write();
		await press('Keep the edits');
		await writing;
		expect(run?.write).toBeUndefined();
		const listening = session.listen(undefined);
		await press('Go on, and lose them');
		await listening;
		expect(session.inspector.gone).toBe(true);
	});

	it('drops a plan made from settings that the board’s program may have changed since, and asks first', async () => {
		const session = await inside(flashOf());
		await render(LostEdits, { session });
		await press('Settings in nvs');
		await expect.element(table).toBeVisible();
		session.inspector.inspection?.desk?.remove({ namespace: 'net', key: 'port' });
		await press('Plan the write…');
		const listening = session.listen(undefined);
		await press('Go on, and lose them');
		await listening;
		expect(session.run).toBeUndefined();
	});
});
