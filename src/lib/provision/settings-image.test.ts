import { describe, expect, it } from 'vitest';
import { crc32, toBase64, utf8 } from '$lib/base';
import { parseNvs, type NvsEntry } from '$lib/formats';
import {
	EMPTY_SETTINGS,
	formOf,
	newSecret,
	presentSettings,
	settingsFaults,
	settingsImage,
	type SettingsForm
} from './index';

const SIZE = 0x10000;
const CHIP = { practice: false };
const FORM: SettingsForm = {
	...EMPTY_SETTINGS,
	...{ ssid: 'Workshop', wifiPassword: 'a long enough word', uri: 'mqtt://192.168.1.20:1883' },
	...{ username: 'bench', brokerPassword: 'secret "quoted"', name: 'Pump "2" in the café' },
	...{ deviceId: 'pump-2', timeZone: 'CET-1CEST,M3.5.0,M10.5.0/3' }
};

function made(form: SettingsForm, base: readonly NvsEntry[] = [], target = CHIP) {
	const image = settingsImage(form, base, target, SIZE);
	if (!image.ok) throw new Error(JSON.stringify(image.error));
	const read = parseNvs(image.value.bytes);
	if (!read.ok) throw new Error(read.error.kind);
	expect(read.value.damage).toStrictEqual([]);
	return { ...image.value, entries: read.value.entries };
}

/** A slot by hand, as docs and firmware draw it: no code of the writer's. */
function slot(generation: number, text: string): Uint8Array<ArrayBuffer> {
	const body = utf8(text);
	const bytes = new Uint8Array(16 + body.length);
	const view = new DataView(bytes.buffer);
	bytes.set(utf8('FBR1'));
	view.setUint32(4, generation, true);
	view.setUint32(8, body.length, true);
	bytes.set(body, 12);
	view.setUint32(12 + body.length, crc32(bytes.subarray(0, 12 + body.length)), true);
	return bytes;
}

const blob = (key: string, value: Uint8Array<ArrayBuffer>, namespace = 'fieldbench'): NvsEntry => ({
	...{ namespace, key },
	...{ type: 'blob', value }
});

/** As a board that ran has it: two slots of some records, the firmware's own counters, and other programs' keys. */
const BOARD: readonly NvsEntry[] = [
	blob('boot.0', slot(7, '7')),
	blob('boot.1', slot(8, '8')),
	blob('wifi.0', slot(3, '{"ssid":"Workshop","password":"known to the board"}')),
	blob('wifi.1', slot(2, '{"ssid":"Old","password":"older"}')),
	blob('mqtt.0', slot(-1, '{"uri":"mqtt://old.test","username":"","password":""}')),
	blob('mqtt.1', slot(0, '{"uri":"mqtt://new.test","username":"u","password":"p"}')),
	blob('name', utf8('Bench 1')),
	blob(
		'cfg.0',
		slot(
			1,
			'{"system":{"version":1,"deviceId":"","timezone":"","sleep":"light"},"telemetry":{"live":false},"components":[{"id":"r","type":"relay"}]}'
		)
	),
	{ namespace: 'phy', key: 'cal_version', type: 'u32', value: 5 },
	blob('cal_data', new Uint8Array(1904).fill(7), 'phy'),
	{ namespace: 'other', key: 'greeting', type: 'string', value: 'hello' }
];

