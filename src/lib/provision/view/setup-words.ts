import type { Words } from '$lib/ui';
import type { BoardPage } from '../board-page';
import type { ImprovDevice } from '../improv';
import type {
	ApplyStep,
	BrokerProblem,
	NameProblem,
	SetupProblem,
	SetupState,
	WifiProblem
} from '../setup-state';

const WIFI = {
	'not-found': 'The board does not hear this network. Is it 2.4 GHz, and near enough?',
	'wrong-password': 'The network does not take this password. Capitals and spaces count.',
	timeout: 'The network did not answer in time. Bring the board nearer, or try again.',
	lost: 'The board joined, and fell out of the network again. The signal may be too weak.',
	unsupported: 'This firmware takes no Wi-Fi settings over the cable. Set it up as its documentation says.',
	locked: 'The board takes no settings until somebody allows it. Press the button on it, then try again.',
	refused: 'The board could not join, and does not say why. Most often it is the password.',
	'too-long': 'This is longer than Wi-Fi allows: 32 bytes for a name, 64 for a password.'
} as const satisfies Record<WifiProblem['kind'], string>;

/** Why the board did not join, and what to do; said at the password's field. */
export const wifiProblemWords = (problem: WifiProblem): string => WIFI[problem.kind];

const NAME = {
	'bad-hostname':
		'This is no name for a network: use letters, digits and hyphens, at most 63, and no hyphen at an end.',
	'too-long': 'This is too long for the board. Choose a shorter name.',
	refused: 'The board did not take this name. Choose another, or leave the one it has.'
} as const satisfies Record<NameProblem['why'], string>;

/** Why the board is not called so; it joined nothing yet. */
export const nameProblemWords = (problem: NameProblem): string => NAME[problem.why];

const BACK = 'The board went back to what it had before.';

/** Why the board does not publish, and what to do. */
export function brokerProblemWords(problem: BrokerProblem): string {
	switch (problem.kind) {
		case 'bad-uri':
			return `The board cannot read this address. Write it like mqtt://192.168.1.20:1883. ${BACK}`;
		case 'name-not-found':
			return `The board’s network does not know this name. Use the broker’s number address, such as 192.168.1.20. ${BACK}`;
		case 'unreachable':
			return `Nobody answers the board there. Is the broker running, is this its MQTT port, are board and broker in one network, and does no firewall stand between? ${BACK}`;
		case 'not-authorised':
			return `The broker does not let this account in. Check user name and password. ${BACK}`;
		case 'refused':
			return `The broker refused the board. The broker’s log says why. ${BACK}`;
		case 'tls':
			return `The board does not trust the broker’s certificate. Use mqtt:// on your own network, or a certificate of a public authority. ${BACK}`;
		case 'timeout':
			return `The broker did not answer in time. Try again. ${BACK}`;
		case 'no-network':
			return `The board has no network at the moment. Try again when its Wi-Fi is back. ${BACK}`;
		case 'board-refused':
			return `The board did not take this: ${problem.message} (${problem.code}).`;
		case 'no-answer':
			return 'The board did not answer over the cable. Try again; if it goes on, tap its EN button.';
		case 'trial-over':
			return `The board restarted, or took too long, before the new settings were made permanent. Try again. ${BACK}`;
		case 'not-heard':
			return `The board says it is connected, and this page heard nothing of it for ${Math.round(problem.waitedMs / 1000)} s. Is the page on the same broker?`;
	}
}

const STEPS = {
	naming: 'Telling the board its name…',
	setting: 'Telling the board its broker…',
	connecting: 'The board connects to its broker…',
	confirming: 'It is connected. Making that permanent…'
} as const satisfies Record<ApplyStep, string>;

export const applyStepWords = (step: ApplyStep): string => STEPS[step];

/** Why setting up cannot go on: what it means, what to do. */
export function setupProblemWords(problem: SetupProblem): Words {
	switch (problem.kind) {
		case 'line':
			return {
				what: 'The cable was lost',
				means: 'The port is gone or was taken. What the board has stored is as it was.',
				todo: 'Plug it in again and start over.',
				details: problem.error.kind
			};
		case 'silent-api':
			return {
				what: 'The board says who it is, and answers nothing else',
				means:
					'It calls itself Fieldbench’s firmware, and its Device API is silent: it may hang, or be of another version.',
				todo: 'Tap EN and try again; if it stays silent, flash it again.'
			};
		case 'wifi-off':
			return {
				what: 'The board’s Wi-Fi is turned off',
				means: 'Its own settings say so, and it takes no network until that is changed.',
				todo: 'Turn Wi-Fi on in its own settings, then try again.'
			};
		case 'no-wifi':
			return {
				what: 'This board has no Wi-Fi, and its network cable leads nowhere',
				means: 'It can only be reached by cable, and has no address there.',
				todo: 'Plug in its network cable, then try again.'
			};
	}
}

const NEXT: readonly { readonly made: RegExp; readonly words: string }[] = [
	{
		made: /esphome/iu,
		words: 'Home Assistant in the same network finds it by itself: look under Settings, Devices & services.'
	},
	{ made: /tasmota/iu, words: 'Its broker is set on its own page, under Configuration, Configure MQTT.' },
	{
		made: /wled/iu,
		words: 'Its LEDs are set on its own page; its broker there under Config, Sync Interfaces.'
	}
];

/** What comes after the network, of a firmware that is not ours. */
export function nextWords({ firmware, madeWith = '' }: ImprovDevice): string {
	const known = NEXT.find(({ made }) => made.test(firmware) || made.test(madeWith));
	return known?.words ?? 'Its broker and all else are set as its own documentation says.';
}

/** What to know before opening the board's own page, or why it is not offered. */
export function pageWords(page: BoardPage): string {
	switch (page.kind) {
		case 'none':
			return 'It names no page of its own.';
		case 'page':
			return page.reach === 'local'
				? 'The page opens only from the board’s own network: this computer must be in it too.'
				: 'The page is on the internet, not on the board.';
		case 'refused':
			return `It names an address that is no web page of a board, so it is not offered: ${page.text}`;
	}
}

/** Nothing on the line answers Improv: what that means for this board. */
export function noImprovWords({ heard }: Extract<SetupState, { kind: 'no-improv' }>): Words {
	if (heard === 'not-offered')
		return {
			what: 'This firmware is not set up over the cable',
			means: 'Its maker says that it does not speak Improv, so it was not asked. It was flashed and runs.',
			todo: 'Watch the console for what it says, and set it up as its own documentation says.'
		};
	if (heard === 'no-program')
		return {
			what: 'The board starts no program',
			means:
				'Its own bootloader says so in the log: there is none where it looks, or what is there is damaged or for another chip.',
			todo: 'Flash all parts of a build for this chip: bootloader, partition table and app.'
		};
	return heard === 'text'
		? {
				what: 'This firmware cannot be set up over the cable',
				means: 'It is alive and writes a log, and does not speak Improv.',
				todo: 'Set it up as its own documentation says, or flash a firmware that speaks Improv.'
			}
		: {
				what: 'Nothing is heard from the board',
				means: 'No program runs on it, or it writes nothing to this port.',
				todo: 'Tap EN on the board and try again, or flash it.'
			};
}
