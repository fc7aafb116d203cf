import type { ComponentChoice } from '../component-presets';
import type { SettingChange } from '../settings-changes';
import type { SettingsFault, SettingsForm } from '../settings-form';
import type { SettingsProblem } from '../settings-image';

const MISSING: Partial<Record<keyof SettingsForm, string>> = {
	ssid: 'A password needs its network: write the network’s name.',
	uri: 'An account needs its broker: write the broker’s address.',
	username: 'A password needs its user name.'
};

/** What is wrong with a field, and what would be right. */
export function settingsFaultWords(fault: SettingsFault): string {
	switch (fault.kind) {
		case 'missing':
			return MISSING[fault.field] ?? 'This is missing.';
		case 'too-long':
			return `This is ${fault.lengthBytes} bytes long, and the board keeps ${fault.mostBytes}. Letters with accents count as two or more.`;
		case 'too-short':
			return `Wi-Fi takes no password below ${fault.leastBytes} characters. Leave it empty for an open network.`;
		case 'not-an-address':
			return 'Write it like mqtt://192.168.1.20:1883, or ws://192.168.1.20:9001.';
		case 'web-socket-only':
			return 'This board lives in the browser, which has no TCP: write the broker’s ws:// or wss:// address, such as ws://192.168.1.20:9001.';
		case 'loopback':
			return 'On the board this address means the board itself. Write the address that other machines know the broker by.';
		case 'account-inside':
			return 'The board takes no account in an address. Write it without, and the account below.';
		case 'forbidden-character':
			return fault.character.trim() === '' || fault.character < ' '
				? 'There is a space or a control character in it that cannot be there.'
				: `It cannot have “${fault.character}” in it.`;
		case 'not-simulated':
			return 'A board of the browser is marked as simulated everywhere: its id begins with sim-.';
		case 'simulated':
			return 'Ids that begin with sim- are for simulated boards. Choose another beginning.';
		case 'not-pem':
			return 'This is no certificate in PEM. It begins with -----BEGIN CERTIFICATE-----.';
		case 'not-a-secret':
			return 'This is no secret of 32 bytes. Make a new one.';
		case 'not-copied':
			return 'Copy the secret first, and keep it: no board ever tells it.';
	}
}

/** Why the settings are not in the plan; faults are said at their fields. */
export function settingsProblemWords(problem: SettingsProblem): string {
	switch (problem.kind) {
		case 'faults':
			return problem.faults.length === 1
				? 'One field is not as the board takes it: see above.'
				: `${problem.faults.length} fields are not as the board takes them: see above.`;
		case 'nothing':
			return 'Nothing is filled in. A network and a broker are enough.';
		case 'image':
			return problem.fault.kind === 'full'
				? `The board’s place for settings is too small for what it has and this: “${problem.fault.key}” has no room. Begin anew, or take a table with a larger nvs partition.`
				: `These settings cannot be written (${problem.fault.kind}). Begin anew.`;
	}
}

export const COMPONENT_WORDS = {
	'as-is': { label: 'As they are', about: 'What it has, or else what the firmware brings along.' },
	sensor: { label: 'Sensor node', about: 'A BME280 for temperature, humidity and pressure, and a lamp.' },
	inverter: {
		label: 'Inverter logger',
		about: 'Reads an inverter over Modbus each 2 s and sends batches; a real board needs a build with RS-485.'
	},
	none: { label: 'None yet', about: 'You add them later, on the device’s page.' }
} as const satisfies Record<ComponentChoice, { label: string; about: string }>;

const SETTINGS: Readonly<Record<string, string>> = {
	wifi: 'Wi-Fi',
	mqtt: 'Broker',
	name: 'Name',
	cfg: 'Id, time zone and components',
	key: 'Secret',
	tls_ca: 'Certificate of the broker'
};
const CHANGES = { new: 'new', changed: 'changed', removed: 'removed' } as const satisfies Record<
	SettingChange['change'],
	string
>;

/** "Wi-Fi: new"; another program's key by its own name. */
export const settingChangeWords = ({ namespace, key, change }: SettingChange): string =>
	`${(namespace === 'fieldbench' ? SETTINGS[key] : undefined) ?? `${namespace}/${key}`}: ${CHANGES[change]}`;
