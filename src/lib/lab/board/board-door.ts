import type { Cable, PracticeBoard } from './practice-board';
import type { CableDoor } from './practice-port';

/** The way to the cable of a board in this process. */
export function doorTo(board: PracticeBoard): CableDoor {
	let cable: Cable | undefined;
	return {
		open(baud, events) {
			const opened = board.openCable(baud);
			if (!opened.ok) return Promise.resolve(opened.error);
			cable = opened.value;
			cable.onBytes((bytes) => events.bytes(bytes));
			cable.onLost(() => events.lost());
			return Promise.resolve('ok');
		},
		write: async (bytes) => cable?.write(bytes),
		setSignals: (signals) => Promise.resolve(cable?.setSignals(signals)),
		close: () => Promise.resolve(cable?.close()),
		whenPlugged(fn, signal) {
			const look = () => {
				if (board.onBus && !signal.aborted) fn();
			};
			board.watch(look, signal);
			look();
		}
	};
}
