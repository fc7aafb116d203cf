import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterEach, beforeAll, expect, it, vi } from 'vitest';
import { concatBytes, systemClock, textOf, utf8 } from '$lib/base';
import { PRACTICE_CHIP_ID } from '$lib/formats';
import { MemorySparseFlash } from '$lib/lab/board/sparse-flash';
import { PracticeBoard } from '$lib/lab/board/practice-board';
import { practiceParts } from '$lib/lab/board/practice-parts';
import { PRACTICE_AIR, RADIO_TIMES } from '$lib/lab/board/sim-network';
import { INSTANT_TIMING } from '$lib/lab/board/timing';
import { encodeFrame, splitLine } from '$lib/link';
import { makeOtaPackage, type OtaRelease } from '../../scripts/ota/package';
import { OtaSender, type Ask, type OtaRefusal } from './ota-sender';

vi.setConfig({ testTimeout: 60_000 });

let parts: Awaited<ReturnType<typeof practiceParts>>;
let practiceKey: ReturnType<typeof createPrivateKey>;
beforeAll(async () => {
	parts = await practiceParts();
	practiceKey = createPrivateKey(await readFile('scripts/ota/practice-maker.pem', 'utf8'));
}, 120_000);

const FIRST_SLOT = 0x10000;
const ends: (() => void)[] = [];
afterEach(() => {
	for (const end of ends.splice(0)) end();
});

/** A board as it is after flashing, at a cable that answers. */
function board() {
	const flash = new MemorySparseFlash(4 << 20);
	for (const { offset, bytes } of parts) flash.program(offset, bytes);
	const made = new PracticeBoard({
		...{ mac: 'fab0a1b2c3d4', name: 'Practice board', flash, timing: INSTANT_TIMING },
		...{ clock: systemClock, random: () => 0.5, onChange: () => {} },
		world: {
			air: PRACTICE_AIR,
			radio: RADIO_TIMES,
			connector: () => Promise.reject(new Error('there is no broker')),
			dial: (url) => ({ kind: 'url', url })
		}
	});
	made.plug();
	ends.push(() => made.unplug());
	const cable = made.openCable(115_200);
	if (!cable.ok) throw new Error(cable.error);
	let heard: Uint8Array = new Uint8Array();
	let starts = 0;
	cable.value.onBytes((bytes) => (heard = concatBytes([heard, bytes])));
	/** Takes what was heard, and counts the starts in it that the program asked for. */
	const count = () => {
		starts += new TextDecoder().decode(heard).split('RTC_SW_SYS_RST').length - 1;
		heard = new Uint8Array();
		return starts;
	};
	const ask: Ask = async (method, params = {}) => {
		const id = crypto.randomUUID();
		await cable.value.write(encodeFrame(utf8(JSON.stringify({ jsonrpc: '2.0', id, method, params }))));
		return vi.waitFor(
			() => {
				const frames = splitLine(heard).pieces.filter((piece) => piece.kind === 'frame');
				const answers = frames.map(({ json }) => JSON.parse(textOf(json) ?? '') as { id: string });
				const answer = answers.find((one) => one.id === id);
				if (!answer) throw new Error(`no answer to ${method}`);
				count();
				return answer;
			},
			{ timeout: 30_000, interval: 2 }
		);
	};
	const restarted = (times: number) =>
		vi.waitFor(
			() => {
				expect(count()).toBe(times);
				expect(made.state.kind).toBe('running');
			},
			{ timeout: 30_000 }
		);
	return { ask, restarted };
}

const app = () => parts.find(({ offset }) => offset === FIRST_SLOT)!.bytes;
const packed = (change: Partial<OtaRelease> = {}) =>
	makeOtaPackage({
		...{ image: Buffer.from(app()), version: '9.1.0', product: 'fieldbench-node', chip: PRACTICE_CHIP_ID },
		signingKey: practiceKey,
		...change
	});

it('a practice board takes an update into its other slot, starts it by its bootloader, and keeps it', async () => {
	const made = board();
	await made.restarted(0);
	const sender = new OtaSender(made.ask, packed());
	await sender.whole();
	await made.restarted(1);
	expect(await sender.status()).toMatchObject({ on_trial: true });
	await made.ask('ota.confirm');
	expect(await sender.status()).toMatchObject({ on_trial: false, last: { stage: 'confirmed', to: '9.1.0' } });
});

it('gives up what a person does not want, and starts the program before', async () => {
	const made = board();
	await made.restarted(0);
	const sender = new OtaSender(made.ask, packed());
	await sender.whole();
	await made.restarted(1);
	await made.ask('ota.rollback');
	await made.restarted(2);
	const last = { stage: 'rolled-back', reason: 'requested' };
	expect(await sender.status()).toMatchObject({ on_trial: false, last });
});

it('takes nothing that another maker signed', async () => {
	const made = board();
	await made.restarted(0);
	const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
	const manifest = packed({ signingKey: stranger }).manifest.toString('base64');
	const { error } = (await made.ask('ota.begin', { manifest })) as { error: OtaRefusal };
	expect(error.data.reason).toBe('unknown-key');
});
