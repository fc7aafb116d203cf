import { chipFamilyOf } from '$lib/formats';
import { CHIP_MAKES, type BoardMake } from '$lib/lab';
import type { BoardInfo } from '../../lab/messages';
import type { PracticeBoardView } from './works';

type State = BoardInfo['state'];
type Stuck = Extract<State, { kind: 'stuck' }>['fault'];

/** A practice board as it is drawn, with what it does in words. */
export function boardView({ state, onBus, notKept, ...board }: BoardInfo): PracticeBoardView {
	const doing = `${doingWords(state, board.make)}${state.kind !== 'unplugged' && !onBus ? ' Its USB is away for a moment.' : ''}`;
	return {
		...board,
		mac: board.mac.replaceAll(/..(?!$)/gu, '$&:'),
		state: state.kind,
		onBus,
		doing: notKept === undefined ? doing : `${doing} What was flashed last could not be kept: ${notKept}`
	};
}

function doingWords(state: State, { chip }: BoardMake): string {
	switch (state.kind) {
		case 'running':
			return `Runs ${state.project} ${state.version}.${CHIP_MAKES[chip].hasWifi ? '' : ' Its chip has no Wi-Fi: it finds no network and reaches no broker.'}`;
		case 'stuck':
			return `${stuckWords(state.fault)}.`;
		case 'download':
			return state.stub ? 'Talks with the flasher.' : 'Waits for a download.';
		case 'booting':
			return 'Starts.';
		case 'unplugged':
			return 'The cable is out.';
	}
}

function stuckWords(fault: Stuck): string {
	switch (fault.kind) {
		case 'no-bootloader':
			return 'Its flash is empty: there is nothing to start';
		case 'bootloader-damaged':
			return 'Its bootloader is damaged: flash it again';
		case 'foreign':
			return `Holds an image for ${chipFamilyOf(fault.chipId) ?? 'another chip'}, which a virtual board cannot run`;
		case 'no-partition-table':
			return 'Has a bootloader and no partition table';
		case 'no-app':
			return 'Has no program in the place its table names';
		case 'app-damaged':
			return 'Its program is damaged: flash it again';
		case 'not-practice-firmware':
			return 'Its image holds no program that it can run';
		case 'crashed':
			return `Its program crashed (${fault.cause}) and is started again`;
	}
}