describe('settings as an image', () => {
	it('are read back as they were filled in', () => {
		const { entries, changes, kept } = made(FORM);
		const { ssid, uri, username, name, deviceId, timeZone } = FORM;
		expect(presentSettings(entries)).toStrictEqual({
			...{ ssid, uri, username, name, deviceId, timeZone },
			...{ hasWifiPassword: true, hasBrokerPassword: true, hasCa: false, hasSecret: false },
			components: ['climate', 'chip', 'led']
		});
		expect(changes.map(({ key, change }) => `${key} ${change}`)).toStrictEqual([
			'wifi new',
			'mqtt new',
			'cfg new',
			'name new'
		]);
		expect(kept).toBe(0);
	});

	it('lie in the slot that the firmware reads, framed as it frames', () => {
		const { entries } = made({ ...FORM, name: '' });
		const wifi = entries.find(({ key }) => key === 'wifi.0');
		expect(wifi?.type === 'blob' && wifi.value).toStrictEqual(
			slot(1, '{"ssid":"Workshop","password":"a long enough word"}')
		);
	});

	it('that change nothing leave every entry of a board as it lies', () => {
		const { entries, changes, kept } = made(formOf(presentSettings(BOARD)), BOARD);
		expect(entries).toStrictEqual(BOARD);
		expect(changes).toStrictEqual([]);
		expect(kept).toBe(8);
	});

	it('change what was changed, above the generation that counts, and keep all else', () => {
		const form = { ...formOf(presentSettings(BOARD)), uri: 'mqtt://third.test', timeZone: 'EET-2' };
		const { entries, changes, kept } = made(form, BOARD);
		expect(changes).toStrictEqual([
			{ namespace: 'fieldbench', key: 'mqtt', change: 'changed' },
			{ namespace: 'fieldbench', key: 'cfg', change: 'changed' }
		]);
		expect(kept).toBe(6);
		const value = (key: string) => entries.find((entry) => entry.key === key)?.value;
		// Of the slots -1 and 0 the second counted: serial arithmetic. Another broker has another password.
		expect(value('mqtt.0')).toStrictEqual(
			slot(1, '{"uri":"mqtt://third.test","username":"u","password":""}')
		);
		expect(value('mqtt.1')).toBeUndefined();
		expect(value('wifi.1')).toStrictEqual(slot(2, '{"ssid":"Old","password":"older"}'));
		const config = new TextDecoder().decode((value('cfg.0') as Uint8Array).subarray(12, -4));
		expect(JSON.parse(config)).toStrictEqual({
			system: { version: 1, deviceId: '', timezone: 'EET-2', sleep: 'light' },
			telemetry: { live: false },
			components: [{ id: 'r', type: 'relay' }]
		});
	});

	it('keep a password only for the network that it is of', () => {
		const present = formOf(presentSettings(BOARD));
		const wifi = (form: SettingsForm) => {
			const entry = made(form, BOARD).entries.find(({ key }) => key === 'wifi.0');
			return entry?.type === 'blob' ? new TextDecoder().decode(entry.value.subarray(12, -4)) : '';
		};
		expect(wifi(present)).toContain('known to the board');
		expect(wifi({ ...present, ssid: 'Guests' })).toBe('{"ssid":"Guests","password":""}');
		expect(wifi({ ...present, wifiPassword: 'another word' })).toContain('another word');
	});

	it('take away what is emptied', () => {
		const form = { ...formOf(presentSettings(BOARD)), ssid: '', uri: '', username: '', name: '' };
		const { changes, entries } = made(form, BOARD);
		expect(changes.map(({ key, change }) => `${key} ${change}`)).toStrictEqual([
			'wifi removed',
			'mqtt removed',
			'name removed'
		]);
		expect(presentSettings(entries)).toMatchObject({ ssid: '', uri: '', name: '', hasWifiPassword: false });
	});

	it('have a new secret in both slots, with nothing taken under it', () => {
		const secret = newSecret((bytes) => bytes.fill(9));
		const { entries, secret: told } = made({ ...FORM, secret }, [blob('key.1', slot(4, 'an older one'))]);
		expect(told).toBe(secret);
		expect(made(FORM, entries).secret).toBe(secret);
		expect(made(FORM).secret).toBe('');
		const keys = entries.filter(({ key }) => key.startsWith('key.'));
		const record = '\t'.repeat(32) + '\0'.repeat(24);
		expect(keys.map(({ key, value }) => [key, value])).toStrictEqual([
			['key.1', slot(6, record)],
			['key.0', slot(5, record)]
		]);
	});

	it('that do not fit the partition say which key was too much', () => {
		const crowded = Array.from({ length: 3 }, (_, i) => blob(`b${i}`, new Uint8Array(3000)));
		expect(settingsImage(FORM, crowded, CHIP, 0x3000)).toMatchObject({
			error: { kind: 'image', fault: { kind: 'full' } }
		});
		expect(settingsImage(EMPTY_SETTINGS, [], CHIP, SIZE)).toStrictEqual({
			ok: false,
			error: { kind: 'nothing' }
		});
	});

	it('survive records that are damaged', () => {
		const damaged = [
			blob('wifi.0', Uint8Array.of(1, 2, 3)),
			blob('mqtt.0', slot(1, '[]')),
			blob('cfg.0', slot(1, '{'))
		];
		expect(presentSettings(damaged)).toMatchObject({ ssid: '', uri: '', components: undefined });
		const turned = slot(1, '{"ssid":"x"}');
		for (let bit = 0; bit < turned.length * 8; bit++) {
			const bytes = turned.slice();
			bytes[bit >> 3]! ^= 1 << (bit & 7);
			// A generation is not its content: a flipped bit of it is found by the CRC as any other.
			expect(presentSettings([blob('wifi.0', bytes)]).ssid).toBe('');
		}
	});
});

