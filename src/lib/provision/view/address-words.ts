import type { BoardAddress, BrokerAddresses } from '../broker-addresses';

const FROM = {
	network: 'This computer’s broker, on your network',
	profile: 'The broker this page listens to'
} as const satisfies Record<BoardAddress['from'], string>;

const NOTES = {
	'own-certificate':
		'Not encrypted: a board does not know the certificate that this computer made for itself.',
	'local-name': 'The board must be able to look up names that end in .local; not every firmware is.'
} as const satisfies Record<NonNullable<BoardAddress['note']>, string>;

/** An address as it stands in the form. */
export function addressWords({ uri, from, note }: BoardAddress): {
	uri: string;
	label: string;
	note?: string;
} {
	return { uri, label: FROM[from], ...(note ? { note: NOTES[note] } : {}) };
}

/** Why no address is offered, and what to do. */
export const NO_ADDRESS = {
	'no-broker':
		'This page listens to no broker yet, so it would hear nothing of the board. Connect it to one first, or write an address that you will connect it to.',
	'this-machine-only':
		'The broker’s address here means this computer itself, and on the board it would mean the board. Write the address that other machines know this computer by.'
} as const satisfies Record<Extract<BrokerAddresses, { kind: 'none' }>['reason'], string>;
