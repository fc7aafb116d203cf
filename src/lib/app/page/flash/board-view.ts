import { chipFamilyOf } from '$lib/formats';
import type { BoardInfo } from '../../lab/messages';
import type { PracticeBoardView } from './works';

type State = BoardInfo['state'];
type Stuck = Extract<State, { kind: 'stuck' }>['fault'];

/** A practice board as it is drawn, with what it does in words. */
export function boardView({ id, name, mac, state, instant, notKept }: BoardInfo): PracticeBoardView {
	const note = notKept === undefined ? noteOf(state) : `What was flashed last could not be kept: ${notKept}`;
	return { id, name, mac, instant, state: state.kind, ...(note !== undefined && { note }) };
}

function noteOf(state: State): string | undefined {
	switch (state.kind) {
		case 'running':
			return `Runs ${state.project} ${state.version}`;
		case 'stuck':
			return stuckWords(state.fault);
		case 'download':
			return state.stub ? 'Is being flashed' : 'Waits for a download';
		case 'booting':
		case 'unplugged':
			return undefined;
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