describe('what a board would not take', () => {
	const faults = (changed: Partial<SettingsForm>, practice = false) =>
		settingsFaults({ ...EMPTY_SETTINGS, ...changed }, { practice }).map(
			({ field, kind }) => `${field} ${kind}`
		);

	it.each([
		[{}, false, []],
		[{ ssid: 'x'.repeat(32) }, false, []],
		[{ ssid: 'ü'.repeat(17) }, false, ['ssid too-long']],
		[{ wifiPassword: '12345678' }, false, ['ssid missing']],
		[{ ssid: 'a', wifiPassword: '1234567' }, false, ['wifiPassword too-short']],
		[{ ssid: 'a', wifiPassword: 'x'.repeat(63) }, false, []],
		[{ ssid: 'a', wifiPassword: 'x'.repeat(64) }, false, ['wifiPassword too-long']],
		[{ ssid: 'a', wifiPassword: 'aB'.repeat(32) }, false, []],
		[{ ssid: 'a', wifiPassword: 'with\ttab!' }, false, ['wifiPassword forbidden-character']],
		[{ uri: 'mqtt://host' }, false, []],
		[{ uri: 'wss://host/mqtt' }, true, []],
		[{ uri: 'mqtt://host' }, true, ['uri web-socket-only']],
		[{ uri: 'http://host' }, false, ['uri not-an-address']],
		[{ uri: 'mqtt://' }, false, ['uri not-an-address']],
		[{ uri: 'mqtt://:1883' }, false, ['uri not-an-address']],
		[{ uri: 'mqtt://me:word@host' }, false, ['uri account-inside']],
		[{ uri: 'mqtt://ho st' }, false, ['uri not-an-address']],
		[{ uri: 'mqtt://localhost:1883' }, false, ['uri loopback']],
		[{ uri: 'mqtts://127.1.2.3' }, false, ['uri loopback']],
		[{ uri: 'ws://[::1]:9001' }, true, ['uri loopback']],
		[{ uri: `mqtt://${'h'.repeat(250)}` }, false, ['uri too-long']],
		[{ username: 'me' }, false, ['uri missing']],
		[{ uri: 'mqtt://h', brokerPassword: 'x' }, false, ['username missing']],
		[{ uri: 'mqtt://h', username: 'x'.repeat(129) }, false, ['username too-long']],
		[{ ca: 'nothing of the kind' }, false, ['ca not-pem']],
		[{ ca: '-----BEGIN CERTIFICATE-----\nTUlJ\n-----END CERTIFICATE-----\n' }, false, []],
		[{ name: 'x'.repeat(65) }, false, ['name too-long']],
		[{ name: 'two\nlines' }, false, ['name forbidden-character']],
		[{ deviceId: 'a/b' }, false, ['deviceId forbidden-character']],
		[{ deviceId: 'x'.repeat(33) }, false, ['deviceId too-long']],
		[{ deviceId: 'sim-1' }, false, ['deviceId simulated']],
		[{ deviceId: 'sim-1' }, true, []],
		[{ deviceId: 'pump' }, true, ['deviceId not-simulated']],
		[{ secret: toBase64(new Uint8Array(31)) }, false, ['secret not-a-secret']]
	] as const)('%j (practice %j): %j', (changed, practice, expected) => {
		expect(faults(changed, practice)).toStrictEqual(expected);
	});
});
